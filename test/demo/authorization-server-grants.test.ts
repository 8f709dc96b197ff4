// The embedded authorization server as a strict judge of what follows the user's consent: codes, refresh tokens, and the tokens
// of another client. What has a fault is refused for that reason, while the same request without it is accepted. After the
// modules that the OpenID Foundation's conformance suite has for servers (net.openid.conformance.fapi2spfinal); where one is
// behind a test, its name is above it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type AuthorizationServer, startAuthorizationServer } from '../../src/demo/authorization-server.ts';
import { type Credentials, createCredentials, transportSubject } from '../../src/demo/certificates.ts';
import { startClock } from '../support/clock.ts';
import { createFlow } from '../support/flow.ts';
import { codeVerifier } from '../support/forgeries.ts';
import { postForm } from '../support/https-client.ts';
import { tlsOf } from '../support/submissions.ts';

let credentials: Credentials;
let server: AuthorizationServer;

before(async () => {
  credentials = await createCredentials();
  server = await startAuthorizationServer({ audience: 'issuer', credentials });
});
after(() => server.close());

const {
  authenticationOf,
  post,
  assertRefused,
  assertAccepted,
  fetchCode,
  codeForm,
  refreshForm,
  fetchTokens,
  callApi,
} = createFlow(() => server);

describe('a code', () => {
  test('becomes an access token bound to the certificate, and a refresh token', async () => {
    const { access_token, refresh_token } = await fetchTokens();
    assert.equal((await callApi(access_token)).status, 200);
    const other = await credentials.authority.issueClientCertificate(transportSubject);
    assert.equal((await callApi(access_token, other)).status, 401);
    assert.equal(typeof refresh_token, 'string');
  });

  const faulty: [name: string, change: () => Record<string, string>, error: string, reason: RegExp][] = [
    // FAPI2SPFinalPAREnsurePKCECodeVerifierRequired, FAPI2SPFinalPARIncorrectPKCECodeVerifierRejected
    ['without code_verifier', () => ({ code_verifier: '' }), 'invalid_grant', /code_verifier must be provided/],
    [
      'with another code_verifier',
      () => ({ code_verifier: `${codeVerifier}x` }),
      'invalid_grant',
      /code_verifier does not match/,
    ],
    ['without redirect_uri', () => ({ redirect_uri: '' }), 'invalid_request', /redirect_uri/],
    [
      'with another redirect_uri',
      () => ({ redirect_uri: `${server.redirectUri}/` }),
      'invalid_grant',
      /redirect_uri mismatch/,
    ],
    ['that nobody was given', () => ({ code: 'unknown' }), 'invalid_grant', /code not found/],
    ['without itself', () => ({ code: '' }), 'invalid_request', /code/],
  ];
  for (const [name, change, error, reason] of faulty) {
    test(`is refused ${name}, and still good for the client`, async () => {
      const form = codeForm(await fetchCode());
      assertRefused(await post('token_endpoint', { ...form, ...change() }), error, reason);
      assertAccepted(await post('token_endpoint', form));
    });
  }

  // FAPI2SPFinalEnsureAuthorizationCodeIsBoundToClient
  for (const [owner, other] of [
    ['private_key_jwt', 'tls_client_auth'],
    ['tls_client_auth', 'private_key_jwt'],
  ] as const) {
    test(`of the client with ${owner} is refused for the client with ${other}`, async () => {
      const form = codeForm(await fetchCode(owner));
      assertRefused(await post('token_endpoint', form, other), 'invalid_grant', /client mismatch/);
      assertAccepted(await post('token_endpoint', form, owner));
    });
  }

  // FAPI2SPFinalAttemptReuseAuthorizationCodeAfterOneSecond
  test('is refused the second time, and what it became is gone', async () => {
    const form = codeForm(await fetchCode());
    const { json } = await post('token_endpoint', form);
    assert.equal((await callApi(json.access_token)).status, 200);
    assertRefused(await post('token_endpoint', form), 'invalid_grant', /already consumed|already used/);
    assert.equal((await callApi(json.access_token)).status, 401);
    assertRefused(await post('token_endpoint', refreshForm(json.refresh_token)), 'invalid_grant', /not found/);
  });

  // FAPI2SPFinalAttemptToUseExpiredAuthCode
  test('is refused after a minute', async t => {
    const tick = startClock(t);
    const [kept, late] = [await fetchCode(), await fetchCode()];
    tick(58);
    assertAccepted(await post('token_endpoint', codeForm(kept)));
    tick(3);
    assertRefused(await post('token_endpoint', codeForm(late)), 'invalid_grant', /code is expired/);
  });
});

