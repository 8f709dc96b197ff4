// The embedded authorization server as a strict judge: assertions made by jose or node:crypto, never by our own signer,
// are accepted at every endpoint by both methods and in both audience worlds; each bent one is refused.

import assert from 'node:assert/strict';
import { constants, createHash, createPrivateKey, randomUUID, sign } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { CompactSign, importPKCS8, type JWTHeaderParameters, type JWTPayload } from 'jose';
import {
  type AuthorizationServer,
  type EndpointName,
  startAuthorizationServer,
} from '../src/demo/authorization-server.ts';
import {
  type Credentials,
  createCertificateAuthority,
  createCredentials,
  createSigningKey,
  type SigningKey,
  transportSubject,
} from '../src/demo/certificates.ts';
import { postForm, send, type Tls } from './support/https-client.ts';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const codeVerifier = 'a-code-verifier-of-43-characters-and-no-fewer';
const endpointNames: EndpointName[] = [
  'token_endpoint',
  'pushed_authorization_request_endpoint',
  'introspection_endpoint',
  'revocation_endpoint',
];

let credentials: Credentials;
let weakKey: SigningKey;
let tokenEndpointWorld: AuthorizationServer;
let issuerWorld: AuthorizationServer;
let aliasWorld: AuthorizationServer;
let tls: Tls;

before(async () => {
  [credentials, weakKey] = await Promise.all([createCredentials(), createSigningKey(1024)]);
  [tokenEndpointWorld, issuerWorld, aliasWorld] = await Promise.all([
    startAuthorizationServer({ audience: 'token_endpoint', credentials, registeredKeys: [weakKey.publicJwk] }),
    startAuthorizationServer({ audience: 'issuer', credentials }),
    startAuthorizationServer({ audience: 'token_endpoint', credentials, mtlsEndpointAliases: true }),
  ]);
  tls = { ca: credentials.authority.cert, ...credentials.transportCertificate };
});

after(() => Promise.all([tokenEndpointWorld, issuerWorld, aliasWorld].map(server => server.close())));

const now = () => Math.floor(Date.now() / 1000);

function goodClaims(server: AuthorizationServer): JWTPayload {
  const { client_id } = server.clients.privateKeyJwt;
  const iat = now();
  return { iss: client_id, sub: client_id, aud: server.audience, iat, exp: iat + 600, jti: randomUUID() };
}

const goodHeader = (): JWTHeaderParameters => ({ alg: 'PS256', kid: credentials.signingKey.kid });

