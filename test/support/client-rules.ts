// What FAPI 2.0 and the RFCs below it have for what a client sends, rule by rule, with the place of each. The checks follow the
// conditions that the OpenID Foundation's conformance suite lays on a client (net.openid.conformance.condition.as); where one
// is behind a check, its name is above it.

import assert from 'node:assert/strict';
import { constants, createPublicKey, verify } from 'node:crypto';
import { compactVerify, importJWK } from 'jose';
import type { AuthorizationServer, ReceivedRequest } from '../../src/demo/authorization-server.ts';
import { toSubjectDn } from '../../src/demo/certificates.ts';
import { providersPath } from '../../src/demo/resource-server.ts';

/** Two parts that are JSON objects. */
export const JWT = /eyJ[\w-]+\.eyJ/;
const UUID_V4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

/** From the making of a JWT to its arrival, in seconds, on a machine that is busy. */
const MAX_AGE = 30;

/** A way to authenticate, and the server that takes it. */
export type Way = {
  name: string;
  method: string;
  server: AuthorizationServer;
  clientId: string;
  /** Form parameters of client authentication, in the order of the alphabet. */
  parameters: string[];
  /** The one audience of its assertions. */
  aud: string | undefined;
  /** The `typ` of its assertions, where they have one. */
  typ?: string;
  variables: Record<string, string>;
};

/** A form that arrived at an endpoint that authenticates the client. */
export type Form = { way: Way; request: ReceivedRequest; form: URLSearchParams };

export type Jwt = Form & { text: string; header: Record<string, unknown>; claims: Record<string, unknown> };

export type Check<T> = [rule: string, source: string, check: (item: T) => unknown];

const decode = (part = ''): Record<string, unknown> => JSON.parse(Buffer.from(part, 'base64url').toString());

export const jtiOf = (jwt: string | null): string => String(decode(jwt?.split('.')[1]).jti);

export const toJwt = (origin: Form, name: 'client_assertion' | 'request'): Jwt[] =>
  origin.form.getAll(name).map(text => {
    const [header, claims] = text.split('.');
    return { ...origin, text, header: decode(header), claims: decode(claims) };
  });

/** Holds a check against every item, of which there must be some; the failure says which one it was. */
export const each = async <T extends Form>(items: T[], check: (item: T) => unknown) => {
  assert.notEqual(items.length, 0, 'there is nothing on record');
  for (const item of items) {
    try {
      await check(item);
    } catch (error) {
      throw new Error(`${item.way.name}, ${item.request.path}: ${(error as Error).message}`, { cause: error });
    }
  }
};

const publicJwk = ({ way }: Form) => way.server.credentials.signingKey.publicJwk;

/** What holds for everything that is signed. */
const jwtChecks: Check<Jwt>[] = [
  // ExtractClientAssertion, ExtractRequestObjectFromPAREndpointRequest
  [
    'is a compact JWS: three parts in base64url, without padding, whitespace or bits left over',
    'RFC 7515 section 7.1',
    ({ text }) => {
      assert.match(text, /^[\w-]+\.[\w-]+\.[\w-]+$/);
      const canonical = text.split('.').map(part => Buffer.from(part, 'base64url').toString('base64url'));
      assert.equal(canonical.join('.'), text);
    },
  ],
  // ValidateClientAssertionSignature, ValidateRequestObjectSignature
  [
    'is verified by jose with the registered key',
    'RFC 7523 section 3, RFC 9101 section 6.2',
    async jwt => compactVerify(jwt.text, await importJWK(publicJwk(jwt)), { algorithms: ['PS256'] }),
  ],
  [
    'is verified by node:crypto as RSASSA-PSS with SHA-256 and a salt of 32 bytes',
    'RFC 7518 section 3.5',
    jwt => {
      const [header, claims, signature = ''] = jwt.text.split('.');
      const key = createPublicKey({ key: publicJwk(jwt), format: 'jwk' });
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      const isSigned = verify(
        'sha256',
        Buffer.from(`${header}.${claims}`),
        { key, padding, saltLength: 32 },
        Buffer.from(signature, 'base64url'),
      );
      assert.equal(isSigned, true);
    },
  ],
  // FAPI2FinalEnsureMinimumClientKeyLength
  [
    'is signed by a key of 2048 bits or more, its signature as long as the modulus',
    'FAPI 2.0 section 5.4.1, RFC 8017 section 8.1.1',
    jwt => {
      const bytes = Buffer.from(publicJwk(jwt).n, 'base64url').length;
      assert.equal(bytes >= 256, true);
      assert.equal(Buffer.from(jwt.text.split('.')[2] ?? '', 'base64url').length, bytes);
    },
  ],
  [
    'has times in whole seconds: iat not ahead of the clock and not old, exp still to come, 600 seconds after it',
    "RFC 7519 section 2, RFC 7523 section 3, PayNet's guide",
    ({ claims, request }) => {
      const { iat, exp } = claims as { iat: number; exp: number };
      assert.deepEqual([Number.isSafeInteger(iat), Number.isSafeInteger(exp)], [true, true]);
      assert.equal(iat <= request.receivedAt, true, `iat ${iat}, received ${request.receivedAt}`);
      assert.equal(request.receivedAt - iat < MAX_AGE, true, `iat ${iat}, received ${request.receivedAt}`);
      assert.equal(exp > request.receivedAt, true);
      assert.equal(exp - iat, 600);
    },
  ],
  [
    'has a UUIDv4 as jti',
    "RFC 7523 section 3, RFC 9562 section 5.4, PayNet's guide",
    ({ claims }) => assert.match(String(claims.jti), UUID_V4),
  ],
];

