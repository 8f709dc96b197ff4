// Why the server refused, judged from facts alone: which cause comes first, which is proved, and that no more is said than is
// known. And the facts themselves, as they are read from certificates, a form and an answer.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type CertificateFacts,
  compareNames,
  readCertificate,
  toRfc4514,
} from '../../../src/cli/client/certificate-facts.ts';
import type { Facts } from '../../../src/cli/diagnosis/causes.ts';
import {
  type RefusedRequest,
  readAnswer,
  type Surroundings,
  toFacts,
} from '../../../src/cli/diagnosis/collect-facts.ts';
import { diagnose } from '../../../src/cli/diagnosis/diagnosis.ts';
import { explain } from '../../../src/cli/diagnosis/explanation.ts';
import { compareWithJwks, hasSigned, isPublicHalf, type JwksFacts } from '../../../src/cli/server/jwks-facts.ts';
import { compareClocks, type ServerFacts, toConnectionCode } from '../../../src/cli/server/server-facts.ts';
import { importSigningKey } from '../../../src/client-auth/signing-key.ts';
import { createCertificateAuthority, transportSubject } from '../../../src/demo/certificates.ts';
import { createRsaKey, toJwk, toPkcs8 } from '../../support/keys.ts';
import { createSalt, signPS256 } from '../../support/ps256.ts';

const NOW = 1_800_000_000;
const ISSUER = 'https://auth.example.my';
const TOKEN_ENDPOINT = 'https://as.example.my/token';

const certificate: CertificateFacts = {
  subject: 'CN=client,O=Bank,C=MY',
  issuer: 'CN=Root,C=MY',
  notBefore: new Date((NOW - 86_400) * 1000),
  notAfter: new Date((NOW + 10 * 86_400) * 1000),
  validity: 'valid',
  daysLeft: 10,
  endsSoon: false,
  isForClients: true,
  key: 'EC on prime256v1',
  keyFault: undefined,
  chainLength: 1,
  chainFault: undefined,
  isChainComplete: true,
  chainEnd: 'CN=Root,C=MY',
};
const server: ServerFacts = {
  metadata: { issuer: ISSUER, endpoints: { token_endpoint: TOKEN_ENDPOINT }, replaced: {} },
  url: `${ISSUER}/.well-known/openid-configuration`,
  methods: { token_endpoint: ['private_key_jwt', 'tls_client_auth'] },
  algorithms: { token_endpoint: ['PS256'] },
  clockDifference: 0,
};
const jwks: JwksFacts = {
  source: 'jwks.json',
  kid: 'k1',
  count: 1,
  isSame: true,
  sameUnder: [],
  kids: ['k1'],
  otherUse: undefined,
  exposed: [],
};
const assertion = { alg: 'PS256', kid: 'k1', iss: 'c', aud: TOKEN_ENDPOINT, iat: NOW, exp: NOW + 600 };
const refused: Facts = {
  endpoint: 'token_endpoint',
  url: TOKEN_ENDPOINT,
  status: 401,
  error: 'invalid_client',
  errorDescription: 'client authentication failed',
  saysCertificateMissing: false,
  saysCertificateRefused: false,
  connectionCode: undefined,
  formFaults: [],
  method: 'private_key_jwt',
  assertion,
  certificate,
  registeredSubject: undefined,
  clockDifference: 0,
  clockOffset: 0,
  sentAt: NOW + 0.4,
  issuer: ISSUER,
  tokenEndpoints: [TOKEN_ENDPOINT],
  server,
  serverFault: undefined,
  jwks,
  jwksFault: undefined,
  accepted: [],
  refused: [],
};
const byCertificate: Partial<Facts> = { method: 'tls_client_auth', assertion: undefined, jwks: undefined };

