// The causes of a refusal, judged from facts alone: which one comes first, which is proved, and that nothing is said that is not
// known.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cause, Facts } from '../../../src/cli/diagnosis/causes.ts';
import { diagnose } from '../../../src/cli/diagnosis/diagnosis.ts';
import { describeCause } from '../../../src/cli/diagnosis/explanation.ts';
import {
  assertion,
  byCertificate,
  certificate,
  ISSUER,
  jwks,
  NOW,
  refused,
  server,
  TOKEN_ENDPOINT,
} from '../../support/facts.ts';
import { WORDS_OF_PRODUCTS } from '../../support/words-of-products.ts';

/** What is the case, and the first cause that has to be named for it. */
const FIRST_CAUSES: [
  title: string,
  change: Partial<Facts>,
  evidence: Cause['evidence'],
  fact: RegExp,
  remedy: RegExp,
][] = [
  [
    'a clock 120 s behind',
    { clockDifference: -120 },
    'proved',
    /^the server's clock is 120 s behind yours, so iat was 120 s in the future$/,
    /^set clock_offset to -120$/,
  ],
  [
    'a clock 120 s behind, and a machine that took two seconds to send',
    { clockDifference: -120, sentAt: NOW + 2.4 },
    'proved',
    /^the server's clock is 120 s behind yours, so iat was 118 s in the future$/,
    /^set clock_offset to -120$/,
  ],
  [
    'a clock 120 s ahead, and an assertion of 60 s',
    { clockDifference: 120, assertion: { ...assertion, exp: NOW + 60 } },
    'proved',
    /^the server's clock is 120 s ahead of yours, so the assertion of 60 s had expired$/,
    /^set clock_offset to 120$/,
  ],
  [
    'a clock 120 s ahead, and an assertion that outlives it',
    { clockDifference: 120 },
    'possible',
    /^the server's clock is 120 s ahead of yours, and a server may refuse an assertion that seems 120 s old; or aud was /,
    /^"check --live" shows which: set clock_offset to 120, or set client_assertion_audience to issuer, or /,
  ],
  [
    'a clock 59 s behind, which a server may accept, and the audience',
    { clockDifference: -59 },
    'possible',
    /^the server's clock is 59 s behind yours, and a server may refuse an iat .*; or aud was the token endpoint, /,
    /^"check --live" shows which: set clock_offset to -59, or set client_assertion_audience to issuer, or /,
  ],
  [
    'a clock 45 s ahead, an assertion of 40 s that a server may still accept, and the audience',
    { clockDifference: 45, assertion: { ...assertion, exp: NOW + 40 } },
    'possible',
    /^the server's clock is 45 s ahead of yours, and a server may refuse an assertion of 40 s as expired; or aud was /,
    /^"check --live" shows which: set clock_offset to 45, or /,
  ],
  [
    'a clock that the server mentions, though its answer has the right date',
    { errorDescription: 'JWT iat 1799999000 is too old: clock skew' },
    'named',
    /^the times of the assertion are not in its range, though the server's clock agrees with yours by the date/,
    /set clock_offset to the difference, or lower client_assertion_lifetime$/,
  ],
  [
    'a clock that the server mentions, with a difference that most servers accept',
    { errorDescription: 'assertion expired', clockDifference: 40 },
    'named',
    /^the times of the assertion are not in its range; the server's clock is 40 s ahead .* that seems 40 s old$/,
    /^set clock_offset to 40$/,
  ],
  [
    'a clock_offset in the wrong direction',
    { clockDifference: -95, clockOffset: 95, assertion: { ...assertion, iat: NOW + 95, exp: NOW + 695 } },
    'proved',
    /^the server's clock is 95 s behind yours, and clock_offset is 95, so iat was 190 s in the future$/,
    /^set clock_offset to -95$/,
  ],
  [
    'a typ that the server asks for',
    { errorDescription: 'the typ header of the client assertion is required' },
    'named',
    /^it asks for another "typ" in the header of the assertion$/,
    /^set client_assertion_typ to client-authentication\+jwt$/,
  ],
  [
    'a typ that the server refuses',
    { errorDescription: 'invalid typ', assertion: { ...assertion, typ: 'client-authentication+jwt' } },
    'named',
    /^it asks for another "typ" .*; "typ" was client-authentication\+jwt, which servers older than RFC 10070 may refuse$/,
    /^unset client_assertion_typ$/,
  ],
  [
    'the token endpoint as audience, and the method',
    {},
    'possible',
    /^aud was the token endpoint, and RFC 10070 and FAPI 2.0 allow only the issuer; or the client may be registered with another method than private_key_jwt$/,
    /^"check --live" shows which: set client_assertion_audience to issuer, or set token_endpoint_auth_method to the registered one$/,
  ],
  [
    'audience, method and key where no JWKS is known',
    { jwks: undefined },
    'possible',
    /^aud was the token endpoint, .*; or .* another method .*; or the public half of the signing key may not be registered under the kid k1$/,
    /^"check --live --jwks <registered JWKS>" shows which: .*, or .*, or compare key and kid with the registered JWKS$/,
  ],
  [
    'the audience alone where the server accepts no other method',
    { server: { ...server, methods: { token_endpoint: ['private_key_jwt'] } } },
    'possible',
    /^aud was the token endpoint, and RFC 10070 and FAPI 2.0 allow only the issuer$/,
    /^set client_assertion_audience to issuer$/,
  ],
  [
    'the issuer as audience',
    { assertion: { ...assertion, aud: ISSUER } },
    'possible',
    /^aud was the issuer, and the server may accept only the token endpoint; or /,
    /set client_assertion_audience to token_endpoint, or /,
  ],
  [
    'an audience of another server',
    { assertion: { ...assertion, aud: 'https://other.example.my/token' } },
    'possible',
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
    'proved',
    /^aud was https:\/\/auth\.example\.my\/, and the metadata there has the issuer https:\/\/auth\.example\.my$/,
    /^set issuer to https:\/\/auth\.example\.my$/,
  ],
  [
    'the token endpoint as audience with such an issuer',
    { server: undefined, issuer: `${ISSUER}/`, serverFault: { reason: 'another issuer', statedIssuer: ISSUER } },
    'possible',
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
    'possible',
    /^the public half of the signing key may not be registered under the kid k1$/,
    /^compare key and kid with the registered JWKS$/,
  ],
  [
    'an audience that was refused, where another was accepted',
    { accepted: [{ method: 'private_key_jwt', aud: ISSUER }] },
    'proved',
    /the same client was accepted with https:\/\/auth\.example\.my$/,
    /^set client_assertion_audience to issuer$/,
  ],
  [
    'a kid that the JWKS lacks',
    { jwks: { ...jwks, count: 0, isSame: false, kids: ['k2', 'k3'] } },
    'proved',
    /^the kid k1 is not in the JWKS jwks\.json; it has k2, k3$/,
    /^register the public half of the signing key under the kid k1$/,
  ],
  [
    'the key under another kid',
    { jwks: { ...jwks, count: 0, isSame: false, kids: ['k2'], sameUnder: ['k2'] } },
    'proved',
    /^the kid k1 is not in the JWKS/,
    /^set kid to k2$/,
  ],
  [
    'another key under the kid',
    { jwks: { ...jwks, isSame: false } },
    'proved',
    /^under the kid k1 the JWKS jwks\.json has another key/,
    /^use the signing key that belongs to k1/,
  ],
  [
    'two keys under the kid, which a server may accept, and the audience',
    { jwks: { ...jwks, count: 2 } },
    'possible',
    /^2 keys of the JWKS jwks\.json have the kid k1, and the server may take the wrong one; or aud was /,
    /^"check --live" shows which: give every key its own kid, or set client_assertion_audience/,
  ],
  [
    'a key for another use, which a server may accept, and the audience',
    { jwks: { ...jwks, otherUse: '"alg" "RS256"' } },
    'possible',
    /"alg" "RS256"; or aud was /,
    /shows which: register it with "alg" PS256 and "use" sig, or set client_assertion_audience/,
  ],
  [
    'no transport certificate at PayNet, where mutual TLS is required',
    { certificate: 'none', url: 'https://as1.sandbox.mya.ozoneapi.io/token' },
    'proved',
    /^no transport certificate was sent, and mutual TLS is required on every call$/,
    /^give --ssl-client-cert and --ssl-client-key$/,
  ],
  [
    'no transport certificate at another server, of which that rule is not known',
    { certificate: 'none' },
    'possible',
    /^no transport certificate was sent, and the server may require mutual TLS/,
    /^give --ssl-client-cert and --ssl-client-key$/,
  ],
  [
    'the audience, where no transport certificate can be sent',
    { certificate: 'none', url: 'http://as.example.my/token', tokenEndpoints: [TOKEN_ENDPOINT] },
    'possible',
    /^aud was the token endpoint/,
    /set client_assertion_audience to issuer/,
  ],
  [
    'the audience, where the server accepted another client without a certificate',
    { certificate: 'none', acceptedOthers: [{ method: 'private_key_jwt', aud: ISSUER }] },
    'possible',
    /^aud was the token endpoint/,
    /set client_assertion_audience to issuer/,
  ],
  [
    'no transport certificate with tls_client_auth, whoever was accepted without one',
    { ...byCertificate, certificate: 'none', acceptedOthers: [{ method: 'private_key_jwt', aud: ISSUER }] },
    'proved',
    /^no transport certificate was sent, and it is the credential of tls_client_auth$/,
    /^give --ssl-client-cert/,
  ],
  [
    'what the server names, though the clocks differ and the JWKS has another key',
    { errorDescription: 'Token reuse detected', clockDifference: -120, jwks: { ...jwks, isSame: false } },
    'named',
    /^the jti was used before$/,
    /^send each assertion once/,
  ],
  [
    'the expired certificate that the server names',
    { errorDescription: 'bad client certificate', certificate: { ...certificate, validity: 'expired' } },
    'proved',
    /is expired since/,
    /valid/,
  ],
  [
    'something else than an expired certificate that the server accepted in the same run',
    {
      certificate: { ...certificate, validity: 'expired' },
      acceptedOthers: [{ method: 'private_key_jwt', aud: ISSUER }],
    },
    'possible',
    /^aud was the token endpoint/,
    /set client_assertion_audience to issuer/,
  ],
  [
    'an unknown client, as Keycloak says it',
    { error: 'unauthorized_client', errorDescription: 'Invalid client or Invalid client credentials' },
    'named',
    /^it does not know the client_id, or not with these credentials; the client_id may be unknown to this server/,
    /^compare client_id and issuer with the registration$/,
  ],
  [
    'what unauthorized_client means, where the server says no more',
    { status: 400, error: 'unauthorized_client', errorDescription: 'not allowed to use this grant type' },
    'possible',
    /^unauthorized_client is about what the client may do/,
    /^compare grant_type and scope/,
  ],
  [
    'no transport certificate on the connection',
    { certificate: 'none', status: undefined, connectionCode: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' },
    'proved',
    /^no transport certificate was sent/,
    /^give --ssl-client-cert/,
  ],
  [
    'no transport certificate on the connection, where it is not known which one was sent',
    { certificate: undefined, status: undefined, connectionCode: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' },
    'proved',
    /^the server says that it got no transport certificate$/,
    /^name one for this host in --ssl-client-cert-list/,
  ],
  [
    'a transport certificate that the server did not get',
    { status: undefined, connectionCode: 'EPROTO_ALERT_CERTIFICATE_REQUIRED' },
    'proved',
    /^the server says that it got no transport certificate$/,
    /without a proxy/,
  ],
  [
    'a proxy that drops the certificate',
    { saysCertificateMissing: true, status: 400, error: undefined },
    'proved',
    /it got no transport certificate$/,
    /without a proxy/,
  ],
  [
    'a proxy that refuses the certificate',
    { saysCertificateRefused: true, status: 400, error: undefined },
    'proved',
    /^the server says that it could not verify the transport certificate$/,
    /issued for its environment/,
  ],
  [
    'an expired certificate',
    { certificate: { ...certificate, validity: 'expired' } },
    'proved',
    /is expired since/,
    /valid/,
  ],
  [
    'a certificate for servers',
    { certificate: { ...certificate, isForClients: false } },
    'proved',
    /lacks clientAuth$/,
    /issued to the client/,
  ],
  [
    'a certificate of another subject than the registered one',
    { ...byCertificate, registeredSubject: 'CN=other,O=Bank,C=MY' },
    'proved',
    /another subject than the registered one, CN=client,O=Bank,C=MY against CN=other,O=Bank,C=MY$/,
    /^use the certificate whose subject is registered$/,
  ],
  [
    'the registered subject in another order',
    { ...byCertificate, registeredSubject: 'C=MY, O=Bank, CN=client' },
    'possible',
    /in another order .*; or the client may be registered with another method than tls_client_auth$/,
    /: register tls_client_auth_subject_dn as the certificate has it, or set token_endpoint_auth_method/,
  ],
  [
    'a certificate whose registered subject is not known, and the method',
    byCertificate,
    'possible',
    /^the client may be registered with another subject than .*, which is CN=client,O=Bank,C=MY; or the client may be registered with another method than tls_client_auth$/,
    /^"check --live" shows which: compare the subject with .*, or set token_endpoint_auth_method to the registered one$/,
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
    'possible',
    /^the client may be registered with another subject than .*, which is CN=client,O=Bank,C=MY$/,
    /^compare the subject/,
  ],
  [
    'a method that the registered subject contradicts',
    { registeredSubject: 'CN=client,O=Bank,C=MY' },
    'possible',
    /; or the client may be registered with tls_client_auth, as tls_client_auth_subject_dn is set/,
    /^"check --live" shows which: .*, or set token_endpoint_auth_method to the registered one$/,
  ],
  [
    'a method whose certificate is the registered one',
    { ...byCertificate, registeredSubject: 'CN=client, O=Bank, C=MY' },
    'possible',
    /^the client may be registered with another method than tls_client_auth$/,
    /^set token_endpoint_auth_method/,
  ],
  [
    'a method that was refused, where the other was accepted',
    { accepted: [{ method: 'tls_client_auth', aud: undefined }] },
    'proved',
    /refused by private_key_jwt and accepted by tls_client_auth/,
    /^set token_endpoint_auth_method to tls_client_auth$/,
  ],
  [
    'a method that the server does not accept',
    { server: { ...server, methods: { token_endpoint: ['tls_client_auth'] } } },
    'proved',
    /^the token_endpoint does not accept private_key_jwt/,
    /^set token_endpoint_auth_method/,
  ],
  [
    'an algorithm that the server does not accept',
    { server: { ...server, algorithms: { token_endpoint: ['RS256'] } } },
    'proved',
    /does not accept PS256, its metadata has RS256$/,
    /PS256/,
  ],
  [
    'a form with two assertions',
    { formFaults: ['the form had client_assertion 2 times'] },
    'proved',
    /2 times/,
    /form/,
  ],
  [
    'a server that failed',
    { error: undefined, status: 500 },
    'proved',
    /^the status 500 says that the server itself failed/,
    /^try again later/,
  ],
  [
    'a redirect',
    { error: undefined, status: 302 },
    'possible',
    /^the status 302 is no refusal of a client, so the URL may not be that of the token_endpoint$/,
    /^compare the URL/,
  ],
  ['a page', { error: undefined, status: 200 }, 'possible', /^the status 200 is no refusal/, /^compare the URL/],
  ['too many requests', { error: undefined, status: 429 }, 'proved', /^the server got too many requests$/, /^wait/],
  [
    'an answer that is not of OAuth',
    { error: undefined, status: 403 },
    'possible',
    /^the answer has no OAuth error/,
    /ask/,
  ],
  [
    'what the server says itself',
    { errorDescription: 'unable to find key for kid' },
    'named',
    /^it does not find the key of the assertion; the server may hold an older copy of the JWKS/,
    /registered/,
  ],
  [
    'an unknown authority of the server',
    { status: undefined, connectionCode: 'SELF_SIGNED_CERT_IN_CHAIN' },
    'proved',
    /that this machine does not know$/,
    /^name the file of that authority with --ssl-extra-ca-certs/,
  ],
  [
    'an unknown authority of the client',
    { status: undefined, connectionCode: 'EPROTO_ALERT_UNKNOWN_CA' },
    'proved',
    /^the server does not know the authority/,
    /issued for its environment/,
  ],
  [
    'a handshake that ended without a reason',
    { status: undefined, connectionCode: 'ECONNRESET' },
    'possible',
    /may have ended the handshake because it does not know the authority .*CN=Root/,
    /issued for its environment/,
  ],
  ['a name that does not resolve', { connectionCode: 'ENOTFOUND' }, 'proved', /cannot be resolved$/, /check the URL/],
];

describe('the diagnosis of a refusal', () => {
  for (const [title, change, evidence, fact, remedy] of FIRST_CAUSES) {
    it(`names first: ${title}`, () => {
      const [first] = diagnose({ ...refused, ...change });
      assert.match(first?.fact ?? '', fact);
      assert.match(first?.remedy ?? '', remedy);
      assert.equal(first?.evidence, evidence);
    });
  }

  it('gives first what each of the twelve products says', context => {
    for (const { product, error, description, cause } of WORDS_OF_PRODUCTS) {
      const facts: Facts = { ...refused, error, errorDescription: description || undefined, jwks: undefined };
      const [first] = diagnose(facts);
      context.diagnostic(`${product} | ${error} "${description}" | ${first && describeCause(first)}`);
      assert.equal(first?.evidence, cause === undefined ? 'possible' : 'named', `${product}: ${description}`);
    }
  });

  it('names no cause about the client where the answer says nothing about it', () => {
    for (const status of [200, 302, 404, 429, 500, 503]) {
      const causes = diagnose({ ...refused, status, error: undefined, clockDifference: -120, jwks: undefined });
      assert.equal(causes.length, 1, `status ${status} has ${causes.length} causes`);
    }
  });

  it('names a gateway too beside what is proved, where the answer is not of OAuth', () => {
    const causes = diagnose({ ...refused, status: 403, error: undefined, clockDifference: -120 });
    assert.deepEqual(
      causes.map(({ evidence }) => evidence),
      ['proved', 'possible'],
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
      const order = diagnose({ ...refused, ...change }).map(({ evidence }) =>
        ['proved', 'named', 'possible'].indexOf(evidence),
      );
      assert.deepEqual(order, order.toSorted(), title);
    }
  });

  it('says nothing about keys, clock and server that is not known', () => {
    const unknown = { clockDifference: undefined, sentAt: undefined, server: undefined, jwks: undefined };
    const causes = diagnose({ ...refused, ...unknown, certificate: undefined, issuer: undefined });
    assert.deepEqual([...new Set(causes.map(({ evidence }) => evidence))], ['possible']);
    assert.match(causes[0]?.remedy ?? '', /client_assertion_audience/);
    assert.match(causes[0]?.fact ?? '', /may not be registered under the kid k1/);
  });

  it('does not take another audience that was accepted as proof where the server names another reason', () => {
    const accepted: Facts['accepted'] = [{ method: 'private_key_jwt', aud: ISSUER }];
    for (const [errorDescription, evidence] of [
      ['jti was used before', 'named'],
      ['unknown kid', 'named'],
      ['aud is not the issuer of this key', 'proved'],
      ['client authentication failed', 'proved'],
    ] as const) {
      assert.equal(diagnose({ ...refused, accepted, errorDescription })[0]?.evidence, evidence, errorDescription);
    }
  });

  it('follows a server that asks for an endpoint as the audience, and not for the issuer', () => {
    const par = 'https://as.example.my/par';
    for (const [words, change, remedy] of [
      [
        'aud must be the endpoint invoked',
        { url: `${par}?x=1` },
        /^set client_assertion_audience to https:\/\/as\.example\.my\/par$/,
      ],
      ['aud must be the endpoint invoked', { url: TOKEN_ENDPOINT }, /^ask its operator which URL/],
      ['aud must be the token endpoint', { url: par }, /^ask its operator which URL/],
      [
        'aud must be the token endpoint',
        { assertion: { ...assertion, aud: par } },
        /^set client_assertion_audience to token_endpoint$/,
      ],
      ['aud must be the issuer, not the endpoint', {}, /^set client_assertion_audience to issuer$/],
    ] as const) {
      const [first] = diagnose({ ...refused, errorDescription: words, ...change });
      assert.equal(first?.evidence, 'named');
      assert.match(first?.remedy ?? '', remedy, words);
    }
  });

  it('does not blame the audience of a client that was accepted with it before', () => {
    const accepted: Facts['accepted'] = [{ method: 'private_key_jwt', aud: TOKEN_ENDPOINT }];
    const causes = diagnose({ ...refused, accepted });
    assert.equal(causes[0]?.evidence, 'possible');
    assert.doesNotMatch(causes.map(({ fact }) => fact).join(), /aud was|another method/);
  });

  it('names no clock where the difference is one that servers accept', () => {
    for (const clockDifference of [-10, 30]) {
      assert.match(diagnose({ ...refused, clockDifference })[0]?.fact ?? '', /^aud/);
    }
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

  it('names the rest of the form first where the server mentions something else, and last where it mentions the client', () => {
    assert.match(diagnose(facts)[0]?.fact ?? '', isRest);
    const aboutClient = diagnose({ ...facts, errorDescription: 'client_assertion is not valid' });
    assert.match(aboutClient.at(-1)?.fact ?? '', isRest);
    assert.match(diagnose({ ...facts, errorDescription: undefined }).at(-1)?.fact ?? '', isRest);
  });
});
