// The embedded authorization server as a strict judge of pushed request objects, and of the user's consent to what was pushed.
// What has a fault is refused for that reason, while the same request without it is accepted. After the modules that the
// OpenID Foundation's conformance suite has for servers (net.openid.conformance.fapi2spfinal); where one is behind a test,
// its name is above it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CompactSign } from 'jose';
import { type AuthorizationServer, startAuthorizationServer } from '../../src/demo/authorization-server.ts';
import { type Credentials, createCredentials, createSigningKey, type SigningKey } from '../../src/demo/certificates.ts';
import { startClock } from '../support/clock.ts';
import { createFlow, PAR } from '../support/flow.ts';
import {
  createAssertion,
  createRequestObject,
  encode,
  goodRequestClaims,
  goodRequestHeader,
  now,
  signWithNode,
  withAssertion,
} from '../support/forgeries.ts';

let credentials: Credentials;
let foreignKey: SigningKey;
let server: AuthorizationServer;

before(async () => {
  [credentials, foreignKey] = await Promise.all([createCredentials(), createSigningKey()]);
  server = await startAuthorizationServer({ audience: 'issuer', credentials });
});
after(() => server.close());

const { idOf, post, lastReason, assertRefused, assertAccepted, push, browse, pushFor, codeForm } = createFlow(
  () => server,
);