/** What is the case, and the first cause that has to be named for it. */
const FIRST_CAUSES: [title: string, change: Partial<Facts>, isCertain: boolean, fact: RegExp, remedy: RegExp][] = [
  [
    'a clock 120 s behind',
    { clockDifference: -120 },
    true,
    /^the server's clock is 120 s behind yours, so iat was 120 s in the future$/,
    /^set clock_offset to -120$/,
  ],
  [
    'a clock 120 s behind, and a machine that took two seconds to send',
    { clockDifference: -120, sentAt: NOW + 2.4 },
    true,
    /^the server's clock is 120 s behind yours, so iat was 118 s in the future$/,
    /^set clock_offset to -120$/,
  ],
  [
    'a clock 120 s ahead, and an assertion of 60 s',
    { clockDifference: 120, assertion: { ...assertion, exp: NOW + 60 } },
    true,
    /^the server's clock is 120 s ahead of yours, so the assertion of 60 s had expired$/,
    /^set clock_offset to 120$/,
  ],
  [
    'a clock 120 s ahead, and an assertion that outlives it',
    { clockDifference: 120 },
    false,
    /^the server's clock is 120 s ahead of yours, and a server may refuse an assertion that seems 120 s old; or aud was /,
    /^"check --live" tells which: set clock_offset to 120, or set client_assertion_audience to issuer, or /,
  ],
  [
    'a clock 59 s behind, which a server may bear, beside the audience',
    { clockDifference: -59 },
    false,
    /^the server's clock is 59 s behind yours, and a server may refuse an iat .*; or aud was the token endpoint, /,
    /^"check --live" tells which: set clock_offset to -59, or set client_assertion_audience to issuer, or /,
  ],
  [
    'a clock 45 s ahead, and an assertion of 40 s that a server may still take, beside the audience',
    { clockDifference: 45, assertion: { ...assertion, exp: NOW + 40 } },
    false,
    /^the server's clock is 45 s ahead of yours, and a server may refuse an assertion of 40 s as expired; or aud was /,
    /^"check --live" tells which: set clock_offset to 45, or /,
  ],
  [
    'a clock of which the server speaks, though its answer has the right date',
    { errorDescription: 'JWT iat 1799999000 is too old: clock skew' },
    false,
    /^the server speaks of the times of the assertion, though the server's clock agrees with yours by the date/,
    /set clock_offset to the difference, or lower client_assertion_lifetime$/,
  ],
  [
    'a clock of which the server speaks, and which is off by what most servers bear',
    { errorDescription: 'assertion expired', clockDifference: 40 },
    false,
    /^the server's clock is 40 s ahead of yours, and a server may refuse an assertion that seems 40 s old$/,
    /^set clock_offset to 40$/,
  ],
  [
    'a clock_offset in the wrong direction',
    { clockDifference: -95, clockOffset: 95, assertion: { ...assertion, iat: NOW + 95, exp: NOW + 695 } },
    true,
    /^the server's clock is 95 s behind yours, and clock_offset is 95, so iat was 190 s in the future$/,
    /^set clock_offset to -95$/,
  ],
  [
    'the token endpoint as audience, beside the method',
    {},
    false,
    /^aud was the token endpoint, and servers of the FAPI 2.0 profile take only the issuer; or the client may be registered with another method than private_key_jwt$/,
    /^"check --live" tells which: set client_assertion_audience to issuer, or set token_endpoint_auth_method to the registered one$/,
  ],
  [
    'audience, method and key where no JWKS is known',
    { jwks: undefined },
    false,
    /^aud was the token endpoint, .*; or .* another method .*; or the public half of the signing key may not be registered under the kid k1$/,
    /^"check --live --jwks <registered JWKS>" tells which: .*, or .*, or compare key and kid with the registered JWKS$/,
  ],
  [
    'the audience alone where the server takes no other method',
    { server: { ...server, methods: { token_endpoint: ['private_key_jwt'] } } },
    false,
    /^aud was the token endpoint, and servers of the FAPI 2.0 profile take only the issuer$/,
    /^set client_assertion_audience to issuer$/,
  ],
  [
    'the issuer as audience',
    { assertion: { ...assertion, aud: ISSUER } },
    false,
    /^aud was the issuer, and the server may take only the token endpoint; or /,
    /set client_assertion_audience to token_endpoint, or /,
  ],
  [
    'an audience of another server',
    { assertion: { ...assertion, aud: 'https://other.example.my/token' } },
    false,
    /^aud was https:\/\/other\.example\.my\/token, which is neither the issuer nor the token endpoint; or /,
    /set client_assertion_audience to issuer or token_endpoint, or /,
  ],
  [
    'an issuer as audience that the metadata contradicts',
    {
      server: undefined,
      issuer: `${ISSUER}/`,
      assertion: { ...assertion, aud: `${ISSUER}/` },
      serverFault: { reason: 'another issuer', statedIssuer: ISSUER },
    },
    true,
    /^aud was https:\/\/auth\.example\.my\/, and the metadata there has the issuer https:\/\/auth\.example\.my$/,
    /^set issuer to https:\/\/auth\.example\.my$/,
  ],
  [
    'the token endpoint as audience beside such an issuer',
    { server: undefined, issuer: `${ISSUER}/`, serverFault: { reason: 'another issuer', statedIssuer: ISSUER } },
    false,
    /^aud was the token endpoint/,
    /set client_assertion_audience to issuer and issuer to https:\/\/auth\.example\.my, or /,
  ],
  [
    'what is left when the other audience and the other method were refused too',
    {
      jwks: undefined,
      refused: [
        { method: 'private_key_jwt', aud: TOKEN_ENDPOINT },
        { method: 'private_key_jwt', aud: ISSUER },
        { method: 'tls_client_auth', aud: undefined },
      ],
    },
    false,
    /^the public half of the signing key may not be registered under the kid k1$/,
    /^compare key and kid with the registered JWKS$/,
  ],
  [
    'an audience that was refused beside one that was not',
    { accepted: [{ method: 'private_key_jwt', aud: ISSUER }] },
    true,
    /the same client was accepted with https:\/\/auth\.example\.my$/,
    /^set client_assertion_audience to issuer$/,
  ],
  [
    'a kid that the JWKS lacks',
    { jwks: { ...jwks, count: 0, isSame: false, kids: ['k2', 'k3'] } },
    true,
    /^the kid k1 is not in the JWKS jwks\.json; it has k2, k3$/,
    /^register the public half of the signing key under the kid k1$/,
  ],
  [
    'the key under another kid',
    { jwks: { ...jwks, count: 0, isSame: false, kids: ['k2'], sameUnder: ['k2'] } },
    true,
    /^the kid k1 is not in the JWKS/,
    /^set kid to k2$/,
  ],
  [
    'another key under the kid',
    { jwks: { ...jwks, isSame: false } },
    true,
    /^under the kid k1 the JWKS jwks\.json has another key/,
    /^use the signing key that belongs to k1/,
  ],
  [
    'two keys under the kid, which a server may bear, beside the audience',
    { jwks: { ...jwks, count: 2 } },
    false,
    /^2 keys of the JWKS jwks\.json have the kid k1, and the server may take the wrong one; or aud was /,
    /^"check --live" tells which: give every key a kid of its own, or set client_assertion_audience/,
  ],
  [
    'a key for something else, which a server may bear, beside the audience',
    { jwks: { ...jwks, otherUse: '"alg" "RS256"' } },
    false,
    /"alg" "RS256"; or aud was /,
    /tells which: register it with "alg" PS256 and "use" sig, or set client_assertion_audience/,
  ],
  [
    'no transport certificate',
    { certificate: 'none' },
    true,
    /^no transport certificate was sent/,
    /^give --ssl-client-cert and --ssl-client-key$/,
  ],
  [
    'no transport certificate on the connection',
    { certificate: 'none', status: undefined, connectionCode: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' },
    true,
    /^no transport certificate was sent/,
    /^give --ssl-client-cert/,
  ],
  [
    'no transport certificate on the connection, where which one went along is not known',
    { certificate: undefined, status: undefined, connectionCode: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' },
    true,
    /^the server says that it got no transport certificate$/,
    /^name one for this host in --ssl-client-cert-list/,
  ],
  [
    'a certificate that the server says it got none of',
    { status: undefined, connectionCode: 'EPROTO_ALERT_CERTIFICATE_REQUIRED' },
    true,
    /^the server says that it got no transport certificate$/,
    /without a proxy/,
  ],
  [
    'a proxy that drops the certificate',
    { saysCertificateMissing: true, status: 400, error: undefined },
    true,
    /it got no transport certificate$/,
    /without a proxy/,
  ],
  [
    'a proxy that refuses the certificate',
    { saysCertificateRefused: true, status: 400, error: undefined },
    true,
    /^the server says that it could not verify the transport certificate$/,
    /issued for its environment/,
  ],
  [
    'an expired certificate',
    { certificate: { ...certificate, validity: 'expired' } },
    true,
    /is expired since/,
    /valid/,
  ],
  [
    'a certificate for servers',
    { certificate: { ...certificate, isForClients: false } },
    true,
    /lacks clientAuth$/,
    /issued to the client/,
  ],
  [
    'a certificate of another subject than the registered one',
    { ...byCertificate, registeredSubject: 'CN=other,O=Bank,C=MY' },
    true,
    /another subject than the registered one, CN=client,O=Bank,C=MY against CN=other,O=Bank,C=MY$/,
    /^use the certificate whose subject is registered$/,
  ],
  [
    'the registered subject in another order',
    { ...byCertificate, registeredSubject: 'C=MY, O=Bank, CN=client' },
    false,
    /in another order .*; or the client may be registered with another method than tls_client_auth$/,
    /: register tls_client_auth_subject_dn as the certificate has it, or set token_endpoint_auth_method/,
  ],
  [
    'a certificate whose registered subject is not known, beside the method',
    byCertificate,
    false,
    /^the client may be registered with another subject than .*, which is CN=client,O=Bank,C=MY; or the client may be registered with another method than tls_client_auth$/,
    /^"check --live" tells which: compare the subject with .*, or set token_endpoint_auth_method to the registered one$/,
  ],
  [
    'the certificate alone where the other method was refused too',
    {
      ...byCertificate,
      refused: [
        { method: 'tls_client_auth', aud: undefined },
        { method: 'private_key_jwt', aud: ISSUER },
      ],
    },
    false,
    /^the client may be registered with another subject than .*, which is CN=client,O=Bank,C=MY$/,
    /^compare the subject/,
  ],
  [
    'a method that the registered subject speaks against',
    { registeredSubject: 'CN=client,O=Bank,C=MY' },
    false,
    /; or the client may be registered with tls_client_auth, as tls_client_auth_subject_dn is set/,
    /^"check --live" tells which: .*, or set token_endpoint_auth_method to the registered one$/,
  ],
  [
    'a method whose certificate is the registered one',
    { ...byCertificate, registeredSubject: 'CN=client, O=Bank, C=MY' },
    false,
    /^the client may be registered with another method than tls_client_auth$/,
    /^set token_endpoint_auth_method/,
  ],
  [
    'a method that the other one was accepted beside',
    { accepted: [{ method: 'tls_client_auth', aud: undefined }] },
    true,
    /refused by private_key_jwt and accepted by tls_client_auth/,
    /^set token_endpoint_auth_method to tls_client_auth$/,
  ],
  [
    'a method that the server does not take',
    { server: { ...server, methods: { token_endpoint: ['tls_client_auth'] } } },
    true,
    /^the token_endpoint does not take private_key_jwt/,
    /^set token_endpoint_auth_method/,
  ],
  [
    'an algorithm that the server does not take',
    { server: { ...server, algorithms: { token_endpoint: ['RS256'] } } },
    true,
    /does not take PS256, its metadata has RS256$/,
    /PS256/,
  ],
  ['a form with two assertions', { formFaults: ['the form had client_assertion 2 times'] }, true, /2 times/, /form/],
  [
    'a server that failed',
    { error: undefined, status: 500 },
    true,
    /^the status 500 says that the server itself failed/,
    /^try again later/,
  ],
  [
    'a redirect',
    { error: undefined, status: 302 },
    false,
    /^the status 302 is no refusal of a client, so the URL may not be that of the token_endpoint$/,
    /^compare the URL/,
  ],
  ['a page', { error: undefined, status: 200 }, false, /^the status 200 is no refusal/, /^compare the URL/],
  ['too many requests', { error: undefined, status: 429 }, true, /^the server got too many requests$/, /^wait/],
  ['an answer that is not of OAuth', { error: undefined, status: 403 }, false, /^the answer has no OAuth error/, /ask/],
  [
    'what the server says itself',
    { errorDescription: 'unable to find key for kid' },
    false,
    /may hold an older copy of the JWKS/,
    /registered/,
  ],
  [
    'an unknown authority of the server',
    { status: undefined, connectionCode: 'SELF_SIGNED_CERT_IN_CHAIN' },
    true,
    /that this machine does not know$/,
    /^name the file of that authority with --ssl-extra-ca-certs/,
  ],
  [
    'an unknown authority of the client',
    { status: undefined, connectionCode: 'EPROTO_ALERT_UNKNOWN_CA' },
    true,
    /^the server does not know the authority/,
    /issued for its environment/,
  ],
  [
    'a handshake that was ended without a word',
    { status: undefined, connectionCode: 'ECONNRESET' },
    false,
    /may have ended the handshake because it does not know the authority .*CN=Root/,
    /issued for its environment/,
  ],
  ['a name that does not resolve', { connectionCode: 'ENOTFOUND' }, true, /can not be resolved$/, /check the URL/],
];

describe('the diagnosis of a refusal', () => {
  for (const [title, change, isCertain, fact, remedy] of FIRST_CAUSES) {
    it(`names first: ${title}`, () => {
      const [first] = diagnose({ ...refused, ...change });
      assert.match(first?.fact ?? '', fact);
      assert.match(first?.remedy ?? '', remedy);
      assert.equal(first?.isCertain, isCertain);
    });
  }

  it('explains an answer that says nothing of the client by nothing of the client', () => {
    for (const status of [200, 302, 404, 429, 500, 503]) {
      const causes = diagnose({ ...refused, status, error: undefined, clockDifference: -120, jwks: undefined });
      assert.equal(causes.length, 1, `status ${status} has ${causes.length} causes`);
    }
  });

  it('leaves room for a gateway beside what is proved, where the answer is not of OAuth', () => {
    const causes = diagnose({ ...refused, status: 403, error: undefined, clockDifference: -120 });
    assert.deepEqual(
      causes.map(({ isCertain }) => isCertain),
      [true, false],
    );
    assert.match(causes[1]?.fact ?? '', /gateway/);
  });

  it('hides no possibility behind another', () => {
    for (const change of [{ clockDifference: -59 }, { clockDifference: 59 }, { jwks: { ...jwks, count: 2 } }]) {
      const text = diagnose({ ...refused, ...change })
        .map(({ fact }) => fact)
        .join('\n');
      assert.match(text, /aud was the token endpoint/);
      assert.match(text, /another method than private_key_jwt/);
      assert.match(text, /client_id may be unknown/);
    }
  });

  it('puts all that is proved before all that is possible', () => {
    for (const [title, change] of FIRST_CAUSES) {
      const certainties = diagnose({ ...refused, ...change }).map(cause => cause.isCertain);
      assert.deepEqual(certainties, certainties.toSorted().reverse(), title);
    }
  });

  it('claims nothing of keys, clock and server that it does not know', () => {
    const unknown = { clockDifference: undefined, sentAt: undefined, server: undefined, jwks: undefined };
    const causes = diagnose({ ...refused, ...unknown, certificate: undefined, issuer: undefined });
    assert.deepEqual([...new Set(causes.map(({ isCertain }) => isCertain))], [false]);
    assert.match(causes[0]?.remedy ?? '', /client_assertion_audience/);
    assert.match(causes[0]?.fact ?? '', /may not be registered under the kid k1/);
  });

  it('holds another audience that was accepted for no proof where the server names another reason', () => {
    const accepted: Facts['accepted'] = [{ method: 'private_key_jwt', aud: ISSUER }];
    for (const [errorDescription, isCertain] of [
      ['jti was used before', false],
      ['unknown kid', false],
      ['aud is not the issuer of this key', true],
      ['client authentication failed', true],
    ] as const) {
      assert.equal(diagnose({ ...refused, accepted, errorDescription })[0]?.isCertain, isCertain, errorDescription);
    }
  });

  it('does not blame the audience of a client that was accepted with it before', () => {
    const accepted: Facts['accepted'] = [{ method: 'private_key_jwt', aud: TOKEN_ENDPOINT }];
    const causes = diagnose({ ...refused, accepted });
    assert.equal(causes[0]?.isCertain, false);
    assert.doesNotMatch(causes.map(({ fact }) => fact).join(), /aud was|another method/);
  });

  it('leaves clocks alone that differ by no more than a server bears', () => {
    for (const clockDifference of [-10, 30]) {
      assert.match(diagnose({ ...refused, clockDifference })[0]?.fact ?? '', /^aud/);
    }
  });
});

describe('the explanation', () => {
  it('says what was sent, what is known of the server, and the causes in order', () => {
    const lines = explain({ ...refused, clockDifference: -95 });
    assert.deepEqual(lines, [
      `token_endpoint ${TOKEN_ENDPOINT} answered 401 invalid_client "client authentication failed"`,
      `  sent: private_key_jwt, alg=PS256 kid=k1 aud=${TOKEN_ENDPOINT} iss=c, lifetime 600 s`,
      '  transport certificate: CN=client,O=Bank,C=MY, valid until 2027-01-25, 10 days left',
      "  server: the server's clock is 95 s behind yours; methods private_key_jwt, tls_client_auth; algorithms PS256; kid k1 with this key is in the JWKS jwks.json",
      "  1. proved: the server's clock is 95 s behind yours, so iat was 95 s in the future: set clock_offset to -95",
    ]);
  });

  it('says why metadata and JWKS could not be read', () => {
    const [, , , known = ''] = explain({
      ...refused,
      server: undefined,
      serverFault: { reason: 'the connection failed (ENOTFOUND)' },
      jwks: undefined,
      jwksFault: { reason: 'status 404' },
    });
    assert.match(known, /; its metadata could not be read: the connection failed \(ENOTFOUND\); /);
    assert.match(known, /; the JWKS could not be read: status 404$/);
  });

  it('says so when no certificate was sent and nothing is known', () => {
    const lines = explain({
      ...refused,
      certificate: 'none',
      server: undefined,
      jwks: undefined,
      clockDifference: undefined,
    });
    assert.match(lines[2] ?? '', /none was sent$/);
    assert.match(lines[3] ?? '', /nothing is known of it$/);
  });

  it('quotes foreign text without control characters, and without a token in it', () => {
    const token = `${'a'.repeat(30)}.${'b'.repeat(30)}.${'c'.repeat(30)}`;
    const text = explain({ ...refused, errorDescription: `\u001b[31m bad ${token}` }).join('\n');
    assert.equal(text.includes('\u001b'), false);
    assert.equal(text.includes(token), false);
    assert.match(text, /\[token\]/);
  });
});

describe('the facts of a request', () => {
  const { privateKey } = createRsaKey();
  const publicJwk = { kty: 'RSA', n: toJwk(privateKey).n, e: toJwk(privateKey).e, kid: 'k1' };
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const { alg, kid, ...claims } = assertion;
  const input = `${encode({ alg, kid })}.${encode(claims)}`;
  const jws = `${input}.${signPS256(input, importSigningKey(toPkcs8(privateKey)).key, createSalt())}`;
  const surroundings: Surroundings = {
    known: {
      issuer: ISSUER,
      endpoints: { token_endpoint: TOKEN_ENDPOINT },
      configured: {},
      replaced: {},
      isDiscovered: true,
    },
    server,
    serverFault: undefined,
    certificate,
    registeredSubject: undefined,
    clockOffset: 0,
    jwksFault: undefined,
    jwks: { source: 'jwks.json', keys: [publicJwk] },
  };
  const form = new URLSearchParams({ client_id: 'c', client_assertion: jws, client_assertion_type: 't' }).toString();
  const request: RefusedRequest = {
    endpoint: 'token_endpoint',
    url: TOKEN_ENDPOINT,
    form,
    status: 401,
    body: '{"error":"invalid_client"}',
    date: new Date((NOW - 95) * 1000).toUTCString(),
    receivedAt: NOW * 1000 + 900,
    duration: 200,
  };

  it('are read from the form, the answer and its date', () => {
    const facts = toFacts(surroundings, request);
    assert.deepEqual(facts.assertion, assertion);
    assert.equal(facts.method, 'private_key_jwt');
    assert.equal(facts.error, 'invalid_client');
    assert.equal(facts.clockDifference, -95);
    assert.deepEqual(facts.formFaults, []);
    assert.equal(facts.jwks?.isSame, true);
    assert.match(diagnose(facts)[0]?.remedy ?? '', /^set clock_offset to -95$/);
  });

  it('tell the key of the assertion by its signature', () => {
    const other = { ...publicJwk, n: toJwk(createRsaKey().privateKey).n };
    const facts = toFacts({ ...surroundings, jwks: { source: 'j', keys: [other] } }, request);
    assert.equal(facts.jwks?.isSame, false);
    const moved = toFacts(
      { ...surroundings, jwks: { source: 'j', keys: [other, { ...publicJwk, kid: 'k9' }] } },
      request,
    );
    assert.deepEqual(moved.jwks?.sameUnder, ['k9']);
  });

  it('name what is wrong with the form', () => {
    const faultsOf = (text: string) => toFacts(surroundings, { ...request, form: text }).formFaults;
    assert.match(faultsOf(`${form}&client_assertion=x`).join(), /client_assertion 2 times/);
    assert.match(faultsOf(`client_assertion=${jws}&client_assertion_type=t`).join(), /no client_id/);
    assert.match(faultsOf(`client_id=c&client_assertion=${jws}`).join(), /no client_assertion_type/);
    assert.match(faultsOf('client_id=c&client_assertion=x&client_assertion_type=t').join(), /not a JWT/);
    assert.match(faultsOf(form.replace('client_id=c', 'client_id=d')).join(), /iss was not the client_id/);
  });

  it('survive an answer that is no JSON, and one that is no object', () => {
    for (const body of ['<html>No required SSL certificate was sent</html>', 'null', '[1]', '']) {
      assert.equal(toFacts(surroundings, { ...request, body }).error, undefined);
    }
    const wordsOf = (text: string) => {
      const { saysCertificateMissing, saysCertificateRefused } = readAnswer(`<center>${text}</center>`);
      return { saysCertificateMissing, saysCertificateRefused };
    };
    assert.deepEqual(wordsOf('No required SSL certificate was sent'), {
      saysCertificateMissing: true,
      saysCertificateRefused: false,
    });
    assert.deepEqual(wordsOf('The SSL certificate error'), {
      saysCertificateMissing: false,
      saysCertificateRefused: true,
    });
  });

  it('take for an error of OAuth only what has its form, and words from either kind of answer', () => {
    const read = (answer: object) => {
      const { error, errorDescription } = readAnswer(JSON.stringify(answer));
      return [error, errorDescription];
    };
    assert.deepEqual(read({ error: 'invalid_client', error_description: 'no' }), ['invalid_client', 'no']);
    assert.deepEqual(read({ error: 'Unauthorized', status: 401 }), [undefined, undefined]);
    assert.deepEqual(read({ error: { code: 1 } }), [undefined, undefined]);
    assert.deepEqual(read({ title: 'Unauthorized', detail: 'unknown certificate' }), [
      undefined,
      'unknown certificate',
    ]);
  });

  it('add the age of an answer to its date', () => {
    const date = new Date((NOW - 3000) * 1000).toUTCString();
    assert.equal(toFacts(surroundings, { ...request, date, age: '3000' }).clockDifference, 0);
  });

  it('take half the way off the clock, and add what a cache has kept', () => {
    const date = new Date(NOW * 1000).toUTCString();
    assert.equal(compareClocks({ date, sentAt: NOW * 1000, receivedAt: NOW * 1000 + 900 }), 0);
    assert.equal(compareClocks({ date, sentAt: NOW * 1000 - 8000, receivedAt: NOW * 1000 }), 5);
    assert.equal(compareClocks({ date, age: '60', sentAt: NOW * 1000, receivedAt: NOW * 1000 + 900 }), 60);
    assert.equal(compareClocks({ date: undefined, sentAt: 0, receivedAt: 0 }), undefined);
    assert.equal(compareClocks({ date: 'yesterday', sentAt: 0, receivedAt: 0 }), undefined);
  });

  it('have a code of a failed connection that names the alert', () => {
    const message = 'write EPROTO 80:error:0A:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure:../x:1:\n';
    assert.equal(
      toConnectionCode(Object.assign(new Error(message), { code: 'EPROTO' })),
      'EPROTO_ALERT_HANDSHAKE_FAILURE',
    );
    assert.equal(toConnectionCode({ code: 'ECONNRESET' }), 'ECONNRESET');
    assert.equal(toConnectionCode(undefined), 'unknown');
  });

  it('compare public numbers as numbers', () => {
    const { key } = importSigningKey(toPkcs8(privateKey));
    assert.equal(isPublicHalf(publicJwk, key), true);
    assert.equal(isPublicHalf({ ...publicJwk, n: `AA${publicJwk.n}` }, key), false);
    assert.equal(isPublicHalf({ kty: 'EC' }, key), false);
    assert.equal(hasSigned({ kty: 'EC' }, jws), false);
    const set = compareWithJwks(
      'j',
      [publicJwk, { ...publicJwk, use: 'enc' }, { kty: 'oct', k: 'x', kid: 'o' }],
      'k1',
      one => isPublicHalf(one, key),
    );
    assert.equal(set.count, 2);
    assert.deepEqual(set.exposed, ['o']);
  });
});

describe('the facts of a certificate', () => {
  it('are its subject, its time, its purpose, its key and its chain', async () => {
    const authority = await createCertificateAuthority();
    const { cert, key } = await authority.issueClientCertificate(transportSubject);
    const facts = readCertificate({ cert, key, ca: [authority.cert] }, new Date());
    assert.equal(facts.subject, 'CN=transport.dc-demo.example.my,O=Contoh Data Sdn Bhd,C=MY');
    assert.equal(facts.validity, 'valid');
    assert.equal(facts.isForClients, true);
    assert.equal(facts.keyFault, undefined);
    assert.equal(facts.isChainComplete, true);
    assert.equal(facts.endsSoon, false);

    const stranger = await createCertificateAuthority();
    const chained = (file: string, ca: string[] = []) => readCertificate({ cert: file, key, ca }, new Date());
    assert.equal(chained(cert).isChainComplete, false);
    assert.equal(chained(cert + authority.cert).isChainComplete, true);
    assert.equal(chained(cert, [stranger.cert]).isChainComplete, false);
    assert.match(
      chained(cert + stranger.cert).chainFault ?? '',
      /certificate 2 in the file did not issue certificate 1/,
    );
    assert.match(chained(authority.cert + cert).keyFault ?? '', /got that of a later one/);
    assert.match(readCertificate({ cert, key: 'nothing' }, new Date()).keyFault ?? '', /got a file without one/);
    const other = await authority.issueServerCertificate();
    assert.match(readCertificate({ cert, key: other.key }, new Date()).keyFault ?? '', /got another key/);
    assert.equal(readCertificate(other, new Date()).isForClients, false);

    const week = 7 * 24 * 60 * 60 * 1000;
    assert.equal(readCertificate({ cert, key }, new Date(Date.now() + week)).validity, 'expired');
    assert.equal(readCertificate({ cert, key }, new Date(Date.now() - week)).validity, 'not yet valid');
    assert.equal(readCertificate({ cert, key }, new Date(facts.notAfter.getTime() - 60_000)).endsSoon, true);
    assert.throws(() => readCertificate({ cert: key, key }, new Date()), /got a block "PRIVATE KEY"/);
    assert.throws(() => readCertificate({ cert: 'x', key }, new Date()), /got a file without one/);
  });

  it('write and compare distinguished names as RFC 4514 has them', () => {
    assert.equal(toRfc4514('C=MY\nO=A\\, B\nCN=x + serialNumber=1'), 'CN=x+serialNumber=1,O=A\\, B,C=MY');
    const same: [string, string][] = [
      ['CN=a,O=b', 'cn=a, o=b'],
      ['CN=a\\, b,C=MY', 'CN=a\\2c b,C=MY'],
      ['organizationIdentifier=MY-1,C=MY', '2.5.4.97=#0c044d592d31,C=MY'],
      ['CN=\u00e4', 'CN=\\C3\\A4'],
      ['CN=a+O=b', 'O=b+CN=a'],
    ];
    for (const [one, other] of same) assert.equal(compareNames(one, other), 'same', `${one} and ${other}`);
    assert.equal(compareNames('CN=a,O=b', 'O=b,CN=a'), 'other order');
    assert.equal(compareNames('CN=a,O=b', 'CN=A,O=b'), 'other');
    assert.equal(compareNames('CN=a', 'CN=a,O=b'), 'other');
  });
});

describe('diagnose, of invalid_request', () => {
  const facts: Facts = {
    ...refused,
    status: 400,
    error: 'invalid_request',
    errorDescription: "redirect_uri did not match any of the client's",
  };
  const isRest = /the rest of the form/;

  it('names the rest of the form alone, where the same client was accepted in the same way', () => {
    const causes = diagnose({ ...facts, accepted: [{ method: 'private_key_jwt', aud: TOKEN_ENDPOINT }] });
    assert.equal(causes.length, 1);
    assert.match(causes[0]?.fact ?? '', isRest);
  });

  it('names the rest of the form first where the server speaks of something else, and last where it speaks of the client', () => {
    assert.match(diagnose(facts)[0]?.fact ?? '', isRest);
    const aboutClient = diagnose({ ...facts, errorDescription: 'client_assertion is not valid' });
    assert.match(aboutClient.at(-1)?.fact ?? '', isRest);
    assert.match(diagnose({ ...facts, errorDescription: undefined }).at(-1)?.fact ?? '', isRest);
  });
});
