// What the built script puts on the wire, held against every rule that FAPI 2.0 and the RFCs below it have for a client: the
// whole collection in both hosts, by each way to authenticate, each JWT and each form one by one. The rules are in
// support/client-rules.ts.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import {
  type AuthorizationServer,
  endpointPaths,
  type ReceivedRequest,
  startAuthorizationServer,
} from '../../src/demo/authorization-server.ts';
import { type Credentials, createCredentials } from '../../src/demo/certificates.ts';
import { type CredentialFiles, writeCredentialFiles } from '../../src/demo/credential-files.ts';
import {
  assertionChecks,
  each,
  type Form,
  formChecks,
  JWT,
  type Jwt,
  jtiOf,
  otherChecks,
  requestObjectChecks,
  toJwt,
  type Way,
} from '../support/client-rules.ts';
import { type Host, hosts, type Run, type RunOptions } from '../support/hosts.ts';
import { leaks } from '../support/keys.ts';

const ITERATIONS = 2;

const read = (path: string) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));

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
  /** RFC 10070: the issuer as audience, and a type. */
  const withTyp = (way: Way, typ = 'client-authentication+jwt'): Way => ({
    ...way,
    typ,
    variables: { ...way.variables, client_assertion_typ: typ },
  });
  ways = [
    privateKeyJwt(tokenEndpointServer, 'token_endpoint'),
    withTyp(privateKeyJwt(issuerServer, 'issuer')),
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
  const collection = read('collections/paynet.postman_collection.json');
  type Item = { name: string; item?: Item[] };
  const requests: Item[] = collection.item.flatMap((item: Item) => item.item ?? [item]);
  collection.item = requests.filter(({ name }) => !request || name === request);
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
