// The embedded authorization server as a strict judge of client authentication: what jose or node:crypto made, never our own
// signer, is accepted at every endpoint by both methods and in both audience worlds. What it refuses is in
// refused-authentication.test.ts.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import {
  type AuthorizationServer,
  type EndpointName,
  startAuthorizationServer,
} from '../../src/demo/authorization-server.ts';
import {
  type Credentials,
  createCertificateAuthority,
  createCredentials,
  type KeyedCertificate,
  transportSubject,
} from '../../src/demo/certificates.ts';
import {
  assertionType,
  createAssertion,
  createForm,
  endpointNames,
  goodClaims,
  goodForm,
  goodHeader,
  now,
  signWithNode,
  withAssertion,
} from '../support/forgeries.ts';
import { postForm, send, type Tls } from '../support/https-client.ts';
import { assertAccepted, assertRefused, submit, tlsOf } from '../support/submissions.ts';

let credentials: Credentials;
let foreignCertificate: KeyedCertificate;
let tokenEndpointWorld: AuthorizationServer;
let issuerWorld: AuthorizationServer;
let aliasWorld: AuthorizationServer;
let tls: Tls;

before(async () => {
  credentials = await createCredentials();
  [tokenEndpointWorld, issuerWorld, aliasWorld] = await Promise.all([
    startAuthorizationServer({ audience: 'token_endpoint', credentials }),
    startAuthorizationServer({ audience: 'issuer', credentials }),
    startAuthorizationServer({ audience: 'token_endpoint', credentials, mtlsEndpointAliases: true }),
  ]);
  tls = tlsOf(tokenEndpointWorld);
  const subject = { ...transportSubject, commonName: 'someone-else.example.my' };
  foreignCertificate = await credentials.authority.issueClientCertificate(subject);
});

after(() => Promise.all([tokenEndpointWorld, issuerWorld, aliasWorld].map(server => server.close())));

async function fetchToken(server: AuthorizationServer) {
  const answer = await submit(server, 'token_endpoint', { form: await goodForm(server, 'token_endpoint') });
  return String(answer.json.access_token);
}

/** A token request whose assertion has what is changed in its claims. */
const formWith = async (server: AuthorizationServer, claims: object) => ({
  ...(await createForm(server, 'token_endpoint')),
  ...withAssertion(server, await createAssertion(server, claims)),
});