/** A compact JWS over the claims as they are, also where a JWT library would refuse to write them. */
async function signWithJose(
  header: JWTHeaderParameters,
  claims: object,
  privateKey = credentials.signingKey.privateKey,
) {
  const key = await importPKCS8(privateKey, header.alg);
  return new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader(header).sign(key);
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A compact JWS whose signature is made by node:crypto with any padding, salt or key. */
function signWithNode(
  header: object,
  claims: object,
  padding: number,
  saltLength: number,
  key = credentials.signingKey,
) {
  const signed = `${encode(header)}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), {
    key: createPrivateKey(key.privateKey),
    padding,
    ...(padding === constants.RSA_PKCS1_PSS_PADDING && { saltLength }),
  });
  return `${signed}.${signature.toString('base64url')}`;
}

function goodRequestClaims(server: AuthorizationServer, clientId = server.clients.privateKeyJwt.client_id) {
  const iat = now();
  return {
    iss: clientId,
    client_id: clientId,
    aud: server.issuer,
    iat,
    nbf: iat,
    exp: iat + 600,
    jti: randomUUID(),
    response_type: 'code',
    redirect_uri: server.redirectUri,
    scope: 'accounts',
    state: 'a-state',
    code_challenge: createHash('sha256').update(codeVerifier).digest('base64url'),
    code_challenge_method: 'S256',
  };
}

const goodRequestHeader = () => ({ ...goodHeader(), typ: 'oauth-authz-req+jwt' });

function formFor(
  server: AuthorizationServer,
  endpoint: EndpointName,
  token = 'unknown',
  clientId?: string,
): Record<string, string> {
  switch (endpoint) {
    case 'token_endpoint':
      return { grant_type: 'client_credentials', scope: 'accounts' };
    case 'pushed_authorization_request_endpoint': {
      const claims = goodRequestClaims(server, clientId);
      return { request: signWithNode(goodRequestHeader(), claims, constants.RSA_PKCS1_PSS_PADDING, 32) };
    }
    default:
      return { token };
  }
}

const withAssertion = (server: AuthorizationServer, assertion: string) => ({
  client_id: server.clients.privateKeyJwt.client_id,
  client_assertion_type: assertionType,
  client_assertion: assertion,
});

async function goodForm(server: AuthorizationServer, endpoint: EndpointName, token?: string) {
  const assertion = await signWithJose(goodHeader(), goodClaims(server));
  return { ...formFor(server, endpoint, token), ...withAssertion(server, assertion) };
}

async function fetchToken(server: AuthorizationServer) {
  const answer = await postForm(server.endpoints.token_endpoint, tls, await goodForm(server, 'token_endpoint'));
  return String(answer.json.access_token);
}

/** Sends an assertion to the token endpoint and returns the reason of the refusal, which the client is never told. */
async function refusalOf(assertion: string, server = tokenEndpointWorld, endpoint: EndpointName = 'token_endpoint') {
  const seen = server.refusals.length;
  const form = { ...formFor(server, endpoint), ...withAssertion(server, assertion) };
  const answer = await postForm(server.endpoints[endpoint], tls, form);
  assert.equal(answer.status, 401);
  assert.equal(answer.json.error, 'invalid_client');
  assert.equal(answer.json.error_description, 'client authentication failed');
  assert.equal(server.refusals.length, seen + 1);
  assert.equal(server.refusals[seen]?.endpoint, endpoint);
  return server.refusals[seen]?.reason ?? '';
}

describe('a client with a good assertion', () => {
  for (const world of ['token_endpoint', 'issuer'] as const) {
    test(`is accepted at all four endpoints by the server that takes aud = ${world}`, async () => {
      const server = world === 'issuer' ? issuerWorld : tokenEndpointWorld;
      const seen = server.verified.length;
      const token = await fetchToken(server);
      for (const endpoint of endpointNames.slice(1)) {
        const answer = await postForm(server.endpoints[endpoint], tls, await goodForm(server, endpoint, token));
        assert.ok(answer.status < 300, `${endpoint}: ${answer.status} ${JSON.stringify(answer.json)}`);
      }
      const verified = server.verified.slice(seen);
      assert.deepEqual(
        verified.map(({ endpoint }) => endpoint),
        endpointNames,
      );
      for (const entry of verified) {
        assert.equal(entry.method, 'private_key_jwt');
        assert.equal(entry.kid, credentials.signingKey.kid);
        assert.equal(entry.aud, world === 'issuer' ? server.issuer : server.endpoints.token_endpoint);
        assert.equal(entry.client_id, server.clients.privateKeyJwt.client_id);
        assert.equal(entry.certificateSubject, 'CN=transport.dc-demo.example.my,O=Contoh Data Sdn Bhd,C=MY');
      }
      assert.equal(new Set(verified.map(({ jti }) => jti)).size, 4);
    });
  }

  test('gets a token bound to its certificate, which introspection shows and revocation ends', async () => {
    const server = tokenEndpointWorld;
    const token = await fetchToken(server);
    const introspect = async () =>
      postForm(server.endpoints.introspection_endpoint, tls, await goodForm(server, 'introspection_endpoint', token));
    const { json } = await introspect();
    assert.equal(json.active, true);
    assert.equal(json.client_id, server.clients.privateKeyJwt.client_id);
    assert.match((json.cnf as Record<string, string>)['x5t#S256'] ?? '', /^[\w-]{43}$/);
    await postForm(server.endpoints.revocation_endpoint, tls, await goodForm(server, 'revocation_endpoint', token));
    assert.deepEqual((await introspect()).json, { active: false });
  });

  test('may be up to 60 seconds ahead of the server', async () => {
    const ahead = { iat: now() + 50, nbf: now() + 50, exp: now() + 650 };
    const assertion = await signWithJose(goodHeader(), { ...goodClaims(tokenEndpointWorld), ...ahead });
    const form = { ...formFor(tokenEndpointWorld, 'token_endpoint'), ...withAssertion(tokenEndpointWorld, assertion) };
    assert.equal((await postForm(tokenEndpointWorld.endpoints.token_endpoint, tls, form)).status, 200);
  });
});

describe('a client registered for tls_client_auth', () => {
  test('is accepted at all four endpoints with its client_id and its certificate', async () => {
    const server = tokenEndpointWorld;
    const { client_id } = server.clients.tlsClientAuth;
    const seen = server.verified.length;
    for (const endpoint of endpointNames) {
      const form = { ...formFor(server, endpoint, undefined, client_id), client_id };
      const answer = await postForm(server.endpoints[endpoint], tls, form);
      assert.ok(answer.status < 300, `${endpoint}: ${answer.status} ${JSON.stringify(answer.json)}`);
    }
    for (const entry of server.verified.slice(seen)) {
      assert.equal(entry.method, 'tls_client_auth');
      assert.equal(entry.kid, undefined);
      assert.equal(entry.client_id, client_id);
    }
    assert.equal(server.verified.length, seen + 4);
  });

  test('is refused with another subject from the same CA', async () => {
    const { issueClientCertificate } = credentials.authority;
    const other = await issueClientCertificate({ ...transportSubject, commonName: 'someone-else.example.my' });
    const form = { ...formFor(issuerWorld, 'token_endpoint'), client_id: issuerWorld.clients.tlsClientAuth.client_id };
    const answer = await postForm(issuerWorld.endpoints.token_endpoint, { ...tls, ...other }, form);
    assert.equal(answer.status, 401);
    assert.match(issuerWorld.refusals.at(-1)?.reason ?? '', /subject value does not match/);
  });

  test('is refused when its form holds a client assertion, or what is left of one', async () => {
    const server = issuerWorld;
    const form = { ...formFor(server, 'token_endpoint'), client_id: server.clients.tlsClientAuth.client_id };
    const assertion = await signWithJose(goodHeader(), goodClaims(server));
    for (const extra of [
      { client_assertion: assertion },
      { client_assertion_type: assertionType },
      { client_assertion: '' },
    ]) {
      const answer = await postForm(server.endpoints.token_endpoint, tls, { ...form, ...extra } as never);
      assert.equal(answer.status, 401);
      assert.match(server.refusals.at(-1)?.reason ?? '', /must not be there with tls_client_auth/);
    }
  });
});

describe('a connection', () => {
  const tryToken = async (certificate: Partial<Tls>) => {
    const form = await goodForm(issuerWorld, 'token_endpoint');
    return postForm(issuerWorld.endpoints.token_endpoint, { ca: credentials.authority.cert, ...certificate }, form);
  };

  test('without a client certificate is refused before any request is read', async () => {
    const seen = issuerWorld.requests.length;
    await assert.rejects(tryToken({}));
    assert.equal(issuerWorld.requests.length, seen);
    assert.equal(issuerWorld.refusals.at(-1)?.endpoint, 'TLS');
  });

  test('with the right subject from another CA is refused before any request is read', async () => {
    const seen = issuerWorld.requests.length;
    const impostor = await (await createCertificateAuthority()).issueClientCertificate(transportSubject);
    await assert.rejects(tryToken(impostor));
    assert.equal(issuerWorld.requests.length, seen);
    assert.equal(issuerWorld.refusals.at(-1)?.endpoint, 'TLS');
  });
});

describe('an assertion is refused', () => {
  const bent: [name: string, claims: (server: AuthorizationServer) => object, reason: RegExp][] = [
    ['with aud in an array', ({ audience }) => ({ aud: [audience] }), /aud must be one string/],
    ['with aud and another aud in an array', ({ audience, issuer }) => ({ aud: [audience, issuer] }), /one string/],
    ['with a slash behind aud', ({ audience }) => ({ aud: `${audience}/` }), /aud/],
    ['with the endpoint called as aud', ({ endpoints }) => ({ aud: endpoints.revocation_endpoint }), /aud/],
    ['with aud of another server', () => ({ aud: 'https://as.example.com/token' }), /aud/],
    ['without aud', () => ({ aud: undefined }), /aud/],
    ['without iss', () => ({ iss: undefined }), /iss/],
    ['with another iss', () => ({ iss: 'someone' }), /iss/],
    ['without jti', () => ({ jti: undefined }), /jti/],
    ['with a number as jti', () => ({ jti: 7 }), /jti/],
    ['without exp', () => ({ exp: undefined }), /expiration/],
    ['with exp as text', () => ({ exp: String(now() + 600) }), /invalid exp/],
    ['with exp in milliseconds', () => ({ exp: Date.now() + 600_000 }), /exp is more than 600 seconds ahead/],
    ['with exp a day ahead', () => ({ exp: now() + 86_400 }), /exp is more than 600 seconds ahead/],
    ['with a lifetime of 601 seconds', () => ({ exp: now() + 600, iat: now() - 1 }), /1 to 600 seconds after iat/],
    ['with exp as a fraction', () => ({ exp: now() + 300.5 }), /whole seconds/],
    ['when it has expired', () => ({ iat: now() - 601, exp: now() - 1 }), /expired/],
    ['without iat', () => ({ iat: undefined }), /iat/],
    ['with iat as a fraction', () => ({ iat: now() - 0.5 }), /whole seconds/],
    ['with iat 70 seconds ahead', () => ({ iat: now() + 70 }), /iat is more than 60 seconds in the future/],
    ['with nbf 70 seconds ahead', () => ({ nbf: now() + 70 }), /not active yet/],
  ];
  for (const [name, change, reason] of bent) {
    test(name, async () => {
      const claims = { ...goodClaims(tokenEndpointWorld), ...change(tokenEndpointWorld) };
      assert.match(await refusalOf(await signWithJose(goodHeader(), claims)), reason);
    });
  }

  test('with the issuer as aud by the server that takes the token endpoint', async () => {
    const claims = { ...goodClaims(tokenEndpointWorld), aud: tokenEndpointWorld.issuer };
    assert.match(await refusalOf(await signWithJose(goodHeader(), claims)), /aud must be .*\/token, got/);
  });

  test('with the token endpoint as aud by the server that takes the issuer', async () => {
    const claims = { ...goodClaims(issuerWorld), aud: issuerWorld.endpoints.token_endpoint };
    assert.match(
      await refusalOf(await signWithJose(goodHeader(), claims), issuerWorld),
      /aud must be .*, got .*\/token$/,
    );
  });

  test('with aud made of the Host that the request names', async () => {
    const host = 'as.example.com';
    const claims = { ...goodClaims(tokenEndpointWorld), aud: `https://${host}/token` };
    const assertion = await signWithJose(goodHeader(), claims);
    const form = { ...formFor(tokenEndpointWorld, 'token_endpoint'), ...withAssertion(tokenEndpointWorld, assertion) };
    assert.equal((await postForm(tokenEndpointWorld.endpoints.token_endpoint, tls, form, { host })).status, 401);
  });

  test('with sub unequal to client_id', async () => {
    const claims = { ...goodClaims(tokenEndpointWorld), sub: tokenEndpointWorld.clients.tlsClientAuth.client_id };
    const assertion = await signWithJose(goodHeader(), claims);
    const form = { ...formFor(tokenEndpointWorld, 'token_endpoint'), ...withAssertion(tokenEndpointWorld, assertion) };
    const answer = await postForm(tokenEndpointWorld.endpoints.token_endpoint, tls, form);
    assert.equal(answer.status, 400);
    assert.match(tokenEndpointWorld.refusals.at(-1)?.reason ?? '', /client_id mismatch/);
  });

  test('without sub', async () => {
    const claims = { ...goodClaims(tokenEndpointWorld), sub: undefined };
    assert.match(await refusalOf(await signWithJose(goodHeader(), claims)), /sub/);
  });

  test('the second time, also at another endpoint', async () => {
    for (const endpoint of endpointNames.slice(1)) {
      const assertion = await signWithJose(goodHeader(), goodClaims(tokenEndpointWorld));
      const form = {
        ...formFor(tokenEndpointWorld, 'token_endpoint'),
        ...withAssertion(tokenEndpointWorld, assertion),
      };
      assert.equal((await postForm(tokenEndpointWorld.endpoints.token_endpoint, tls, form)).status, 200);
      assert.match(await refusalOf(assertion, tokenEndpointWorld, endpoint), /only be used once/);
    }
  });

  test('all but once when it is sent to every endpoint at the same moment', async () => {
    const server = tokenEndpointWorld;
    const assertion = await signWithJose(goodHeader(), goodClaims(server));
    const answers = await Promise.all(
      endpointNames.map(endpoint => {
        const form = { ...formFor(server, endpoint), ...withAssertion(server, assertion) };
        return postForm(server.endpoints[endpoint], tls, form);
      }),
    );
    assert.equal(answers.filter(({ status }) => status < 300).length, 1);
  });

  for (const alg of ['RS256', 'PS384', 'PS512']) {
    test(`signed with ${alg}`, async () => {
      const assertion = await signWithJose({ ...goodHeader(), alg }, goodClaims(tokenEndpointWorld));
      assert.match(await refusalOf(assertion), /alg mismatch/);
    });
  }

  test('with alg none, and with an HMAC keyed with the client_id', async () => {
    const claims = encode(goodClaims(tokenEndpointWorld));
    assert.match(await refusalOf(`${encode({ alg: 'none' })}.${claims}.`), /alg mismatch/);
    const key = Buffer.from(tokenEndpointWorld.clients.privateKeyJwt.client_id);
    const hmac = await new CompactSign(Buffer.from(claims, 'base64url'))
      .setProtectedHeader({ ...goodHeader(), alg: 'HS256' })
      .sign(key);
    assert.match(await refusalOf(hmac), /alg mismatch/);
  });

  test('with a PKCS#1 v1.5 signature under a PS256 header', async () => {
    const claims = goodClaims(tokenEndpointWorld);
    const assertion = signWithNode(goodHeader(), claims, constants.RSA_PKCS1_PADDING, 0);
    assert.match(await refusalOf(assertion), /signature verification failed/);
  });

  for (const saltLength of [0, 20, 222]) {
    test(`with a salt of ${saltLength} bytes`, async () => {
      const claims = goodClaims(tokenEndpointWorld);
      const assertion = signWithNode(goodHeader(), claims, constants.RSA_PKCS1_PSS_PADDING, saltLength);
      assert.match(await refusalOf(assertion), /signature verification failed/);
    });
  }

  test('not with a salt of 32 bytes', async () => {
    const claims = goodClaims(tokenEndpointWorld);
    const assertion = signWithNode(goodHeader(), claims, constants.RSA_PKCS1_PSS_PADDING, 32);
    const form = { ...formFor(tokenEndpointWorld, 'token_endpoint'), ...withAssertion(tokenEndpointWorld, assertion) };
    assert.equal((await postForm(tokenEndpointWorld.endpoints.token_endpoint, tls, form)).status, 200);
  });

  test('without kid, with an empty, numeric or unknown kid', async () => {
    for (const kid of [undefined, '', 7, 'unknown']) {
      const assertion = await signWithJose(
        { alg: 'PS256', kid } as JWTHeaderParameters,
        goodClaims(tokenEndpointWorld),
      );
      assert.match(await refusalOf(assertion), /kid is missing|no applicable key/);
    }
  });

  test('signed with another key under a known kid', async () => {
    const { privateKey } = await createSigningKey();
    const assertion = await signWithJose(goodHeader(), goodClaims(tokenEndpointWorld), privateKey);
    assert.match(await refusalOf(assertion), /signature verification failed/);
  });

  test('signed with a registered RSA key of 1024 bits', async () => {
    const header = { alg: 'PS256', kid: weakKey.kid };
    const claims = goodClaims(tokenEndpointWorld);
    const assertion = signWithNode(header, claims, constants.RSA_PKCS1_PSS_PADDING, 32, weakKey);
    assert.match(await refusalOf(assertion), /signature verification failed/);
  });

  test('when its payload was changed after signing', async () => {
    const [header, , signature] = (await signWithJose(goodHeader(), goodClaims(tokenEndpointWorld))).split('.');
    const assertion = `${header}.${encode(goodClaims(tokenEndpointWorld))}.${signature}`;
    assert.match(await refusalOf(assertion), /signature verification failed/);
  });
});

