// The embedded authorization server as a strict judge of client authentication: what jose or node:crypto made, never our own
// signer, is accepted at every endpoint by both methods and in both audience worlds; whatever is bent in it is refused at
// every endpoint, for that reason, while the same request unbent is accepted.

import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { CompactSign } from 'jose';
import {
  type AuthorizationServer,
  type EndpointName,
  startAuthorizationServer,
} from '../../src/demo/authorization-server.ts';
import {
  type Credentials,
  createCertificateAuthority,
  createCredentials,
  createSigningKey,
  type KeyedCertificate,
  type SigningKey,
  transportSubject,
} from '../../src/demo/certificates.ts';
import {
  assertionType,
  createAssertion,
  createForm,
  encode,
  endpointNames,
  goodClaims,
  goodForm,
  goodHeader,
  now,
  signWithNode,
  withAssertion,
} from '../support/forgeries.ts';
import { type HttpAnswer, postForm, send, type Tls } from '../support/https-client.ts';

let credentials: Credentials;
let weakKey: SigningKey;
let foreignKey: SigningKey;
let foreignCertificate: KeyedCertificate;
let tokenEndpointWorld: AuthorizationServer;
let issuerWorld: AuthorizationServer;
let aliasWorld: AuthorizationServer;
let tls: Tls;

before(async () => {
  [credentials, weakKey, foreignKey] = await Promise.all([
    createCredentials(),
    createSigningKey(1024),
    createSigningKey(),
  ]);
  [tokenEndpointWorld, issuerWorld, aliasWorld] = await Promise.all([
    startAuthorizationServer({ audience: 'token_endpoint', credentials, registeredKeys: [weakKey.publicJwk] }),
    startAuthorizationServer({ audience: 'issuer', credentials }),
    startAuthorizationServer({ audience: 'token_endpoint', credentials, mtlsEndpointAliases: true }),
  ]);
  tls = { ca: credentials.authority.cert, ...credentials.transportCertificate };
  const subject = { ...transportSubject, commonName: 'someone-else.example.my' };
  foreignCertificate = await credentials.authority.issueClientCertificate(subject);
});

after(() => Promise.all([tokenEndpointWorld, issuerWorld, aliasWorld].map(server => server.close())));

/** A request to an endpoint; an array of pairs can hold a name twice. */
type Request = {
  form: Record<string, string> | [string, string][];
  headers?: Record<string, string>;
  query?: string;
  certificate?: KeyedCertificate;
};

const submit = (server: AuthorizationServer, endpoint: EndpointName, request: Request): Promise<HttpAnswer> => {
  const { form, headers, query = '', certificate } = request;
  return postForm(server.endpoints[endpoint] + query, { ...tls, ...certificate }, form, headers);
};

const assertAccepted = async (server: AuthorizationServer, endpoint: EndpointName, request: Request) => {
  const seen = server.verified.length;
  const { status, json } = await submit(server, endpoint, request);
  assert.equal(status < 300, true, `${endpoint}: ${status} ${JSON.stringify(json)} ${server.refusals.at(-1)?.reason}`);
  assert.deepEqual(
    server.verified.slice(seen).map(entry => entry.endpoint),
    [endpoint],
  );
};

/** Shows that a request is refused for a reason, which the client is not told where it is about its authentication. */
const assertRefused = async (
  server: AuthorizationServer,
  endpoint: EndpointName,
  request: Request,
  reason: RegExp,
  status = 401,
) => {
  const seen = { refusals: server.refusals.length, verified: server.verified.length };
  const { json, ...answer } = await submit(server, endpoint, request);
  const [refusal, ...more] = server.refusals.slice(seen.refusals);
  assert.match(refusal?.reason ?? `it was not refused: ${JSON.stringify(json)}`, reason);
  assert.deepEqual([refusal?.endpoint, more], [endpoint, []]);
  assert.deepEqual([answer.status, json.error], [status, status === 401 ? 'invalid_client' : 'invalid_request']);
  if (status === 401) assert.equal(json.error_description, 'client authentication failed');
  assert.equal(server.verified.length, seen.verified);
};