describe('a client with a good assertion', () => {
  for (const world of ['token_endpoint', 'issuer'] as const) {
    test(`is accepted at all four endpoints by the server that takes aud = ${world}`, async () => {
      const server = world === 'issuer' ? issuerWorld : tokenEndpointWorld;
      const seen = server.verified.length;
      const token = await fetchToken(server);
      for (const endpoint of endpointNames.slice(1)) {
        await assertAccepted(server, endpoint, { form: await goodForm(server, endpoint, token) });
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

  // FAPI2SPFinalPAREnsureJWTClientAssertionWithIatNbf8SecondsInTheFutureIsAccepted
  for (const seconds of [8, 50]) {
    test(`may be ${seconds} seconds ahead of the server, at every endpoint`, async () => {
      const ahead = now() + seconds;
      for (const endpoint of endpointNames) {
        const assertion = await createAssertion(issuerWorld, { iat: ahead, nbf: ahead, exp: ahead + 600 });
        const form = { ...(await createForm(issuerWorld, endpoint)), ...withAssertion(issuerWorld, assertion) };
        await assertAccepted(issuerWorld, endpoint, { form });
      }
    });
  }
});

describe('a client registered for tls_client_auth', () => {
  const formOf = async (server: AuthorizationServer, endpoint: EndpointName) => {
    const { client_id } = server.clients.tlsClientAuth;
    return { ...(await createForm(server, endpoint, undefined, client_id)), client_id };
  };

  test('is accepted at all four endpoints with its client_id and its certificate', async () => {
    const server = tokenEndpointWorld;
    const seen = server.verified.length;
    for (const endpoint of endpointNames) {
      await assertAccepted(server, endpoint, { form: await formOf(server, endpoint) });
    }
    for (const entry of server.verified.slice(seen)) {
      assert.equal(entry.method, 'tls_client_auth');
      assert.equal(entry.kid, undefined);
      assert.equal(entry.client_id, server.clients.tlsClientAuth.client_id);
    }
    assert.equal(server.verified.length, seen + 4);
  });

  test('is refused with another subject from the same CA', async () => {
    for (const endpoint of endpointNames) {
      const request = { form: await formOf(issuerWorld, endpoint), certificate: foreignCertificate };
      await assertRefused(issuerWorld, endpoint, request, /certificate subject value does not match/);
    }
  });

  test('is refused when its form holds a client assertion, or what is left of one', async () => {
    const server = issuerWorld;
    const assertion = await createAssertion(server);
    const ids = { iss: server.clients.tlsClientAuth.client_id, sub: server.clients.tlsClientAuth.client_id };
    for (const endpoint of endpointNames) {
      for (const extra of [
        { client_assertion: assertion },
        { client_assertion_type: assertionType },
        { client_assertion: '' },
        { client_assertion: await createAssertion(server, ids), client_assertion_type: assertionType },
      ] as Record<string, string>[]) {
        const request = { form: { ...(await formOf(server, endpoint)), ...extra } };
        await assertRefused(server, endpoint, request, /must not be there with tls_client_auth/);
      }
    }
  });
});

describe('a connection', () => {
  const tryToken = async (certificate: Partial<Tls>) => {
    const form = await goodForm(issuerWorld, 'token_endpoint');
    return postForm(issuerWorld.endpoints.token_endpoint, { ca: credentials.authority.cert, ...certificate }, form);
  };

  // FAPI2SPFinalEnsureHolderOfKeyRequired
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

describe('an assertion', () => {
  test('is accepted when node:crypto made it with a salt of 32 bytes', async () => {
    const server = tokenEndpointWorld;
    for (const endpoint of endpointNames) {
      const assertion = signWithNode(goodHeader(server), goodClaims(server), credentials.signingKey.privateKey);
      const form = { ...(await createForm(server, endpoint)), ...withAssertion(server, assertion) };
      await assertAccepted(server, endpoint, { form });
    }
  });

  test('is refused the second time, there and at the next endpoint', async () => {
    const server = tokenEndpointWorld;
    for (const [index, first] of endpointNames.entries()) {
      const next = endpointNames[(index + 1) % endpointNames.length] as EndpointName;
      for (const second of [first, next]) {
        const authentication = withAssertion(server, await createAssertion(server));
        await assertAccepted(server, first, { form: { ...(await createForm(server, first)), ...authentication } });
        const again = { form: { ...(await createForm(server, second)), ...authentication } };
        await assertRefused(server, second, again, /only be used once/);
      }
    }
  });

  test('is refused the second time with other claims, when its jti is the same', async () => {
    const server = tokenEndpointWorld;
    const jti = randomUUID();
    const formOf = async (change: object) => ({
      ...(await createForm(server, 'token_endpoint')),
      ...withAssertion(server, await createAssertion(server, { jti, ...change })),
    });
    await assertAccepted(server, 'token_endpoint', { form: await formOf({}) });
    const again = { form: await formOf({ exp: now() + 300 }) };
    await assertRefused(server, 'token_endpoint', again, /only be used once/);
  });

  test('is refused all but once when it is sent to every endpoint at the same moment', async () => {
    const server = tokenEndpointWorld;
    const authentication = withAssertion(server, await createAssertion(server));
    const answers = await Promise.all(
      endpointNames.map(async endpoint =>
        submit(server, endpoint, { form: { ...(await createForm(server, endpoint)), ...authentication } }),
      ),
    );
    assert.equal(answers.filter(({ status }) => status < 300).length, 1);
  });
});

describe('a request', () => {
  test('is refused with a JSON body', async () => {
    for (const endpoint of endpointNames) {
      const body = JSON.stringify(await goodForm(tokenEndpointWorld, endpoint));
      const headers = { 'content-type': 'application/json' };
      const answer = await send(tokenEndpointWorld.endpoints[endpoint], tls, { method: 'POST', headers, body });
      assert.equal(answer.status, 400);
      assert.match(tokenEndpointWorld.refusals.at(-1)?.reason ?? '', /only application\/x-www-form-urlencoded/);
    }
  });

  // FAPI2SPFinalPARRejectInvalidHttpVerb
  test('is refused with another method than POST', async () => {
    const seen = tokenEndpointWorld.verified.length;
    for (const endpoint of endpointNames) {
      const body = new URLSearchParams(await goodForm(tokenEndpointWorld, endpoint)).toString();
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
        const answer = await send(tokenEndpointWorld.endpoints[endpoint], tls, { method, headers, body });
        assert.equal(answer.status >= 400 && answer.status < 500, true, `${method} ${endpoint}: ${answer.status}`);
      }
    }
    assert.equal(tokenEndpointWorld.verified.length, seen);
  });

  test('is refused with grant_type, scope, request or token twice', async () => {
    const names: [EndpointName, string][] = [
      ['token_endpoint', 'grant_type'],
      ['token_endpoint', 'scope'],
      ['pushed_authorization_request_endpoint', 'request'],
      ['introspection_endpoint', 'token'],
      ['revocation_endpoint', 'token'],
    ];
    for (const [endpoint, name] of names) {
      const form = await goodForm(tokenEndpointWorld, endpoint);
      const twice = [...Object.entries<string>(form), [name, String(Object(form)[name])]] as [string, string][];
      await assertRefused(
        tokenEndpointWorld,
        endpoint,
        { form: twice },
        new RegExp(`${name}.* must not be provided twice`),
        400,
      );
    }
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
      await assertAccepted(aliasWorld, 'token_endpoint', { form: await formWith(aliasWorld, { aud }) });
    }
    const form = await formWith(aliasWorld, { aud: aliasWorld.issuer });
    await assertRefused(aliasWorld, 'token_endpoint', { form }, /aud must be/);
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
    await assertRefused(server, 'token_endpoint', { form: await formWith(server, {}) }, reason);
    const iat = now() + clockOffset;
    const early = await formWith(server, { iat, nbf: iat + 70, exp: iat + 600 });
    await assertRefused(server, 'token_endpoint', { form: early }, /nbf is more than 60 seconds|not active yet/);
    await assertAccepted(server, 'token_endpoint', { form: await formWith(server, { iat, exp: iat + 600 }) });
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
  const answer = await submit(tokenEndpointWorld, 'token_endpoint', {
    form,
    query: '?a=b&c',
    headers: { 'x-fapi-interaction-id': id },
  });
  assert.equal(answer.headers['x-fapi-interaction-id'], id);
  const request = tokenEndpointWorld.requests.at(-1);
  assert.equal(request?.method, 'POST');
  assert.equal(request?.port, 'mtls');
  assert.equal(request?.path, '/token');
  assert.equal(request?.query, 'a=b&c');
  assert.equal(Math.abs((request?.receivedAt ?? 0) - Date.now() / 1000) < 60, true);
  assert.equal(request?.contentType, 'application/x-www-form-urlencoded');
  assert.equal(request?.headers['x-fapi-interaction-id'], id);
  assert.deepEqual(Object.fromEntries(new URLSearchParams(request?.body)), form);
  assert.equal(request?.certificateSubject, 'CN=transport.dc-demo.example.my,O=Contoh Data Sdn Bhd,C=MY');
});