describe('a request is refused', () => {
  const endpointUrl = () => tokenEndpointWorld.endpoints.token_endpoint;
  const lastReason = () => tokenEndpointWorld.refusals.at(-1)?.reason ?? '';

  for (const name of ['client_assertion', 'client_assertion_type', 'client_id']) {
    test(`with ${name} twice`, async () => {
      const form = Object.entries(await goodForm(tokenEndpointWorld, 'token_endpoint'));
      const twice = [...form, ...form.filter(([key]) => key === name)];
      assert.equal((await postForm(endpointUrl(), tls, twice)).status >= 400, true);
      assert.match(lastReason(), new RegExp(`${name}'? (parameter )?must not be provided twice`));
    });

    test(`without ${name}`, async () => {
      const form = Object.entries(await goodForm(tokenEndpointWorld, 'token_endpoint'));
      const answer = await postForm(
        endpointUrl(),
        tls,
        form.filter(([key]) => key !== name),
      );
      assert.equal(answer.status >= 400, true);
      assert.match(lastReason(), new RegExp(`${name} (is missing|must be provided)`));
    });
  }

  test('with an assertion and Basic', async () => {
    const { client_id } = tokenEndpointWorld.clients.privateKeyJwt;
    const authorization = `Basic ${Buffer.from(`${client_id}:secret`).toString('base64')}`;
    const form = await goodForm(tokenEndpointWorld, 'token_endpoint');
    assert.equal((await postForm(endpointUrl(), tls, form, { authorization })).status, 400);
    assert.match(lastReason(), /only be provided using one mechanism/);
  });

  test('with a JSON body', async () => {
    const body = JSON.stringify(await goodForm(tokenEndpointWorld, 'token_endpoint'));
    const headers = { 'content-type': 'application/json' };
    assert.equal((await send(endpointUrl(), tls, { method: 'POST', headers, body })).status, 400);
    assert.match(lastReason(), /only application\/x-www-form-urlencoded/);
  });

  test('that only names a client registered for private_key_jwt', async () => {
    const { client_id } = tokenEndpointWorld.clients.privateKeyJwt;
    const form = { ...formFor(tokenEndpointWorld, 'token_endpoint'), client_id };
    assert.equal((await postForm(endpointUrl(), tls, form)).status, 401);
    assert.match(lastReason(), /does not match the registered client authentication method/);
  });
});

