// Client authentication with a fault in it, which the authorization server refuses for that reason, while the same request
// without the fault is accepted: for a quick and for a long run. What is good comes from jose or node:crypto, never from our
// own signer.

import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { CompactSign } from 'jose';
import { type AuthorizationServer, startAuthorizationServer } from '../../src/demo/authorization-server.ts';
import { type Credentials, createCredentials, createSigningKey, type SigningKey } from '../../src/demo/certificates.ts';
import {
  assertionType,
  createAssertion,
  encode,
  endpointNames,
  goodClaims,
  goodForm,
  goodHeader,
  now,
  signWithNode,
} from './forgeries.ts';
import { assertAccepted, assertRefused, type Submission } from './submissions.ts';

/**
 * Describes the refusals.
 *
 * @param everywhere whether each is shown at all four endpoints; otherwise at one of them, which is another for the next
 */
export const describeRefusedAuthentication = (everywhere: boolean): void => {
  const where = everywhere ? 'at every endpoint' : 'at the endpoints in turn';
  let credentials: Credentials;
  let weakKey: SigningKey;
  let foreignKey: SigningKey;
  let tokenEndpointWorld: AuthorizationServer;
  let issuerWorld: AuthorizationServer;
  let count = 0;

  before(async () => {
    [credentials, weakKey, foreignKey] = await Promise.all([
      createCredentials(),
      createSigningKey(1024),
      createSigningKey(),
    ]);
    [tokenEndpointWorld, issuerWorld] = await Promise.all([
      startAuthorizationServer({ audience: 'token_endpoint', credentials, registeredKeys: [weakKey.publicJwk] }),
      startAuthorizationServer({ audience: 'issuer', credentials }),
    ]);
  });
  after(() => Promise.all([tokenEndpointWorld, issuerWorld].map(server => server.close())));

  /** Shows that a good form is accepted, and refused when it is spoilt. */
  const assertFault = async (
    server: AuthorizationServer,
    spoil: (form: Record<string, string>) => Submission | Promise<Submission>,
    reason: RegExp,
    status?: number,
  ) => {
    const [next = 'token_endpoint'] = endpointNames.slice(count++ % endpointNames.length);
    for (const endpoint of everywhere ? endpointNames : [next]) {
      await assertRefused(server, endpoint, await spoil(await goodForm(server, endpoint)), reason, status);
      await assertAccepted(server, endpoint, { form: await goodForm(server, endpoint) });
    }
  };

  describe(`an assertion is refused ${where}`, () => {
    const faulty: [name: string, claims: (server: AuthorizationServer) => object, reason: RegExp, status?: number][] = [
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
      [
        'with the revocation endpoint as aud',
        ({ endpoints }) => ({ aud: endpoints.revocation_endpoint }),
        /must equal/,
      ],
      ['with the issuer as aud', ({ issuer }) => ({ aud: issuer }), /aud must be .*\/token, got/],
      ['with aud of another server', () => ({ aud: 'https://as.example.com/token' }), /aud.* must equal/],
      ['without aud', () => ({ aud: undefined }), /aud.* must be provided/],
      ['without iss', () => ({ iss: undefined }), /iss.* must be provided/],
      ['with another iss', () => ({ iss: 'someone' }), /iss.* must be the client_id/],
      [
        'with the other client as iss',
        ({ clients }) => ({ iss: clients.tlsClientAuth.client_id }),
        /iss.* must be the/,
      ],
      // FAPI2SPFinalEnsureClientAssertionWithNoSubFails
      ['without sub', () => ({ sub: undefined }), /sub.* must be provided/],
      ['with another sub', ({ clients }) => ({ sub: clients.tlsClientAuth.client_id }), /client_id mismatch/, 400],
      [
        'with sub in an array',
        ({ clients }) => ({ sub: [clients.privateKeyJwt.client_id] }),
        /client_id mismatch/,
        400,
      ],
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
    for (const [name, change, reason, status] of faulty) {
      test(name, async () => {
        const server = tokenEndpointWorld;
        const spoil = async (form: Record<string, string>) => ({
          form: { ...form, client_assertion: await createAssertion(server, change(server)) },
        });
        await assertFault(server, spoil, reason, status);
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
        const spoil = async (form: Record<string, string>) => ({
          form: { ...form, client_assertion: await createAssertion(server, { aud: aud(server) }) },
        });
        await assertFault(server, spoil, reason);
      });
    }

    for (const typ of ['JWT', 'oauth-authz-req+jwt', '', 7]) {
      test(`with the typ ${JSON.stringify(typ)}`, async () => {
        const server = tokenEndpointWorld;
        const spoil = async (form: Record<string, string>) => ({
          form: { ...form, client_assertion: await createAssertion(server, {}, { typ }) },
        });
        await assertFault(server, spoil, /typ must be client-authentication\+jwt or missing/);
      });
    }

    type Forge = (server: AuthorizationServer) => string | Promise<string>;
    const byNode = (
      server: AuthorizationServer,
      header: object,
      saltLength: number | 'none' = 32,
      key?: SigningKey,
    ) => {
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
          'with a space behind it': async server => `${await createAssertion(server)} `,
          'with a line break in its signature': async server =>
            (await createAssertion(server)).replace(/.{9}$/, '\n$&'),
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
          const spoil = async (form: Record<string, string>) => ({
            form: { ...form, client_assertion: await forge(server) },
          });
          await assertFault(server, spoil, reason, status);
        });
      }
    }

    test('with aud made of the Host that the request names', async () => {
      const server = tokenEndpointWorld;
      const host = 'as.example.com';
      const spoil = async (form: Record<string, string>) => ({
        form: { ...form, client_assertion: await createAssertion(server, { aud: `https://${host}/token` }) },
        headers: { host },
      });
      await assertFault(server, spoil, /must equal/);
    });
  });

  describe(`a request is refused ${where}`, () => {
    const twice = (name: string) => (form: Record<string, string>) => ({
      form: [...Object.entries(form), [name, form[name] ?? '']] as [string, string][],
    });
    const without = (name: string) => (form: Record<string, string>) => ({
      form: Object.entries(form).filter(([key]) => key !== name),
    });
    const basic = (id: string) => `Basic ${Buffer.from(`${id}:secret`).toString('base64')}`;
    const faulty: [
      name: string,
      spoil: (form: Record<string, string>) => Submission,
      reason: RegExp,
      status?: number,
    ][] = [
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
      [
        'without client_assertion_type',
        without('client_assertion_type'),
        /client_assertion_type must be provided/,
        400,
      ],
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
        (name): [string, (form: Record<string, string>) => Submission, RegExp] => [
          `with ${name} in its URL too`,
          form => ({ form, query: `?${new URLSearchParams({ [name]: form[name] ?? 'x' })}` }),
          new RegExp(`^${name} must not be in the URL`),
        ],
      ),
      [
        'with its client authentication in its URL alone',
        form => {
          const { client_id = '', client_assertion = '', client_assertion_type = '', ...rest } = form;
          return {
            form: rest,
            query: `?${new URLSearchParams({ client_id, client_assertion, client_assertion_type })}`,
          };
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
    for (const [name, spoil, reason, status] of faulty) {
      test(name, () => assertFault(tokenEndpointWorld, spoil, reason, status));
    }
  });
};