// FAPI2SPFinalRefreshToken
describe('a refresh token', () => {
  test('becomes another access token, and is gone when it is revoked, with all that came of it', async () => {
    const { access_token, refresh_token } = await fetchTokens();
    const refreshed = await post('token_endpoint', refreshForm(refresh_token));
    assertAccepted(refreshed);
    assert.notEqual(refreshed.json.access_token, access_token);
    await post('revocation_endpoint', { token: String(refreshed.json.refresh_token) });
    assert.equal((await callApi(refreshed.json.access_token)).status, 401);
    assertRefused(await post('token_endpoint', refreshForm(refresh_token)), 'invalid_grant', /not found/);
  });

  test('of another client is refused', async () => {
    const { refresh_token } = await fetchTokens('tls_client_auth');
    assertRefused(await post('token_endpoint', refreshForm(refresh_token)), 'invalid_grant', /client mismatch/);
    assertAccepted(await post('token_endpoint', refreshForm(refresh_token), 'tls_client_auth'));
  });

  test('is refused for a wider scope', async () => {
    const form = refreshForm((await fetchTokens()).refresh_token);
    const scope = 'accounts profile';
    assertRefused(await post('token_endpoint', { ...form, scope }), 'invalid_scope', /missing requested scope/);
    assertAccepted(await post('token_endpoint', form));
  });

  test('is refused when it is an access token, or unknown', async () => {
    const { access_token } = await fetchTokens();
    for (const token of [access_token, 'unknown']) {
      assertRefused(await post('token_endpoint', refreshForm(token)), 'invalid_grant', /not found/);
    }
  });

  test('gives an access token that is bound to the certificate of its own connection', async () => {
    const form = {
      ...refreshForm((await fetchTokens()).refresh_token),
      ...(await authenticationOf('private_key_jwt')),
    };
    const other = await credentials.authority.issueClientCertificate(transportSubject);
    const { json } = await postForm(server.endpoints.token_endpoint, { ...tlsOf(server), ...other }, form);
    assert.equal((await callApi(json.access_token)).status, 401);
    assert.equal((await callApi(json.access_token, other)).status, 200);
  });

  test('is refused without a certificate before any request is read', async () => {
    const form = {
      ...refreshForm((await fetchTokens()).refresh_token),
      ...(await authenticationOf('private_key_jwt')),
    };
    await assert.rejects(postForm(server.endpoints.token_endpoint, { ca: tlsOf(server).ca }, form));
    assert.equal(server.refusals.at(-1)?.endpoint, 'TLS');
    assertAccepted(await postForm(server.endpoints.token_endpoint, tlsOf(server), form));
  });
});

describe('a token of another client', () => {
  test('is unknown at introspection', async () => {
    const token = String((await fetchTokens()).access_token);
    assert.deepEqual((await post('introspection_endpoint', { token }, 'tls_client_auth')).json, { active: false });
    assert.equal((await post('introspection_endpoint', { token })).json.active, true);
  });

  test('is not ended by revocation', async () => {
    const { access_token, refresh_token } = await fetchTokens();
    for (const token of [String(access_token), String(refresh_token)]) {
      assertAccepted(await post('revocation_endpoint', { token }, 'tls_client_auth'));
    }
    assert.equal((await callApi(access_token)).status, 200);
    assertAccepted(await post('token_endpoint', refreshForm(refresh_token)));
  });
});