describe('a request object is refused', () => {
  const invalid = 'invalid_request_object';
  type Fault = [name: string, change: () => object, reason: RegExp, error?: string];
  const claims: Fault[] = [
    // FAPI2SPFinalPAREnsurePKCERequired, FAPI2SPFinalPAREnsurePlainPKCERejected
    [
      'without PKCE',
      () => ({ code_challenge: undefined, code_challenge_method: undefined }),
      /requires PKCE/,
      'invalid_request',
    ],
    ['without code_challenge', () => ({ code_challenge: undefined }), /code_challenge must be/, 'invalid_request'],
    ['with PKCE of method plain', () => ({ code_challenge_method: 'plain' }), /not supported/, 'invalid_request'],
    ['without method of PKCE', () => ({ code_challenge_method: undefined }), /method must be/, 'invalid_request'],
    ['without iss', () => ({ iss: undefined }), /issuer invalid/],
    ['with another iss', () => ({ iss: 'someone' }), /issuer invalid/],
    ['without client_id', () => ({ client_id: undefined }), /client_id must equal/],
    ['with another client_id', () => ({ client_id: 'someone' }), /client_id must equal/],
    [
      'of the other client',
      () => ({ iss: idOf('tls_client_auth'), client_id: idOf('tls_client_auth') }),
      /client_id must equal/,
    ],
    ['with the client as sub', () => ({ sub: idOf('private_key_jwt') }), /sub of the request object/],
    // FAPI2SPFinalEnsureRequestObjectWithBadAudFails
    ['with the token endpoint as aud', () => ({ aud: server.endpoints.token_endpoint }), /audience missing/],
    ['with other values alone as aud', () => ({ aud: [server.endpoints.token_endpoint, 'x'] }), /audience missing/],
    ['with a slash behind aud', () => ({ aud: `${server.issuer}/` }), /audience missing/],
    ['without aud', () => ({ aud: undefined }), /audience missing/],
    ['without iat', () => ({ iat: undefined }), /iat .* must be there/],
    // FAPI2SPFinalEnsureRequestObjectWithoutNbfFails, FAPI2SPFinalEnsureRequestObjectWithoutExpFails
    ['without nbf', () => ({ nbf: undefined }), /nbf .* must be there/],
    ['without exp', () => ({ exp: undefined }), /exp .* must be there/],
    ['with nbf 70 seconds ahead', () => ({ nbf: now() + 70 }), /not active yet/],
    ['with iat 70 seconds ahead', () => ({ iat: now() + 70 }), /iat or nbf .* in the future/],
    // FAPI2SPFinalEnsureRequestObjectWithNbfOver60Fails, FAPI2SPFinalEnsureRequestObjectWithExpOver60Fails
    ['with nbf an hour and a minute ago', () => ({ nbf: now() - 3660 }), /nbf .* ago/],
    ['more than an hour long', () => ({ exp: now() + 3601 }), /exp .* 1 to 3600 seconds after nbf/],
    // FAPI2SPFinalEnsureExpiredRequestObjectFails
    ['when it has expired', () => ({ exp: now() - 1, nbf: now() - 600, iat: now() - 600 }), /expired/],
    ['with exp in milliseconds', () => ({ exp: Date.now() + 600_000 }), /exp .* 1 to 3600 seconds after nbf/],
    ['with exp as text', () => ({ exp: String(now() + 600) }), /invalid exp/],
    ['with a request in it', () => ({ request: 'x' }), /must not contain request/],
    // FAPI2SPFinalPARRejectRequestUriInParAuthorizationRequest
    ['with a request_uri in it', () => ({ request_uri: 'urn:x' }), /must not contain request or request_uri/],
    // FAPI2SPFinalEnsureResponseTypeCodeIdTokenFails, FAPI2SPFinalEnsureResponseTypeTokenFails
    [
      'for a code and an ID token',
      () => ({ response_type: 'code id_token' }),
      /response_type/,
      'unsupported_response_type',
    ],
    ['for a token', () => ({ response_type: 'token' }), /response_type/, 'unsupported_response_type'],
    ['without response_type', () => ({ response_type: undefined }), /response_type/, 'invalid_request'],
    // FAPI2SPFinalEnsureRequestObjectWithoutRedirectUriFails, FAPI2SPFinalEnsureRegisteredRedirectUri
    ['without redirect_uri', () => ({ redirect_uri: undefined }), /redirect_uri/, 'invalid_request'],
    [
      'with a redirect_uri that is not registered',
      () => ({ redirect_uri: `${server.redirectUri}/x` }),
      /redirect_uri/,
      'invalid_request',
    ],
  ];
  for (const [name, change, reason, error = invalid] of claims) {
    test(name, async () => {
      assertRefused(await push(await createRequestObject(server, change())), error, reason);
      assertAccepted(await push(await createRequestObject(server)));
    });
  }

  type Forge = () => string | Promise<string>;
  const privateKey = () => credentials.signingKey.privateKey;
  const byNode = (saltLength: number | 'none') =>
    signWithNode(goodRequestHeader(server), goodRequestClaims(server), privateKey(), saltLength);
  const parts = async () => (await createRequestObject(server)).split('.');
  const forged: [reason: RegExp, forgeries: Record<string, Forge>][] = [
    [
      /unsupported signed request alg/,
      {
        // FAPI2SPFinalEnsureSignedRequestObjectWithRS256Fails
        'signed with RS256': () => createRequestObject(server, {}, { alg: 'RS256' }),
        'signed with PS384': () => createRequestObject(server, {}, { alg: 'PS384' }),
        // FAPI2SPFinalEnsureRequestObjectSignatureAlgorithmIsNotNone
        'with alg none': () =>
          `${encode({ ...goodRequestHeader(server), alg: 'none' })}.${encode(goodRequestClaims(server))}.`,
        'with an HMAC keyed with the client_id': () =>
          new CompactSign(Buffer.from(JSON.stringify(goodRequestClaims(server))))
            .setProtectedHeader({ ...goodRequestHeader(server), alg: 'HS256' })
            .sign(Buffer.from(idOf('private_key_jwt'))),
      },
    ],
    [
      /signature verification failed/,
      {
        'with a PKCS#1 v1.5 signature under a PS256 header': () => byNode('none'),
        'with a salt of 0 bytes': () => byNode(0),
        'with a salt of 222 bytes': () => byNode(222),
        // FAPI2SPFinalEnsureMatchingKeyInAuthorizationRequest
        'signed with another key under a known kid': () => createRequestObject(server, {}, {}, foreignKey),
        'signed with another key that is in its own header': () =>
          createRequestObject(server, {}, { jwk: foreignKey.publicJwk }, foreignKey),
        // FAPI2SPFinalEnsureRequestObjectWithInvalidSignatureFails
        'changed after signing': async () => {
          const [header, , signature] = await parts();
          return `${header}.${encode(goodRequestClaims(server))}.${signature}`;
        },
        'without its signature': async () => (await createRequestObject(server)).replace(/[^.]*$/, ''),
      },
    ],
    [
      /no applicable key/,
      {
        'with an unknown kid': () => createRequestObject(server, {}, { kid: 'unknown' }),
        'signed with another key under its own kid': () =>
          createRequestObject(server, {}, { kid: foreignKey.kid }, foreignKey),
      },
    ],
    [/kid of the request object/, { 'without kid': () => createRequestObject(server, {}, { kid: undefined }) }],
    [
      /typ of the request object/,
      {
        'without typ': () => createRequestObject(server, {}, { typ: undefined }),
        'with typ JWT': () => createRequestObject(server, {}, { typ: 'JWT' }),
      },
    ],
    [/client_id must equal/, { 'that is a client assertion': () => createAssertion(server) }],
    [/must be base64url without padding/, { 'with padding': async () => `${await createRequestObject(server)}==` }],
    [/formatting/, { 'with a fourth part': async () => `${await createRequestObject(server)}.` }],
  ];
  for (const [reason, forgeries] of forged) {
    for (const [name, forge] of Object.entries(forgeries)) {
      test(name, async () => {
        assertRefused(await push(await forge()), invalid, reason);
        assertAccepted(await push(await createRequestObject(server)));
      });
    }
  }

  test('not when node:crypto made it with a salt of 32 bytes', async () => assertAccepted(await push(byNode(32))));

  test('not for being dated a little ahead, for an array that holds the issuer as aud, or for having no state', async () => {
    const ahead = { iat: now() + 8, nbf: now() + 8, exp: now() + 600 };
    // FAPI2SPFinalEnsureRequestObjectWithNbf8SecondsInTheFutureIsAccepted
    assertAccepted(await push(await createRequestObject(server, ahead)));
    // FAPI2SPFinalEnsureServerAcceptsRequestObjectWithMultipleAud
    assertAccepted(await push(await createRequestObject(server, { aud: ['https://as.example.com', server.issuer] })));
    // FAPI2SPFinalEnsureAuthorizationRequestWithoutStateSuccess
    assertAccepted(await push(await createRequestObject(server, { state: undefined })));
  });

  test('as a client assertion', async () => {
    const form = withAssertion(server, await createRequestObject(server));
    assert.equal((await post('token_endpoint', { ...form, grant_type: 'client_credentials' })).status, 401);
    assert.match(lastReason(), /sub .* must be provided/);
  });
});

