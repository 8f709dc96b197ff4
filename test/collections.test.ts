// The collection and the environment that a newcomer imports: that they are what their source gives, what is in them, and that
// they work from top to bottom in both hosts, leaving the environment as it was.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { makeCollections, V12 } from '../build/collections.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../src/demo/authorization-server.ts';
import { type CredentialFiles, writeCredentialFiles } from '../src/demo/credential-files.ts';
import { scripts } from './support/collections.ts';
import { hosts } from './support/hosts.ts';

type Script = { listen: string; script: { exec: string[] } };
type Described = { key: string; value: string; description: string };
type Example = { name: string; code: number; originalRequest: { method: string; url: { raw: string } } };
type Item = {
  name: string;
  event: Script[];
  protocolProfileBehavior?: { followRedirects?: boolean };
  request: {
    method: string;
    description: string;
    url: { raw: string; query?: Described[] };
    header: Described[];
    auth: { type: string };
    body?: { urlencoded: Described[] };
  };
  response: Example[];
};
type Folder = { name: string; description: string; item: Item[] };
type Collection = { info: { description: string }; item: (Item | Folder)[]; variable: Described[] };
type Environment = { values: { key: string; value: string; type: string; description: string }[] };

const readText = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const read = <T>(path: string) => JSON.parse(readText(path)) as T;
const requestsOf = ({ item }: Collection) => item.flatMap(one => ('item' in one ? one.item : [one]));
const collection = read<Collection>('collections/paynet.postman_collection.json');
const requests = requestsOf(collection);
const environment = read<Environment>('collections/paynet.postman_environment.json');

