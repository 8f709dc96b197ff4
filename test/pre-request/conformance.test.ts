// What the built script puts on the wire, held against every rule that FAPI 2.0 and the RFCs below it have for a client: the
// whole collection in both hosts, by each way to authenticate, each JWT and each form one by one. The checks follow the
// conditions that the OpenID Foundation's conformance suite lays on a client (net.openid.conformance.condition.as); where one
// stands behind a check, its name is above it.

import assert from 'node:assert/strict';
import { constants, createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { compactVerify, importJWK } from 'jose';
import {
  type AuthorizationServer,
  endpointPaths,
  type ReceivedRequest,
  startAuthorizationServer,
} from '../../src/demo/authorization-server.ts';
import { type Credentials, createCredentials, toSubjectDn } from '../../src/demo/certificates.ts';
import { type CredentialFiles, writeCredentialFiles } from '../../src/demo/credential-files.ts';
import { providersPath } from '../../src/demo/resource-server.ts';
import { collectionOf, form } from '../support/collections.ts';
import { type Host, hosts, type Run, type RunOptions } from '../support/hosts.ts';
import { createRsaKey, leaks, toPkcs8 } from '../support/keys.ts';
import { type Recorder, startRecorder } from '../support/recorder.ts';

const ITERATIONS = 2;
/** Two parts that are JSON objects. */
const JWT = /eyJ[\w-]+\.eyJ/;
const UUID_V4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

/** From the making of a JWT to its arrival, in seconds, on a machine that is busy. */
const MAX_AGE = 30;

/** A way to authenticate, and the server that takes it. */
type Way = {
  name: string;
  method: string;
  server: AuthorizationServer;
  clientId: string;
  /** Form parameters of client authentication, in the order of the alphabet. */
  parameters: string[];
  /** The one audience of its assertions. */
  aud: string | undefined;
  variables: Record<string, string>;
};

/** A form that arrived at an endpoint that authenticates the client. */
type Form = { way: Way; request: ReceivedRequest; form: URLSearchParams };

type Jwt = Form & { text: string; header: Record<string, unknown>; claims: Record<string, unknown> };

type Check<T> = [rule: string, source: string, check: (item: T) => unknown];

const read = (path: string) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));

const decode = (part = ''): Record<string, unknown> => JSON.parse(Buffer.from(part, 'base64url').toString());

const jtiOf = (jwt: string | null): string => String(decode(jwt?.split('.')[1]).jti);

const toJwt = (origin: Form, name: 'client_assertion' | 'request'): Jwt[] =>
  origin.form.getAll(name).map(text => {
    const [header, claims] = text.split('.');
    return { ...origin, text, header: decode(header), claims: decode(claims) };
  });