export const assertionChecks: Check<Jwt>[] = [
  ...jwtChecks,
  // EnsureClientAssertionSignatureAlgorithmMatchesRegistered
  [
    'has a header of nothing but alg PS256 and the kid of the JWKS, and the typ that was asked for',
    "FAPI 2.0 section 5.4.1, PayNet's guide, RFC 10070",
    jwt => {
      const { typ } = jwt.way;
      assert.deepEqual(jwt.header, { alg: 'PS256', kid: publicJwk(jwt).kid, ...(typ && { typ }) });
    },
  ],
  // ValidateClientAssertionClaims
  [
    'has iss, sub and the client_id of the form the same, the client that is registered',
    'RFC 7523 section 3, RFC 7521 section 4.2',
    ({ claims, form, way }) => {
      const ids = [claims.iss, claims.sub, form.get('client_id')];
      assert.deepEqual(ids, Array(3).fill(way.clientId));
    },
  ],
  // ValidateClientAssertionAudClaimIsIssuerAsString, where the audience is the issuer
  [
    'has one string as aud: the issuer, or the token endpoint where that is set',
    "FAPI 2.0 section 5.3.3.1, PayNet's guide",
    ({ claims, way }) => assert.equal(claims.aud, way.aud),
  ],
  [
    'has no nbf and no other claim',
    'RFC 7523 section 3',
    ({ claims }) => assert.deepEqual(Object.keys(claims).sort(), ['aud', 'exp', 'iat', 'iss', 'jti', 'sub']),
  ],
];

export const requestObjectChecks: Check<Jwt>[] = [
  ...jwtChecks,
  // FAPI2ValidateRequestObjectSigningAlg, FAPIValidateRequestObjectMediaType
  [
    'has a header of nothing but alg PS256, the kid of the JWKS and its own typ',
    'FAPI 2.0 section 5.4.1, RFC 9101 section 10.8',
    jwt => assert.deepEqual(jwt.header, { alg: 'PS256', kid: publicJwk(jwt).kid, typ: 'oauth-authz-req+jwt' }),
  ],
  // ValidateRequestObjectClaims, EnsureMatchingClientId
  [
    'has iss, client_id and the client_id of the form the same, the client that is registered',
    'RFC 9101 section 5, RFC 9126 section 3',
    ({ claims, form, way }) => {
      const ids = [claims.iss, claims.client_id, form.get('client_id')];
      assert.deepEqual(ids, Array(3).fill(way.clientId));
    },
  ],
  [
    'has the issuer as aud, in one string, whatever the audience of assertions is',
    'RFC 9101 section 4',
    ({ claims, way }) => assert.equal(claims.aud, way.server.issuer),
  ],
  // FAPIValidateRequestObjectExp, FAPI1AdvancedValidateRequestObjectNBFClaim
  [
    'is good from now on, and for an hour at most',
    'FAPI 2.0 Message Signing section 5.3.1',
    ({ claims, request }) => {
      const { nbf, exp } = claims as { nbf: number; exp: number };
      assert.equal(Number.isSafeInteger(nbf), true);
      assert.equal(nbf <= request.receivedAt && request.receivedAt - nbf < MAX_AGE, true, `nbf ${nbf}`);
      assert.equal(exp - nbf > 0 && exp - nbf <= 3600, true, `exp ${exp}`);
    },
  ],
  // EnsureRequestObjectDoesNotContainRequestOrRequestUri
  [
    'holds no other request object, by value or by reference',
    'RFC 9101 section 4',
    ({ claims }) => assert.deepEqual([claims.request, claims.request_uri], [undefined, undefined]),
  ],
  // EnsureRequestObjectDoesNotContainSubWithClientId
  [
    'cannot be taken for a client assertion: its sub is not the client',
    'RFC 9101 section 10.8',
    ({ claims, way }) => assert.notEqual(claims.sub, way.clientId),
  ],
  // CheckForUnexpectedClaimsInRequestObject, EnsureRequestObjectContainsCodeChallengeWhenUsingPAR, EnsureResponseTypeIsCode,
  // EnsureMatchingRedirectUriInRequestObject
  [
    'holds the parameters of the authorization request, PKCE with S256 among them, and no other claim',
    'FAPI 2.0 section 5.3.3.2',
    ({ claims, way }) => {
      const { iss, aud, iat, nbf, exp, jti, client_id, state, code_challenge, ...parameters } = claims;
      assert.match(String(state), /^[\w-]{43}$/);
      assert.match(String(code_challenge), /^[\w-]{43}$/);
      assert.deepEqual(parameters, {
        response_type: 'code',
        scope: 'accounts',
        redirect_uri: way.server.redirectUri,
        code_challenge_method: 'S256',
      });
    },
  ],
  // EnsurePAREndpointRequestDoesNotContainRequestUriParameter
  [
    'is all that is in the form beside client authentication',
    'RFC 9126 section 3',
    ({ form, way }) => assert.deepEqual([...form.keys()].sort(), [...way.parameters, 'request']),
  ],
];

