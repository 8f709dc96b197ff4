// The collection and the environment that a newcomer imports: what is in them, and that they work from top to bottom in
// both hosts, leaving the environment as it was. The collection with the script in it comes from dist/.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { type AuthorizationServer, startAuthorizationServer } from '../src/demo/authorization-server.ts';
import { type CredentialFiles, writeCredentialFiles } from '../src/demo/credential-files.ts';
import { hosts } from './support/hosts.ts';

type Script = { listen: string; script: { exec: string[] } };
type Item = {
  name: string;
  event: Script[];
  protocolProfileBehavior?: { followRedirects?: boolean };
  request: {
    method: string;
    description: string;
    url: { raw: string };
    header: { key: string; value: string }[];
    auth: { type: string };
    body?: { urlencoded: { key: string; disabled?: boolean }[] };
  };
};
type Folder = { name: string; description: string; item: Item[] };
type Collection = {
  info: { description: string };
  item: Folder[];
  variable: { key: string; value: string; description: string }[];
};
type Environment = { values: { key: string; value: string; type: string; description: string }[] };

const read = <T>(path: string) => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')) as T;
const collection = read<Collection>('collections/paynet.postman_collection.json');
const requestsOf = ({ item }: Collection) => item.flatMap(folder => folder.item);
const requests = requestsOf(collection);
const environment = read<Environment>('collections/paynet.postman_environment.json');

describe('the environment', () => {
  test('has every variable of the script, each with a description of one line', () => {
    assert.deepEqual(
      environment.values.map(({ key }) => key),
      [
        'issuer',
        'client_id',
        'token_endpoint_auth_method',
        'signing_key',
        'kid',
        'client_assertion_audience',
        'client_assertion_lifetime',
        'clock_offset',
        'token_endpoint',
        'pushed_authorization_request_endpoint',
        'introspection_endpoint',
        'revocation_endpoint',
        'device_authorization_endpoint',
        'backchannel_authentication_endpoint',
      ],
    );
    for (const { key, description } of environment.values) assert.match(description, /^[^\n]{10,150}\.$/, key);
  });

  test("holds PayNet's sandbox issuer and the defaults, and nothing else", () => {
    const filled = environment.values.filter(({ value }) => value !== '').map(({ key, value }) => [key, value]);
    assert.deepEqual(Object.fromEntries(filled), {
      issuer: 'https://auth1.sandbox.mya.ozoneapi.io',
      token_endpoint_auth_method: 'private_key_jwt',
      client_assertion_audience: 'token_endpoint',
      client_assertion_lifetime: '600',
      clock_offset: '0',
    });
  });

  test('keeps the signing key as a secret', () => {
    const secrets = environment.values.filter(({ type }) => type === 'secret').map(({ key }) => key);
    assert.deepEqual(secrets, ['signing_key']);
  });
});

describe('the collection', () => {
  test("goes through PayNet's guide in order, and revokes the token last", () => {
    assert.deepEqual(
      requests.map(({ request }) => `${request.method} ${request.url.raw}`),
      [
        'GET {{issuer}}/.well-known/openid-configuration',
        'POST {{token_endpoint}}',
        'POST {{pushed_authorization_request_endpoint}}',
        'GET {{authorization_endpoint}}?client_id={{client_id}}&request_uri={{request_uri}}',
        'POST {{token_endpoint}}',
        'POST {{token_endpoint}}',
        'POST {{introspection_endpoint}}',
        'GET {{resource_server_url}}/v1/providers',
        'POST {{revocation_endpoint}}',
      ],
    );
  });

  for (const { name, event, request, protocolProfileBehavior } of requests) {
    test(`describes, identifies and checks its request "${name}"`, () => {
      assert.equal(request.description.length > 100, true);
      const ids = request.header.filter(({ key }) => key === 'x-fapi-interaction-id').map(({ value }) => value);
      // The authorization endpoint is for browsers, which send no such header.
      assert.deepEqual(ids, name === 'Authorization' ? [] : ['{{$guid}}']);
      const tests = event.filter(({ listen }) => listen === 'test').flatMap(({ script }) => script.exec);
      assert.equal(
        tests.some(line => line.includes('pm.response.code')),
        true,
      );
      if (name !== 'Well-known endpoint') {
        assert.equal(protocolProfileBehavior?.followRedirects, false);
      }
    });
  }

  test('leaves client authentication to the script', () => {
    for (const { request } of requests) {
      const names = request.body?.urlencoded.map(({ key }) => key) ?? [];
      assert.equal(
        names.some(name => name.startsWith('client_')),
        false,
      );
    }
  });

  test('writes no environment, and explains its variables', () => {
    const scripts = requests.flatMap(({ event }) => event).flatMap(({ script }) => script.exec);
    assert.equal(
      scripts.some(line => /pm\.(environment|globals)/.test(line)),
      false,
    );
    for (const { key, description } of collection.variable) assert.ok(description.length > 10, key);
  });
});