describe('a pushed authorization request', () => {
  // FAPI2SPFinalEnsureUnsignedRequestAtParEndpointFails
  test('is refused without a request object, by both methods', async () => {
    const { iss: _iss, aud: _aud, iat: _iat, nbf: _nbf, exp: _exp, jti: _jti, ...plain } = goodRequestClaims(server);
    assertRefused(await post(PAR, plain), 'invalid_request', /Request Object must be used/);
    const client_id = idOf('tls_client_auth');
    assertRefused(
      await post(PAR, { ...plain, client_id }, 'tls_client_auth'),
      'invalid_request',
      /Request Object must be used/,
    );
  });

  // FAPI2SPFinalPARRejectRequestUriInParAuthorizationFormParams
  test('is refused with a request_uri in its form', async () => {
    const { request_uri } = await pushFor('private_key_jwt');
    const request = await createRequestObject(server);
    for (const form of [{ request, request_uri }, { request_uri }]) {
      assertRefused(await post(PAR, form as Record<string, string>), 'request_uri_not_supported', /request_uri/);
    }
    assertAccepted(await push(request));
  });

  // FAPI2SPFinalEnsureDifferentStateInsideAndOutsideRequestObject, FAPI2SPFinalStateOnlyOutsideRequestObjectNotUsed
  test('takes nothing from its form that is not in the request object', async () => {
    const request = await createRequestObject(server, { state: undefined });
    const outside = { state: 'outside', scope: 'accounts profile', redirect_uri: 'https://as.example.com/' };
    const { json, ...answer } = await push(request, outside);
    assertAccepted({ json, ...answer });
    const query = { client_id: idOf('private_key_jwt'), request_uri: String(json.request_uri) };
    const back = await browse(query);
    assert.equal(back.answer.headers.location?.startsWith(`${server.redirectUri}?`), true);
    assert.equal(back.parameters.get('state'), null);
    const tokens = await post('token_endpoint', codeForm(back.parameters.get('code') ?? ''));
    assert.equal(tokens.json.scope, 'accounts');
  });
});