describe('a request object', () => {
  const push = async (server: AuthorizationServer, form: Record<string, string>) => {
    const assertion = await signWithJose(goodHeader(), goodClaims(server));
    const url = server.endpoints.pushed_authorization_request_endpoint;
    return postForm(url, tls, { ...withAssertion(server, assertion), ...form });
  };

  const bent: [name: string, header: object, claims: (server: AuthorizationServer) => object, reason: RegExp][] = [
    ['without PKCE', {}, () => ({ code_challenge: undefined }), /code_challenge/],
    ['without iss', {}, () => ({ iss: undefined }), /iss/],
    ['with another iss', {}, () => ({ iss: 'someone' }), /issuer/],
    ['without client_id', {}, () => ({ client_id: undefined }), /client_id/],
    ['with another client_id', {}, () => ({ client_id: 'someone' }), /client_id/],
    ['with the client as sub', {}, ({ clients }) => ({ sub: clients.privateKeyJwt.client_id }), /sub/],
    ['with the token endpoint as aud', {}, ({ endpoints }) => ({ aud: endpoints.token_endpoint }), /audience/],
    ['with aud in an array', {}, ({ issuer }) => ({ aud: [issuer] }), /aud/],
    ['without aud', {}, () => ({ aud: undefined }), /aud/],
    ['without iat', {}, () => ({ iat: undefined }), /iat/],
    ['without nbf', {}, () => ({ nbf: undefined }), /nbf/],
    ['without exp', {}, () => ({ exp: undefined }), /exp/],
    ['with nbf 70 seconds ahead', {}, () => ({ nbf: now() + 70 }), /not active yet/],
    ['with nbf an hour and a minute ago', {}, () => ({ nbf: now() - 3660 }), /nbf/],
    ['more than an hour long', {}, () => ({ exp: now() + 3601 }), /exp/],
    ['when it has expired', {}, () => ({ exp: now() - 1, nbf: now() - 600, iat: now() - 600 }), /expired/],
    ['with a request in it', {}, () => ({ request: 'x' }), /must not contain request/],
    ['without typ', { typ: undefined }, () => ({}), /typ/],
    ['with typ JWT', { typ: 'JWT' }, () => ({}), /typ/],
    ['with an unknown kid', { kid: 'unknown' }, () => ({}), /no applicable key/],
    ['signed with PS384', { alg: 'PS384' }, () => ({}), /alg/],
    ['signed with RS256', { alg: 'RS256' }, () => ({}), /alg/],
  ];
  for (const [name, header, change, reason] of bent) {
    test(`is refused ${name}`, async () => {
      const server = tokenEndpointWorld;
      const claims = { ...goodRequestClaims(server), ...change(server) };
      const request = await signWithJose({ ...goodRequestHeader(), ...header }, claims);
      const answer = await push(server, { request });
      assert.equal(answer.status, 400, JSON.stringify(answer.json));
      assert.match(server.refusals.at(-1)?.reason ?? '', reason);
    });
  }

  test('is refused unsigned, signed by another key, and changed after signing', async () => {
    const claims = goodRequestClaims(issuerWorld);
    const [header, , signature] = (await signWithJose(goodRequestHeader(), claims)).split('.');
    const { privateKey } = await createSigningKey();
    for (const request of [
      `${encode({ alg: 'none', typ: 'oauth-authz-req+jwt' })}.${encode(claims)}.`,
      await signWithJose(goodRequestHeader(), claims, privateKey),
      `${header}.${encode({ ...claims, scope: 'profile' })}.${signature}`,
    ]) {
      assert.equal((await push(issuerWorld, { request })).status, 400);
    }
  });

  test('is what every pushed authorization request needs, by both methods', async () => {
    const server = issuerWorld;
    const { iss: _iss, aud: _aud, iat: _iat, nbf: _nbf, exp: _exp, jti: _jti, ...plain } = goodRequestClaims(server);
    const answer = await push(server, plain);
    assert.equal(answer.status, 400);
    assert.match(server.refusals.at(-1)?.reason ?? '', /Request Object must be used/);
    const { client_id } = server.clients.tlsClientAuth;
    const url = server.endpoints.pushed_authorization_request_endpoint;
    assert.equal((await postForm(url, tls, { ...plain, client_id })).status, 400);
    assert.match(server.refusals.at(-1)?.reason ?? '', /Request Object must be used/);
  });

  test('cannot be used as a client assertion', async () => {
    const request = await signWithJose(goodRequestHeader(), goodRequestClaims(issuerWorld));
    assert.match(await refusalOf(request, issuerWorld), /sub/);
  });
});