/** Holds a check against every item, of which there must be some; the failure says which one it was. */
const each = async <T extends Form>(items: T[], check: (item: T) => unknown) => {
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

const assertionChecks: Check<Jwt>[] = [
  ...jwtChecks,
  // EnsureClientAssertionSignatureAlgorithmMatchesRegistered
  [
    'has a header of nothing but alg PS256 and the kid of the JWKS',
    "FAPI 2.0 section 5.4.1, PayNet's guide",
    jwt => assert.deepEqual(jwt.header, { alg: 'PS256', kid: publicJwk(jwt).kid }),
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

const requestObjectChecks: Check<Jwt>[] = [
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

const formChecks: Check<Form>[] = [
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
    'says to the letter that its assertion is a JWT, where it has one',
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
const otherChecks: [rule: string, path: string, source: string, check: (request: ReceivedRequest) => unknown][] = [
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

let credentials: Credentials;
let servers: AuthorizationServer[];
let ways: Way[];
let files: CredentialFiles;

before(async () => {
  credentials = await createCredentials();
  files = writeCredentialFiles(credentials);
  const options = { credentials, mtlsEndpointAliases: true };
  servers = await Promise.all([
    startAuthorizationServer({ ...options, audience: 'token_endpoint' }),
    startAuthorizationServer({ ...options, audience: 'issuer' }),
  ]);
  const [tokenEndpointServer, issuerServer] = servers as [AuthorizationServer, AuthorizationServer];
  const privateKeyJwt = (server: AuthorizationServer, audience: string): Way => ({
    name: `private_key_jwt with aud = ${audience}`,
    method: 'private_key_jwt',
    server,
    clientId: server.clients.privateKeyJwt.client_id,
    parameters: ['client_assertion', 'client_assertion_type', 'client_id'],
    aud: audience === 'issuer' ? server.issuer : server.endpoints.token_endpoint,
    variables: { client_assertion_audience: audience },
  });
  ways = [
    privateKeyJwt(tokenEndpointServer, 'token_endpoint'),
    privateKeyJwt(issuerServer, 'issuer'),
    {
      name: 'tls_client_auth',
      method: 'tls_client_auth',
      server: issuerServer,
      clientId: issuerServer.clients.tlsClientAuth.client_id,
      parameters: ['client_id'],
      aud: undefined,
      variables: {},
    },
  ];
});

after(async () => {
  files.remove();
  await Promise.all(servers.map(server => server.close()));
});

const environmentOf = ({ server, clientId, method, variables }: Way): Record<string, unknown> => ({
  issuer: server.issuer,
  client_id: clientId,
  token_endpoint_auth_method: method,
  kid: credentials.signingKey.kid,
  signing_key: credentials.signingKey.privateKey,
  redirect_uri: server.redirectUri,
  resource_server_url: server.resourceServerUrl,
  ...variables,
});

/** Runs the collection, or one request of it. */
const walk = (host: Host, way: Way, options: RunOptions, request?: string) => {
  const collection = read('dist/paynet.postman_collection.json');
  for (const folder of collection.item) {
    folder.item = folder.item.filter(({ name }: { name: string }) => !request || name === request);
  }
  const environment = environmentOf(way);
  return host.run(collection, { environment, clientCertificate: files, caFile: files.ca, ...options });
};

const assertGreen = ({ scriptErrors, requestErrors, tests, failed }: Run) => {
  const failures = tests.filter(({ error }) => error !== undefined);
  assert.deepEqual({ scriptErrors, requestErrors, failures }, { scriptErrors: [], requestErrors: [], failures: [] });
  assert.equal(failed, false);
};

/** Every jti on record, from all runs of this file. */
const seenJtis: string[] = [];

/** Adds to what is seen, and shows that none of it was there before. */
const assertNew = (jtis: string[]) => {
  const twice = jtis.filter((jti, index) => seenJtis.includes(jti) || jtis.indexOf(jti) !== index);
  assert.deepEqual(twice, []);
  seenJtis.push(...jtis);
};

for (const host of hosts) {
  describe(`what the script sends in ${host.name}`, () => {
    const forms: Form[] = [];
    const others: ReceivedRequest[] = [];
    let assertions: Jwt[];
    let requestObjects: Jwt[];
    let runs: Run[];

    before(async () => {
      for (const { requests, verified, refusals } of servers) {
        for (const record of [requests, verified, refusals]) record.length = 0;
      }
      // Side by side, as the jobs of a pipeline run.
      runs = await Promise.all(ways.map(way => walk(host, way, { iterations: ITERATIONS })));
      const paths: string[] = Object.values(endpointPaths);
      for (const server of servers) {
        for (const request of server.requests) {
          const sent = new URLSearchParams(request.body);
          const id = sent.get('client_id');
          // A client that nobody knows is on record too, under a way that it did not go.
          const way = ways.find(({ clientId }) => clientId === id) ?? ways.find(way => way.server === server);
          if (!paths.includes(request.path)) others.push(request);
          else if (way) forms.push({ way, request, form: sent });
        }
      }
      assertions = forms.flatMap(sent => toJwt(sent, 'client_assertion'));
      requestObjects = forms.flatMap(sent => toJwt(sent, 'request'));
    });

    it('is the whole collection, by each way, and the authorization server refuses none of it', () => {
      for (const run of runs) assertGreen(run);
      const places = ['/token', '/par', '/token', '/token', '/introspection', '/token/revoke'];
      for (const way of ways) {
        const sent = forms.filter(sent => sent.way === way).map(({ request }) => request.path);
        assert.deepEqual(sent, Array(ITERATIONS).fill(places).flat(), way.name);
      }
      assert.equal(assertions.length, 2 * ITERATIONS * places.length);
      assert.equal(requestObjects.length, 3 * ITERATIONS);
      for (const { refusals } of servers) assert.deepEqual(refusals, []);
      const verified = servers.flatMap(server => server.verified);
      assert.equal(verified.length, forms.length);
      for (const { method, clientId, aud } of ways) {
        const seen = verified.filter(({ client_id }) => client_id === clientId).map(entry => [entry.method, entry.aud]);
        assert.deepEqual(seen, Array(ITERATIONS * places.length).fill([method, aud]));
      }
    });

    for (const [rule, source, check] of assertionChecks) {
      it(`each client assertion ${rule} (${source})`, () => each(assertions, check));
    }
    for (const [rule, source, check] of requestObjectChecks) {
      it(`each request object ${rule} (${source})`, () => each(requestObjects, check));
    }
    for (const [rule, source, check] of formChecks) {
      it(`each form ${rule} (${source})`, () => each(forms, check));
    }

    // CheckPkceCodeVerifier
    it('each code is asked for with the verifier of its own challenge, used once (RFC 7636 section 4.6)', () => {
      for (const way of ways) {
        const challenges = requestObjects.filter(sent => sent.way === way).map(({ claims }) => claims.code_challenge);
        const verifiers = forms.flatMap(sent => (sent.way === way ? sent.form.getAll('code_verifier') : []));
        const digests = verifiers.map(verifier => createHash('sha256').update(verifier).digest('base64url'));
        assert.deepEqual(digests, challenges);
        assert.equal(new Set(verifiers).size, ITERATIONS);
      }
    });

    for (const [rule, path, source, check] of otherChecks) {
      it(`${rule} (${source})`, () => {
        const requests = others.filter(request => request.path === path);
        assert.equal(requests.length >= ways.length * ITERATIONS, true);
        for (const request of requests) check(request);
      });
    }

    it('nothing of client authentication goes anywhere else (RFC 7521 section 8.2)', () => {
      const known = otherChecks.map(([, path]) => path);
      for (const request of others) {
        assert.equal(known.includes(request.path), true, request.path);
        assert.equal(request.body, '');
        const text = JSON.stringify(request);
        assert.doesNotMatch(text, JWT);
        assert.doesNotMatch(text, /client_assertion|client_secret/);
      }
    });

    it('the signing key is nowhere in it', () => {
      const text = JSON.stringify([...forms.map(({ request }) => request), ...others]);
      assert.equal(leaks(text, credentials.signingKey.privateKey), false);
    });

    // CheckForClientAssertionJtiReuse
    it('no jti is used twice: at no other endpoint, in no other iteration or run, in no JWT of the other kind', () => {
      const jtis = [...assertions, ...requestObjects].map(({ claims }) => String(claims.jti));
      assert.equal(jtis.length, ITERATIONS * (2 * 6 + 3));
      assertNew(jtis);
    });

    it('after a refusal the next assertion is a new one, and is accepted', async () => {
      const [way] = ways as [Way];
      const { requests, refusals, verified } = way.server;
      for (const record of [requests, refusals, verified]) record.length = 0;
      const audiences = ['issuer', 'issuer', 'token_endpoint'];
      const data = audiences.map(client_assertion_audience => ({ client_assertion_audience }));
      await walk(host, way, { data }, 'Client credentials grant');
      const bodies = requests.flatMap(({ path, body }) => (path === '/token' ? [body] : []));
      const jtis = bodies.map(body => jtiOf(new URLSearchParams(body).get('client_assertion')));
      assert.equal(jtis.length, 3);
      assertNew(jtis);
      assert.deepEqual(
        refusals.map(({ reason }) => reason.slice(0, 11)),
        ['aud must be', 'aud must be'],
      );
      assert.deepEqual(
        verified.map(({ jti }) => jti),
        jtis.slice(2),
      );
    });
  });
}

describe('a jti', () => {
  const RUNS = 4;
  const signing_key = toPkcs8(createRsaKey().privateKey);
  let recorder: Recorder;
  before(async () => {
    recorder = await startRecorder();
  });
  after(() => recorder.close());

  /** The requests of a client that authenticates, with a request object in one of them. */
  const collection = (): { event: object[] } =>
    collectionOf([
      { url: `${recorder.origin}/token`, body: form(['grant_type', 'client_credentials']) },
      { url: `${recorder.origin}/par`, body: form(['request', '{"response_type":"code"}']) },
      { url: `${recorder.origin}/introspection`, body: form(['token', 'a-token']) },
    ]) as { event: object[] };

  const environment = () => ({
    issuer: recorder.origin,
    token_endpoint: `${recorder.origin}/token`,
    pushed_authorization_request_endpoint: `${recorder.origin}/par`,
    introspection_endpoint: `${recorder.origin}/introspection`,
    client_id: 'client-1',
    kid: 'key-1',
    signing_key,
  });

  /** Takes what has arrived: where, and the jti of everything signed in it. */
  const takeJtis = () => {
    const arrived = recorder.requests.splice(0);
    const jwts = arrived.flatMap(({ form }) => ['client_assertion', 'request'].flatMap(name => form.getAll(name)));
    return { paths: arrived.map(({ url }) => url), jtis: jwts.map(jtiOf) };
  };

  it(`is never used twice by ${RUNS} runs in each host side by side, three iterations each, with one key`, async () => {
    const runs = hosts.flatMap(host => Array(RUNS).fill(host)) as Host[];
    const results = await Promise.all(
      runs.map(host => host.run(collection(), { environment: environment(), iterations: 3 })),
    );
    for (const run of results) assertGreen(run);
    const { paths, jtis } = takeJtis();
    assert.equal(paths.length, runs.length * 3 * 3);
    assert.equal(jtis.length, runs.length * 3 * 4);
    assertNew(jtis);
  });

  for (const host of hosts) {
    it(`is new each time that ${host.name} sends a request again, after an answer 400, 401 or 500`, async () => {
      const refuse = (path: string, status: number) =>
        recorder.answers.set(path, { status, body: '{"error":"server_error"}' });
      refuse('/token', 500);
      refuse('/par', 400);
      refuse('/introspection', 401);
      const again = collection();
      // Three times each request, and then the next one.
      again.event.push({
        listen: 'test',
        script: {
          exec: [
            "const sent = Number(pm.collectionVariables.get('sent') || 0) + 1;",
            "pm.collectionVariables.set('sent', sent % 3);",
            'if (sent < 3) postman.setNextRequest(pm.info.requestName);',
          ],
        },
      });
      assertGreen(await host.run(again, { environment: environment() }));
      const { paths, jtis } = takeJtis();
      assert.deepEqual(
        paths,
        ['/token', '/par', '/introspection'].flatMap(path => Array(3).fill(path)),
      );
      assert.equal(jtis.length, 12);
      assertNew(jtis);
    });
  }
});