/** Shows at every endpoint that a good form is accepted, and refused when it is bent. */
const assertRefusedEverywhere = async (
  server: AuthorizationServer,
  bend: (form: Record<string, string>) => Request | Promise<Request>,
  reason: RegExp,
  status?: number,
) => {
  for (const endpoint of endpointNames) {
    await assertRefused(server, endpoint, await bend(await goodForm(server, endpoint)), reason, status);
    await assertAccepted(server, endpoint, { form: await goodForm(server, endpoint) });
  }
};

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

describe('an assertion is refused at every endpoint', () => {
  const bent: [name: string, claims: (server: AuthorizationServer) => object, reason: RegExp, status?: number][] = [
    ['with aud in an array', ({ audience }) => ({ aud: [audience] }), /aud must be one string/],
    ['with aud and another aud in an array', ({ audience, issuer }) => ({ aud: [audience, issuer] }), /one string/],
    ['with an empty array as aud', () => ({ aud: [] }), /list of audience/],
    ['with a slash behind aud', ({ audience }) => ({ aud: `${audience}/` }), /aud.* must equal/],
    ['with aud in capitals', ({ audience }) => ({ aud: audience.toUpperCase() }), /aud.* must equal/],
    [
      'with the PAR endpoint as aud',
      ({ endpoints }) => ({ aud: endpoints.pushed_authorization_request_endpoint }),
      /must equal/,
    ],
    ['with the revocation endpoint as aud', ({ endpoints }) => ({ aud: endpoints.revocation_endpoint }), /must equal/],
    ['with the issuer as aud', ({ issuer }) => ({ aud: issuer }), /aud must be .*\/token, got/],
    ['with aud of another server', () => ({ aud: 'https://as.example.com/token' }), /aud.* must equal/],
    ['without aud', () => ({ aud: undefined }), /aud.* must be provided/],
    ['without iss', () => ({ iss: undefined }), /iss.* must be provided/],
    ['with another iss', () => ({ iss: 'someone' }), /iss.* must be the client_id/],
    ['with the other client as iss', ({ clients }) => ({ iss: clients.tlsClientAuth.client_id }), /iss.* must be the/],
    // FAPI2SPFinalEnsureClientAssertionWithNoSubFails
    ['without sub', () => ({ sub: undefined }), /sub.* must be provided/],
    ['with another sub', ({ clients }) => ({ sub: clients.tlsClientAuth.client_id }), /client_id mismatch/, 400],
    ['with sub in an array', ({ clients }) => ({ sub: [clients.privateKeyJwt.client_id] }), /client_id mismatch/, 400],
    ['without jti', () => ({ jti: undefined }), /jti.* must be provided/],
    ['with an empty jti', () => ({ jti: '' }), /jti.* must be provided/],
    ['with a number as jti', () => ({ jti: 7 }), /invalid jti/],
    ['without exp', () => ({ exp: undefined }), /expiration must be specified/],
    ['with exp as text', () => ({ exp: String(now() + 600) }), /invalid exp/],
    ['with exp in milliseconds', () => ({ exp: Date.now() + 600_000 }), /exp is more than 600 seconds ahead/],
    ['with exp a day ahead', () => ({ exp: now() + 86_400 }), /exp is more than 600 seconds ahead/],
    ['with a lifetime of 601 seconds', () => ({ exp: now() + 600, iat: now() - 1 }), /1 to 600 seconds after iat/],
    ['with exp no later than iat', () => ({ exp: now() + 30, iat: now() + 30 }), /1 to 600 seconds after iat/],
    ['with exp as a fraction', () => ({ exp: now() + 300.5 }), /exp must be there, in whole seconds/],
    ['when it has expired a second ago', () => ({ iat: now() - 601, exp: now() - 1 }), /has expired/],
    // FAPI2SPFinalEnsureClientAssertionWithExpIs5MinutesInPastFails
    ['when it has expired five minutes ago', () => ({ iat: now() - 900, exp: now() - 300 }), /expired/],
    ['without iat', () => ({ iat: undefined }), /iat must be there/],
    ['with iat as text', () => ({ iat: String(now()) }), /invalid iat/],
    ['with iat as a fraction', () => ({ iat: now() - 0.5 }), /iat must be there, in whole seconds/],
    // FAPI2SPFinalPAREnsureJWTClientAssertionWithIatNbfOver60SecondsInTheFutureFails
    ['with iat 70 seconds ahead', () => ({ iat: now() + 70 }), /iat is more than 60 seconds in the future/],
    ['with nbf 70 seconds ahead', () => ({ nbf: now() + 70 }), /not active yet/],
    ['with nbf as a fraction', () => ({ nbf: now() - 0.5 }), /nbf must be in whole seconds/],
    ['with nbf as text', () => ({ nbf: String(now()) }), /invalid nbf/],
  ];
  for (const [name, change, reason, status] of bent) {
    test(name, async () => {
      const server = tokenEndpointWorld;
      const bend = async (form: Record<string, string>) => ({
        form: { ...form, client_assertion: await createAssertion(server, change(server)) },
      });
      await assertRefusedEverywhere(server, bend, reason, status);
    });
  }

  // FAPI2SPFinalPAREndpointAsArrayAudienceFails, FAPI2SPFinalPAREndpointAsAudienceFails,
  // FAPI2SPFinalPARTokenEndpointAsAudienceFails, FAPI2SPFinalEnsureClientAssertionWithWrongAudFails
  const otherAudiences: [name: string, aud: (server: AuthorizationServer) => unknown, reason: RegExp][] = [
    ['the issuer in an array', ({ issuer }) => [issuer], /aud must be one string/],
    ['the PAR endpoint', ({ endpoints }) => endpoints.pushed_authorization_request_endpoint, /must equal/],
    ['the token endpoint', ({ endpoints }) => endpoints.token_endpoint, /aud must be .*, got .*\/token$/],
    ['a slash more than the issuer', ({ issuer }) => `${issuer}/`, /must equal/],
  ];
  for (const [name, aud, reason] of otherAudiences) {
    test(`with ${name} as aud by the server that takes the issuer`, async () => {
      const server = issuerWorld;
      const bend = async (form: Record<string, string>) => ({
        form: { ...form, client_assertion: await createAssertion(server, { aud: aud(server) }) },
      });
      await assertRefusedEverywhere(server, bend, reason);
    });
  }

  type Forge = (server: AuthorizationServer) => string | Promise<string>;
  const byNode = (server: AuthorizationServer, header: object, saltLength: number | 'none' = 32, key?: SigningKey) => {
    const { privateKey } = key ?? credentials.signingKey;
    return signWithNode({ ...goodHeader(server), ...header }, goodClaims(server), privateKey, saltLength);
  };
  const parts = async (server: AuthorizationServer) => (await createAssertion(server)).split('.');
  const forged: [reason: RegExp, forgeries: Record<string, Forge>, status?: number][] = [
    [
      /alg mismatch/,
      {
        // FAPI2SPFinalEnsureSignedClientAssertionWithRS256Fails
        'signed with RS256': server => createAssertion(server, {}, { alg: 'RS256' }),
        'signed with PS384': server => createAssertion(server, {}, { alg: 'PS384' }),
        'signed with PS512': server => createAssertion(server, {}, { alg: 'PS512' }),
        'signed with ES256': server => {
          const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
          const privateKey = key.export({ type: 'pkcs8', format: 'pem' }).toString();
          return createAssertion(server, {}, { alg: 'ES256' }, { ...foreignKey, privateKey });
        },
        'with an HMAC keyed with the client_id': server =>
          new CompactSign(Buffer.from(JSON.stringify(goodClaims(server))))
            .setProtectedHeader({ ...goodHeader(server), alg: 'HS256' })
            .sign(Buffer.from(server.clients.privateKeyJwt.client_id)),
        'with alg none': server => `${encode({ alg: 'none' })}.${encode(goodClaims(server))}.`,
      },
    ],
    [
      /signature verification failed/,
      {
        'with a PKCS#1 v1.5 signature under a PS256 header': server => byNode(server, {}, 'none'),
        'with a salt of 0 bytes': server => byNode(server, {}, 0),
        'with a salt of 20 bytes': server => byNode(server, {}, 20),
        'with a salt of 222 bytes': server => byNode(server, {}, 222),
        'with a critical header member that nobody knows': server => byNode(server, { crit: ['x'], x: 1 }),
        'signed with another key under a known kid': server => createAssertion(server, {}, {}, foreignKey),
        'signed with another key that is in its own header': server =>
          createAssertion(server, {}, { jwk: foreignKey.publicJwk }, foreignKey),
        'signed with a registered RSA key of 1024 bits': server => byNode(server, { kid: weakKey.kid }, 32, weakKey),
        'when its header was changed after signing': async server => {
          const [, claims, signature] = await parts(server);
          return `${encode({ ...goodHeader(server), typ: 'JWT' })}.${claims}.${signature}`;
        },
        'when its payload was changed after signing': async server => {
          const [header, , signature] = await parts(server);
          return `${header}.${encode(goodClaims(server))}.${signature}`;
        },
        'with half its signature': async server => (await createAssertion(server)).slice(0, -171),
        'without its signature': async server => (await createAssertion(server)).replace(/[^.]*$/, ''),
      },
    ],
    [
      /kid is missing/,
      {
        'without kid': server => createAssertion(server, {}, { kid: undefined }),
        'with a number as kid': server => createAssertion(server, {}, { kid: 7 }),
      },
    ],
    [
      /no applicable key/,
      {
        'with an empty kid': server => createAssertion(server, {}, { kid: '' }),
        'with an unknown kid': server => createAssertion(server, {}, { kid: 'unknown' }),
        'signed with another key under its own kid': server =>
          createAssertion(server, {}, { kid: foreignKey.kid }, foreignKey),
      },
    ],
    [
      /must be base64url without padding/,
      {
        'with padding': async server => `${await createAssertion(server)}==`,
        'with a blank behind it': async server => `${await createAssertion(server)} `,
        'with a line break in its signature': async server => (await createAssertion(server)).replace(/.{9}$/, '\n$&'),
        // The last letter of 256 bytes has four bits to spare.
        'with bits left over': async server =>
          (await createAssertion(server)).replace(/.$/, last => String.fromCharCode(last.charCodeAt(0) + 1)),
      },
    ],
    [
      /Invalid JWT/,
      {
        'with a fourth part': async server => `${await createAssertion(server)}.`,
        'with an array as claims': server =>
          signWithNode(goodHeader(server), [goodClaims(server)], credentials.signingKey.privateKey),
        'as JSON': async server => {
          const [header, payload, signature] = await parts(server);
          return JSON.stringify({ protected: header, payload, signature });
        },
      },
      400,
    ],
  ];
  for (const [reason, forgeries, status] of forged) {
    for (const [name, forge] of Object.entries(forgeries)) {
      test(name, async () => {
        const server = tokenEndpointWorld;
        const bend = async (form: Record<string, string>) => ({
          form: { ...form, client_assertion: await forge(server) },
        });
        await assertRefusedEverywhere(server, bend, reason, status);
      });
    }
  }

  test('not when node:crypto made it with a salt of 32 bytes', async () => {
    const server = tokenEndpointWorld;
    for (const endpoint of endpointNames) {
      const form = { ...(await createForm(server, endpoint)), ...withAssertion(server, byNode(server, {})) };
      await assertAccepted(server, endpoint, { form });
    }
  });

  test('with aud made of the Host that the request names', async () => {
    const server = tokenEndpointWorld;
    const host = 'as.example.com';
    const bend = async (form: Record<string, string>) => ({
      form: { ...form, client_assertion: await createAssertion(server, { aud: `https://${host}/token` }) },
      headers: { host },
    });
    await assertRefusedEverywhere(server, bend, /must equal/);
  });

  test('the second time, there and at every other endpoint', async () => {
    const server = tokenEndpointWorld;
    for (const first of endpointNames) {
      for (const second of endpointNames) {
        const authentication = withAssertion(server, await createAssertion(server));
        await assertAccepted(server, first, { form: { ...(await createForm(server, first)), ...authentication } });
        const again = { form: { ...(await createForm(server, second)), ...authentication } };
        await assertRefused(server, second, again, /only be used once/);
      }
    }
  });

  test('the second time with other claims, when its jti is the same', async () => {
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

  test('all but once when it is sent to every endpoint at the same moment', async () => {
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

describe('a request is refused at every endpoint', () => {
  const twice = (name: string) => (form: Record<string, string>) => ({
    form: [...Object.entries(form), [name, form[name] ?? '']] as [string, string][],
  });
  const without = (name: string) => (form: Record<string, string>) => ({
    form: Object.entries(form).filter(([key]) => key !== name),
  });
  const basic = (id: string) => `Basic ${Buffer.from(`${id}:secret`).toString('base64')}`;
  const bent: [name: string, bend: (form: Record<string, string>) => Request, reason: RegExp, status?: number][] = [
    ['with client_assertion twice', twice('client_assertion'), /client_assertion.* must not be provided twice/, 400],
    ['with client_assertion_type twice', twice('client_assertion_type'), /type.* must not be provided twice/, 400],
    ['with client_id twice', twice('client_id'), /client_id must not be provided twice/],
    [
      'with another client_id before its own',
      form => ({
        form: [['client_id', 'someone'], ...Object.entries(form)],
      }),
      /client_id must not be provided twice/,
    ],
    ['without client_assertion', without('client_assertion'), /client_assertion is missing/],
    ['without client_assertion_type', without('client_assertion_type'), /client_assertion_type must be provided/, 400],
    ['without client_id', without('client_id'), /client_id is missing/],
    [
      'with another client_assertion_type',
      form => ({
        form: { ...form, client_assertion_type: assertionType.replace('jwt', 'saml2') },
      }),
      /client_assertion_type must have value/,
      400,
    ],
    // FAPI2SPFinalEnsureClientIdInTokenEndpoint
    [
      'with the client_id of the other client',
      form => ({
        form: { ...form, client_id: tokenEndpointWorld.clients.tlsClientAuth.client_id },
      }),
      /must not be there with tls_client_auth/,
    ],
    [
      'with a client_id that nobody has',
      form => ({ form: { ...form, client_id: 'someone' } }),
      /client_id mismatch/,
      400,
    ],
    [
      'with an assertion and client_secret',
      form => ({ form: { ...form, client_secret: 'x' } }),
      /client_secret must not be/,
    ],
    [
      'with an assertion and Basic',
      form => ({ form, headers: { authorization: basic(form.client_id ?? '') } }),
      /only be provided using one mechanism/,
      400,
    ],
    [
      'with an assertion and Bearer',
      form => ({ form, headers: { authorization: 'Bearer x' } }),
      /only be provided using one mechanism/,
      400,
    ],
    ...['client_id', 'client_assertion', 'client_assertion_type', 'client_secret'].map(
      (name): [string, (form: Record<string, string>) => Request, RegExp] => [
        `with ${name} in its URL too`,
        form => ({ form, query: `?${new URLSearchParams({ [name]: form[name] ?? 'x' })}` }),
        new RegExp(`^${name} must not be in the URL`),
      ],
    ),
    [
      'with its client authentication in its URL alone',
      form => {
        const { client_id = '', client_assertion = '', client_assertion_type = '', ...rest } = form;
        return { form: rest, query: `?${new URLSearchParams({ client_id, client_assertion, client_assertion_type })}` };
      },
      /client_id must not be in the URL/,
    ],
    // FAPI2SPFinalEnsureClientAssertionInTokenEndpoint
    [
      'that only names a client registered for private_key_jwt',
      ({ client_assertion: _, client_assertion_type: __, ...form }) => ({ form }),
      /does not match the registered client authentication method/,
    ],
  ];
  for (const [name, bend, reason, status] of bent) {
    test(name, () => assertRefusedEverywhere(tokenEndpointWorld, bend, reason, status));
  }

  test('with a JSON body', async () => {
    for (const endpoint of endpointNames) {
      const body = JSON.stringify(await goodForm(tokenEndpointWorld, endpoint));
      const headers = { 'content-type': 'application/json' };
      const answer = await send(tokenEndpointWorld.endpoints[endpoint], tls, { method: 'POST', headers, body });
      assert.equal(answer.status, 400);
      assert.match(tokenEndpointWorld.refusals.at(-1)?.reason ?? '', /only application\/x-www-form-urlencoded/);
    }
  });

  // FAPI2SPFinalPARRejectInvalidHttpVerb
  test('with another method than POST', async () => {
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

  test('with grant_type, scope, request or token twice', async () => {
    const names: [EndpointName, string][] = [
      ['token_endpoint', 'grant_type'],
      ['token_endpoint', 'scope'],
      ['pushed_authorization_request_endpoint', 'request'],
      ['introspection_endpoint', 'token'],
      ['revocation_endpoint', 'token'],
    ];
    for (const [endpoint, name] of names) {
      const request = twice(name)(await goodForm(tokenEndpointWorld, endpoint));
      await assertRefused(
        tokenEndpointWorld,
        endpoint,
        request,
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