describe("a user's consent", () => {
  const authorize = async (server: AuthorizationServer) => {
    const form = await goodForm(server, 'pushed_authorization_request_endpoint');
    const { json } = await postForm(server.endpoints.pushed_authorization_request_endpoint, tls, form);
    const { client_id } = server.clients.privateKeyJwt;
    const query = new URLSearchParams({ client_id, request_uri: String(json.request_uri) });
    const answer = await send(`${server.authorizationEndpoint}?${query}`, { ca: tls.ca }, {});
    return { answer, query };
  };
  const grant = async (server: AuthorizationServer, form: Record<string, string>) => {
    const assertion = await signWithJose(goodHeader(), goodClaims(server));
    return postForm(server.endpoints.token_endpoint, tls, { ...withAssertion(server, assertion), ...form });
  };

  test('is given at once, and becomes a code, an access token bound to the certificate, and a refresh token', async () => {
    const server = issuerWorld;
    const { answer } = await authorize(server);
    assert.equal(answer.status, 303);
    const location = new URL(answer.headers.location ?? '');
    assert.equal(location.origin + location.pathname, server.redirectUri);
    assert.equal(location.searchParams.get('iss'), server.issuer);
    assert.equal(location.searchParams.get('state'), 'a-state');
    const form = {
      grant_type: 'authorization_code',
      code: location.searchParams.get('code') ?? '',
      redirect_uri: server.redirectUri,
      code_verifier: codeVerifier,
    };
    assert.equal((await grant(server, { ...form, code_verifier: `${codeVerifier}x` })).status, 400);
    const { answer: second } = await authorize(server);
    form.code = new URL(second.headers.location ?? '').searchParams.get('code') ?? '';
    const tokens = await grant(server, form);
    assert.equal(tokens.status, 200, JSON.stringify(tokens.json));
    const call = (token: unknown, certificate: Partial<Tls> = {}) =>
      send(server.providersUrl, { ...tls, ...certificate }, { headers: { authorization: `Bearer ${token}` } });
    assert.equal((await call(tokens.json.access_token)).status, 200);
    const other = await credentials.authority.issueClientCertificate(transportSubject);
    assert.equal((await call(tokens.json.access_token, other)).status, 401);

    const refresh = { grant_type: 'refresh_token', refresh_token: String(tokens.json.refresh_token) };
    const refreshed = await grant(server, refresh);
    assert.equal(refreshed.status, 200, JSON.stringify(refreshed.json));
    assert.notEqual(refreshed.json.access_token, tokens.json.access_token);
    const revocation = await signWithJose(goodHeader(), goodClaims(server));
    const token = String(refreshed.json.refresh_token ?? refresh.refresh_token);
    await postForm(server.endpoints.revocation_endpoint, tls, { ...withAssertion(server, revocation), token });
    assert.equal((await call(refreshed.json.access_token)).status, 401);
    assert.equal((await grant(server, { ...refresh, refresh_token: token })).status, 400);
  });

  test('is asked for by a pushed request alone, once', async () => {
    const server = issuerWorld;
    const { query } = await authorize(server);
    const again = await send(`${server.authorizationEndpoint}?${query}`, { ca: tls.ca }, {});
    assert.equal(again.headers.location?.includes('code=') ?? false, false);
    const { iss: _iss, aud: _aud, iat: _iat, nbf: _nbf, exp: _exp, jti: _jti, ...plain } = goodRequestClaims(server);
    const bare = await send(`${server.authorizationEndpoint}?${new URLSearchParams(plain)}`, { ca: tls.ca }, {});
    assert.equal(bare.headers.location?.includes('code=') ?? false, false);
  });
});