export const formChecks: Check<Form>[] = [
  // CheckForClientCertificate, EnsureClientCertificateMatches
  [
    'goes to the alias for mutual TLS, on a connection with the transport certificate',
    'RFC 8705 sections 2 and 5, FAPI 2.0 section 5.3.3.1',
    ({ request, way }) => {
      assert.equal(request.port, 'mtls');
      assert.equal(request.certificateSubject, toSubjectDn(way.server.credentials.transportCertificate.cert));
    },
  ],
  [
    'is a POST of a form',
    'RFC 7521 section 4.2, RFC 6749 section 3.2',
    ({ request }) => {
      assert.deepEqual([request.method, request.contentType], ['POST', 'application/x-www-form-urlencoded']);
    },
  ],
  [
    'has no parameter twice and none that is empty',
    'RFC 6749 section 3.2',
    ({ form }) => {
      assert.equal(new Set(form.keys()).size, [...form.keys()].length);
      assert.equal([...form.values()].includes(''), false);
    },
  ],
  // EnsureClientIdIsPresentOnTokenRequest, CheckClientIdMatchesOnTokenRequestIfPresent
  [
    'names the client that is registered',
    'RFC 8705 section 2, RFC 6749 section 3.2.1',
    ({ form, way }) => assert.deepEqual(form.getAll('client_id'), [way.clientId]),
  ],
  // EnsureNoClientAssertionSentToTokenEndpoint
  [
    'authenticates the client by the parameters of its one method, each once, without client_secret',
    'RFC 6749 section 2.3, RFC 7521 section 4.2, RFC 8705 section 2',
    ({ form, way }) => {
      const names = [...form.keys()].filter(name => name.startsWith('client_'));
      assert.deepEqual(names.sort(), way.parameters);
    },
  ],
  // EnsureClientAssertionTypeIsJwt
  [
    'says exactly that its assertion is a JWT, where it has one',
    'RFC 7523 section 2.2',
    ({ form }) => {
      const type = form.has('client_assertion') ? 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' : null;
      assert.equal(form.get('client_assertion_type'), type);
    },
  ],
  [
    'has no Authorization header, and nothing of client authentication in another',
    'RFC 6749 section 2.3',
    ({ request, way }) => {
      const { authorization, ...headers } = request.headers;
      assert.equal(authorization, undefined);
      const text = JSON.stringify(headers);
      assert.doesNotMatch(text, JWT);
      assert.equal(text.includes(way.clientId), false, text);
    },
  ],
  ['has nothing in its URL', 'RFC 6749 section 2.3.1', ({ request }) => assert.equal(request.query, '')],
];

/** What goes elsewhere: to the metadata, to the authorization endpoint in the name of the browser, to the API. */
export const otherChecks: [rule: string, path: string, source: string, check: (request: ReceivedRequest) => unknown][] =
  [
    [
      'a request for the metadata carries nothing',
      '/.well-known/openid-configuration',
      'RFC 8414 section 3.1',
      ({ method, query, headers }) => assert.deepEqual([method, query, headers.authorization], ['GET', '', undefined]),
    ],
    // EnsureAuthorizationRequestContainsOnlyExpectedParamsWhenUsingPAR
    [
      'an authorization request carries client_id and request_uri alone',
      '/auth',
      'RFC 9126 section 4, FAPI 2.0 section 5.3.3.2',
      ({ method, query, headers }) => {
        const names = [...new URLSearchParams(query).keys()];
        assert.deepEqual([method, names, headers.authorization], ['GET', ['client_id', 'request_uri'], undefined]);
      },
    ],
    // ExtractBearerAccessTokenFromHeader, EnsureBearerAccessTokenNotInParams
    [
      'an API call carries its access token in the Authorization header alone, on the connection of its certificate',
      providersPath,
      'FAPI 2.0 section 5.3.3.1, RFC 6750 section 2.1',
      ({ port, query, headers }) => {
        assert.deepEqual([port, query], ['mtls', '']);
        assert.match(headers.authorization ?? '', /^Bearer [\w-]+$/);
      },
    ],
  ];