describe('an authorization request', () => {
  const refusalOf = async (query: Record<string, string>) => {
    const { answer, parameters } = await browse(query);
    assert.equal(parameters.get('code'), null, answer.headers.location);
    return lastReason();
  };

  // FAPI2SPFinalParWithoutDuplicateParameters
  test('is answered with a code where it was pushed, for client_id and request_uri alone', async () => {
    const { answer, parameters } = await browse(await pushFor('private_key_jwt'));
    assert.equal(answer.status, 303);
    assert.equal(answer.headers.location?.startsWith(`${server.redirectUri}?`), true);
    assert.equal(parameters.get('iss'), server.issuer);
    assert.equal(parameters.get('state'), 'a-state');
    assert.match(parameters.get('code') ?? '', /^[\w-]{20,}$/);
  });

  // FAPI2SPFinalEnsureUnsignedAuthorizationRequestWithoutUsingParFails
  test('is refused where it was not pushed, signed or not', async () => {
    const { iss: _iss, aud: _aud, iat: _iat, nbf: _nbf, exp: _exp, jti: _jti, ...plain } = goodRequestClaims(server);
    assert.match(await refusalOf(plain), /Pushed Authorization Request must be used/);
    const request = await createRequestObject(server);
    assert.match(await refusalOf({ client_id: plain.client_id, request }), /Pushed Authorization Request must be used/);
  });

  // FAPI2SPFinalPARAttemptReuseRequestUri
  test('is refused the second time', async () => {
    const query = await pushFor('private_key_jwt');
    assert.match((await browse(query)).parameters.get('code') ?? '', /./);
    assert.match(await refusalOf(query), /request_uri is invalid, expired, or was already used/);
  });

  // FAPI2SPFinalPARAttemptToUseExpiredRequestUri
  test('is refused a minute after it was pushed', async t => {
    const tick = startClock(t);
    const [kept, late] = [await pushFor('private_key_jwt'), await pushFor('private_key_jwt')];
    tick(58);
    assert.match((await browse(kept)).parameters.get('code') ?? '', /./);
    tick(3);
    assert.match(await refusalOf(late), /request_uri is invalid, expired, or was already used/);
  });

  // FAPI2SPFinalPAREnsureRequestUriIsBoundToClient
  test('is refused for the request_uri of another client, or one that nobody was given', async () => {
    const query = await pushFor('private_key_jwt');
    assert.match(await refusalOf({ ...query, client_id: idOf('tls_client_auth') }), /client_id/);
    assert.match(await refusalOf({ ...query, request_uri: `${query.request_uri}x` }), /request_uri is invalid/);
    assert.match((await browse(query)).parameters.get('code') ?? '', /./);
  });
});