describe('the metadata', () => {
  const discover = async (server: AuthorizationServer, headers = {}) =>
    (await send(`${server.issuer}/.well-known/openid-configuration`, { ca: tls.ca }, { headers })).json;

  test('needs no certificate and names the endpoints on the port with mutual TLS, whatever Host the request names', async () => {
    const metadata = await discover(tokenEndpointWorld, { host: 'as.example.com' });
    assert.equal(metadata.issuer, tokenEndpointWorld.issuer);
    for (const name of endpointNames) assert.equal(metadata[name], tokenEndpointWorld.endpoints[name]);
    assert.equal(metadata.jwks_uri, `${tokenEndpointWorld.issuer}/jwks`);
    assert.notEqual(new URL(tokenEndpointWorld.issuer).port, new URL(tokenEndpointWorld.endpoints.token_endpoint).port);
    assert.deepEqual(metadata.token_endpoint_auth_methods_supported, ['private_key_jwt', 'tls_client_auth']);
    assert.deepEqual(metadata.token_endpoint_auth_signing_alg_values_supported, ['PS256']);
    assert.equal(metadata.tls_client_certificate_bound_access_tokens, true);
    assert.equal(metadata.mtls_endpoint_aliases, undefined);
  });

  test('can name the endpoints in mtls_endpoint_aliases, and the other names then refuse', async () => {
    const metadata = await discover(aliasWorld);
    assert.deepEqual(metadata.mtls_endpoint_aliases, aliasWorld.endpoints);
    for (const name of endpointNames) assert.equal(new URL(String(metadata[name])).origin, aliasWorld.issuer);
    const form = await goodForm(aliasWorld, 'token_endpoint');
    assert.equal((await postForm(String(metadata.token_endpoint), { ca: tls.ca }, form)).status, 401);
    assert.match(aliasWorld.refusals.at(-1)?.reason ?? '', /mutual TLS is required/);
  });

  test('makes both names of the token endpoint the audience when there are aliases, and nothing else', async () => {
    const mainName = String((await discover(aliasWorld)).token_endpoint);
    for (const aud of [mainName, aliasWorld.endpoints.token_endpoint]) {
      const assertion = await signWithJose(goodHeader(), { ...goodClaims(aliasWorld), aud });
      const form = { ...formFor(aliasWorld, 'token_endpoint'), ...withAssertion(aliasWorld, assertion) };
      assert.equal((await postForm(aliasWorld.endpoints.token_endpoint, tls, form)).status, 200);
    }
    const claims = { ...goodClaims(aliasWorld), aud: aliasWorld.issuer };
    assert.match(await refusalOf(await signWithJose(goodHeader(), claims), aliasWorld), /aud must be/);
  });

  test('is not served on the port with mutual TLS, nor endpoints on the port of the issuer', async () => {
    const url = `${tokenEndpointWorld.resourceServerUrl}/.well-known/openid-configuration`;
    assert.equal((await send(url, tls)).status, 404);
    assert.equal((await postForm(`${tokenEndpointWorld.issuer}/token`, tls, {})).status, 404);
  });
});