for (const host of hosts) {
  describe(`the collection in ${host.name}`, () => {
    let server: AuthorizationServer;
    let files: CredentialFiles;
    before(async () => {
      server = await startAuthorizationServer({ audience: 'token_endpoint' });
      files = writeCredentialFiles(server.credentials);
    });
    after(async () => {
      files.remove();
      await server.close();
    });

    /** The collection to import, with a line more in each test script that shows what it keeps in variables. */
    const withTrace = () => {
      const injected = read<Collection>('dist/paynet.postman_collection.json');
      for (const { event } of requestsOf(injected)) {
        const line = "console.log('trace ' + JSON.stringify(pm.collectionVariables.toObject()));";
        event.find(({ listen }) => listen === 'test')?.script.exec.push(line);
      }
      return injected;
    };
    const fill = (changes: Record<string, string>) => ({
      ...Object.fromEntries(environment.values.map(({ key, value }) => [key, value])),
      issuer: server.issuer,
      redirect_uri: server.redirectUri,
      resource_server_url: server.resourceServerUrl,
      ...changes,
    });

    test('passes from top to bottom, and leaves the environment as it was and no token behind', async () => {
      const { client_id, kid, signingKey } = server.clients.privateKeyJwt;
      const filled = fill({ client_id, kid, signing_key: signingKey });
      const run = await host.run(withTrace(), { environment: filled, clientCertificate: files, caFile: files.ca });
      assert.deepEqual(
        [run.scriptErrors, run.requestErrors, run.tests.filter(({ error }) => error !== undefined)],
        [[], [], []],
      );
      assert.equal(run.failed, false);
      assert.deepEqual(
        server.verified.map(
          ({ endpoint, grantType = '', requestObject }) => `${endpoint} ${grantType}${requestObject ? 'signed' : ''}`,
        ),
        [
          'token_endpoint client_credentials',
          'pushed_authorization_request_endpoint signed',
          'token_endpoint authorization_code',
          'token_endpoint refresh_token',
          'introspection_endpoint ',
          'revocation_endpoint ',
        ],
      );
      assert.deepEqual(run.environment, filled);

      const traces = run.consoleLines.filter(line => line.startsWith('trace ')).map(line => JSON.parse(line.slice(6)));
      assert.equal(traces.length, 9);
      const [wellKnown, client, , authorization, code, refreshed, , , revoked] = traces;
      assert.equal(typeof client.access_token, 'string');
      assert.equal(new Set([client, code, refreshed].map(trace => trace.access_token)).size, 3);
      assert.equal(authorization.code.length > 20, true);
      // What is good for one use is gone when it is used, and tokens are gone at the end.
      for (const name of ['code', 'code_verifier', 'code_challenge', 'state', 'request_uri'])
        assert.equal(code[name], '');
      for (const name of ['access_token', 'refresh_token', 'token_to_revoke']) assert.equal(revoked[name], '');

      const { code_verifier, code_challenge, state } = wellKnown;
      assert.match(code_verifier, /^[\w-]{43}$/);
      assert.match(state, /^[\w-]{43}$/);
      assert.equal(createHash('sha256').update(code_verifier).digest('base64url'), code_challenge);
      const pushed = new URLSearchParams(server.requests.find(({ path }) => path === '/par')?.body);
      const claims = JSON.parse(Buffer.from(pushed.get('request')?.split('.')[1] ?? '', 'base64url').toString());
      assert.equal(claims.code_challenge, code_challenge);
      assert.equal(claims.state, state);

      const api = server.requests.find(({ path }) => path === '/v1/providers');
      assert.match(api?.headers.authorization ?? '', /^Bearer /);
      assert.equal(JSON.stringify(api).includes('client_assertion'), false);
    });

    test('says which request comes first when there is no token yet', async () => {
      const injected = withTrace();
      injected.item = [
        { name: 'one', description: '', item: requestsOf(injected).filter(({ name }) => name === 'Providers list') },
      ];
      const seen = server.requests.length;
      const run = await host.run(injected, { environment: fill({}), clientCertificate: files, caFile: files.ca });
      assert.equal(run.failed, true);
      assert.deepEqual(run.tests, [
        {
          name: 'an access token is there',
          error: 'Error: "access_token" is not set. Send "Client credentials grant" first.',
        },
      ]);
      assert.equal(server.requests.length, seen);
    });
  });
}