test('the files to import are what their source gives', async () => {
  const made = await makeCollections(scripts);
  const inV12 = readdirSync(new URL(`../${V12}`, import.meta.url), { recursive: true, withFileTypes: true });
  assert.equal(made.length, 2 + inV12.filter(entry => entry.isFile()).length);
  for (const { path, text } of made) {
    assert.ok(text === readText(path), `${path} differs from what collections/source/ gives: run "npm run build"`);
  }
});

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
  test("begins with a check of the setup, goes through PayNet's guide in order, and revokes the token last", () => {
    assert.deepEqual(
      requests.map(({ request }) => `${request.method} ${request.url.raw}`),
      [
        'GET {{issuer}}/.well-known/openid-configuration#check-my-setup',
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

  test('says which hosts the transport certificate is for, and links to what it implements', () => {
    for (const host of ['as1.sandbox.mya.ozoneapi.io', 'rs1.sandbox.mya.ozoneapi.io']) {
      assert.ok(collection.info.description.includes(`\`${host}\``), host);
    }
    assert.match(collection.info.description, /\(https:\/\/developer\.[\w./-]+\/03-client-authentication\.md\)/);
  });

  for (const { name, event, request, protocolProfileBehavior, response } of requests) {
    test(`describes, identifies and checks its request "${name}"`, () => {
      assert.equal(request.description.length > 100, true);
      const described = [...request.header, ...(request.url.query ?? []), ...(request.body?.urlencoded ?? [])];
      for (const { key, description } of described) assert.match(description ?? '', /^.{15,}\.$/s, key);
      // A success, and a refusal; "Authorization" is answered by a redirect either way.
      const [success, refusal] = response.map(({ code }) => code);
      assert.deepEqual([response.length, (success as number) < 400], [2, true]);
      assert.equal((refusal as number) >= 400, name !== 'Authorization');
      for (const { originalRequest } of response) assert.equal(originalRequest.method, request.method);
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
    for (const { key, description } of collection.variable) assert.match(description, /^[^\n]{10,150}\.$/, key);
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
      const injected = structuredClone(collection);
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
      assert.equal(traces.length, 10);
      const [, wellKnown, client, , authorization, code, refreshed, , , revoked] = traces;
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

    /** The collection with one request of it. */
    const withOnly = (name: string) => ({
      ...collection,
      item: requests.filter(request => request.name === name),
    });
    /** Tests as `name`, or as `name: message` where they failed. */
    const toLines = (tests: { name: string; error: string | undefined }[]) =>
      tests.map(({ name, error }) => (error === undefined ? name : `${name}: ${error}`));
    const checkSetup = async (changes: Record<string, string>) => {
      const seen = server.requests.length;
      const run = await host.run(withOnly('Check my setup'), { environment: fill(changes), caFile: files.ca });
      assert.deepEqual(run.scriptErrors, []);
      const sent = server.requests.slice(seen).map(({ method, path }) => `${method} ${path}`);
      return { lines: toLines(run.tests), sent, failed: run.failed };
    };
    const METADATA = 'GET /.well-known/openid-configuration';
    const FROM_THE_ANSWER = [
      'the issuer answers with its metadata',
      'the server takes the authentication method',
      'the server takes signatures with PS256',
      'the clock of this machine agrees with that of the server',
    ];

    test('"Check my setup" is green when all is well, and asks for nothing but the metadata', async () => {
      const { client_id, kid, signingKey } = server.clients.privateKeyJwt;
      const { lines, sent, failed } = await checkSetup({ client_id, kid, signing_key: signingKey });
      assert.deepEqual(lines, [
        'client_id and the other settings are valid',
        'signing_key and kid can sign',
        'issuer is a URL',
        ...FROM_THE_ANSWER,
      ]);
      assert.deepEqual([sent, failed], [[METADATA], false]);
    });

    test('"Check my setup" needs no signing key for tls_client_auth', async () => {
      const changes = { client_id: 'c', token_endpoint_auth_method: 'tls_client_auth' };
      const { lines, failed } = await checkSetup(changes);
      assert.deepEqual(lines, [
        'client_id and the other settings are valid',
        'issuer is a URL',
        ...FROM_THE_ANSWER.filter(line => !line.includes('PS256')),
      ]);
      assert.equal(failed, false);
    });

    test('"Check my setup" says in one line each what is missing or wrong', async () => {
      const { lines, sent } = await checkSetup({ signing_key: 'no key', clock_offset: '-3600' });
      assert.deepEqual(
        // A second more or less is the time that the request took.
        lines.map(line => line.replace(/-?\b3[56]\d\d\b/g, '3600').replace(/to -?\d:/, 'to 0:')),
        [
          'client_id and the other settings are valid: ClientAuthError: "client_id" must be the client identifier that was ' +
            'registered, got nothing. Set it in the environment, and select the environment.',
          'signing_key and kid can sign: ClientAuthError: "signing_key" must be an RSA private key (PEM or JWK), got 6 ' +
            'characters of other text. Paste the private key file.',
          'issuer is a URL',
          ...FROM_THE_ANSWER.slice(0, 3),
          'the clock of this machine agrees with that of the server: AssertionError: Set the clock of this machine, or ' +
            '"clock_offset" to 0: difference in seconds: expected 3600 to be at most 10',
        ],
      );
      assert.deepEqual(sent, [METADATA]);
    });

    test('"Check my setup" sends nothing without an issuer', async () => {
      const { client_id, signingKey } = server.clients.privateKeyJwt;
      const { lines, sent } = await checkSetup({ client_id, signing_key: signingKey, issuer: '' });
      assert.match(lines[1] ?? '', /^signing_key and kid can sign: ClientAuthError: "kid" must be/);
      assert.match(lines[2] ?? '', /^issuer is a URL: ClientAuthError: "issuer" must be an https URL .*, got nothing/);
      assert.deepEqual([lines.length, sent], [3, []]);
    });

    test('"Authorization" shows a link where the server wants to see the user, and fails where it refuses', async t => {
      const page = createServer((request, response) => {
        response.writeHead(request.url?.includes('client_id=c&') ? 200 : 400, { 'content-type': 'text/html' });
        response.end('<form></form>');
      });
      await new Promise<void>(resolve => page.listen(0, '127.0.0.1', resolve));
      t.after(() => page.close());
      const authorization_endpoint = `http://127.0.0.1:${(page.address() as AddressInfo).port}/auth`;
      const variables = { authorization_endpoint, request_uri: 'urn:ietf:params:oauth:request_uri:one' };
      const send = (client_id: string) =>
        host.run(withOnly('Authorization'), { environment: fill({ client_id, ...variables }) });

      const asked = await send('c');
      assert.deepEqual(toLines(asked.tests), ['the server takes the request, and wants to see the user']);
      const { template, data } = asked.visualization ?? { template: '', data: {} };
      assert.match(template, /^<h2><a href="\{\{url\}\}">Open the consent in a browser<\/a>/);
      assert.equal(data.url, `${authorization_endpoint}?client_id=c&request_uri=${variables.request_uri}`);

      const refused = await send('unknown');
      assert.equal(refused.failed, true);
      assert.match(
        toLines(refused.tests)[0] ?? '',
        /wants to see the user: AssertionError: expected 400 to be below 400/,
      );
    });

    test('says which request comes first when there is no token yet', async () => {
      const seen = server.requests.length;
      const run = await host.run(withOnly('Providers list'), {
        environment: fill({}),
        clientCertificate: files,
        caFile: files.ca,
      });
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