for (const [name, clockOffset] of [
  ['an hour ahead', 3600],
  ['an hour behind', -3600],
] as const) {
  test(`a server whose clock is ${name} takes an assertion made for its clock and no other`, async t => {
    const server = await startAuthorizationServer({ audience: 'issuer', credentials, clockOffset });
    t.after(server.close);
    const reason = clockOffset > 0 ? /expired/ : /iat is more than 60 seconds in the future/;
    assert.match(await refusalOf(await signWithJose(goodHeader(), goodClaims(server)), server), reason);
    const claims = { ...goodClaims(server), iat: now() + clockOffset, exp: now() + clockOffset + 600 };
    const form = {
      ...formFor(server, 'token_endpoint'),
      ...withAssertion(server, await signWithJose(goodHeader(), claims)),
    };
    assert.equal((await postForm(server.endpoints.token_endpoint, tls, form)).status, 200);
  });
}

describe('the API', () => {
  const callApi = (authorization: string, certificate: Partial<Tls> = {}, query = '') =>
    send(tokenEndpointWorld.providersUrl + query, { ...tls, ...certificate }, { headers: { authorization } });

  test('answers a bearer token on the connection of its certificate', async () => {
    const answer = await callApi(`Bearer ${await fetchToken(tokenEndpointWorld)}`);
    assert.equal(answer.status, 200);
    assert.equal(Array.isArray(answer.json.data), true);
  });

  test('refuses a token on the connection of another certificate, an unknown token, and no token', async () => {
    const other = await credentials.authority.issueClientCertificate(transportSubject);
    assert.equal((await callApi(`Bearer ${await fetchToken(tokenEndpointWorld)}`, other)).status, 401);
    assert.equal((await callApi('Bearer unknown')).status, 401);
    assert.equal((await callApi('')).status, 401);
  });

  test('refuses a request that carries a client assertion', async () => {
    const token = await fetchToken(tokenEndpointWorld);
    assert.equal((await callApi(`Bearer ${token}`, {}, '?client_assertion=x')).status, 400);
    assert.match(tokenEndpointWorld.refusals.at(-1)?.reason ?? '', /client assertion was sent to an API/);
  });
});

test('every request is on record as it came, and its x-fapi-interaction-id comes back', async () => {
  const id = randomUUID();
  const form = await goodForm(tokenEndpointWorld, 'token_endpoint');
  const answer = await postForm(tokenEndpointWorld.endpoints.token_endpoint, tls, form, {
    'x-fapi-interaction-id': id,
  });
  assert.equal(answer.headers['x-fapi-interaction-id'], id);
  const request = tokenEndpointWorld.requests.at(-1);
  assert.equal(request?.method, 'POST');
  assert.equal(request?.port, 'mtls');
  assert.equal(request?.path, '/token');
  assert.equal(request?.contentType, 'application/x-www-form-urlencoded');
  assert.equal(request?.headers['x-fapi-interaction-id'], id);
  assert.deepEqual(Object.fromEntries(new URLSearchParams(request?.body)), form);
  assert.equal(request?.certificateSubject, 'CN=transport.dc-demo.example.my,O=Contoh Data Sdn Bhd,C=MY');
});
