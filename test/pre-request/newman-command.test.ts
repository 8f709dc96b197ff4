// The way of a bank's CI: `inject` into a collection that was not written for this project, then plain `newman run` with
// an environment file and the transport certificate, against the authorization server over mutual TLS.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type AuthorizationServer, startAuthorizationServer } from '../../src/demo/authorization-server.ts';
import { transportSubject } from '../../src/demo/certificates.ts';
import { type CredentialFiles, writeCredentialFiles } from '../../src/demo/credential-files.ts';
import { execute } from '../support/execute.ts';
import { hosts } from '../support/hosts.ts';
import { createRsaKey, leaks, refusalsOf, toPkcs8 } from '../support/keys.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A collection as somebody wrote it long ago: v2.0, its own scripts, an assertion kept in a variable, nested folders. */
const foreign = {
  info: { name: 'Our bank', schema: 'https://schema.getpostman.com/json/collection/v2.0.0/collection.json' },
  event: [
    { listen: 'prerequest', script: { type: 'text/javascript', exec: "pm.variables.set('client_assertion', 'old');" } },
  ],
  item: [
    {
      name: 'Authorization',
      item: [
        {
          name: 'Token',
          event: [
            {
              listen: 'test',
              script: { exec: ["pm.test('token', () => pm.expect(pm.response.code).to.equal(200));"] },
            },
          ],
          request: {
            method: 'POST',
            url: '{{token_endpoint}}',
            header: [],
            body: {
              mode: 'urlencoded',
              urlencoded: [
                { key: 'grant_type', value: 'client_credentials' },
                { key: 'scope', value: 'accounts' },
                { key: 'client_id', value: '{{client_id}}' },
                { key: 'client_assertion_type', value: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' },
                { key: 'client_assertion', value: '{{client_assertion}}' },
              ],
            },
          },
        },
      ],
    },
  ],
};

describe('inject and newman run', () => {
  let server: AuthorizationServer;
  let files: CredentialFiles;
  let folder: string;
  const path = (name: string) => join(folder, name);

  before(async () => {
    server = await startAuthorizationServer({ audience: 'token_endpoint' });
    files = writeCredentialFiles(server.credentials);
    folder = mkdtempSync(join(tmpdir(), 'newman-command-'));
    writeFileSync(path('foreign.json'), JSON.stringify(foreign, null, 2));
    const { code, stderr } = await execute('node', [
      'dist/cli.js',
      'inject',
      path('foreign.json'),
      '-o',
      path('ours.json'),
    ]);
    assert.equal(code, 0, stderr);
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    files.remove();
    await server.close();
  });

  const newman = (change: Record<string, string>, ...more: string[]) => {
    const { client_id, kid, signingKey } = server.clients.privateKeyJwt;
    const settings = { issuer: server.issuer, client_id, kid, signing_key: signingKey, ...change };
    const values = Object.entries(settings).map(([key, value]) => ({ key, value, enabled: true }));
    writeFileSync(path('env.json'), JSON.stringify({ name: 'env', values }));
    const tls = ['--ssl-client-cert', files.cert, '--ssl-client-key', files.key, '--ssl-extra-ca-certs', files.ca];
    return execute('npx', ['newman', 'run', path('ours.json'), '-e', path('env.json'), ...tls, ...more]);
  };

  it('authenticates the client by private_key_jwt', async () => {
    const { code, stdout } = await newman({});
    assert.equal(code, 0, stdout);
    assert.equal(server.verified.pop()?.method, 'private_key_jwt');
  });

  it('authenticates the client by tls_client_auth', async () => {
    const { client_id } = server.clients.tlsClientAuth;
    const { code, stdout } = await newman({
      client_id,
      token_endpoint_auth_method: 'tls_client_auth',
      kid: '',
      signing_key: '',
    });
    assert.equal(code, 0, stdout);
    assert.equal(server.verified.pop()?.method, 'tls_client_auth');
  });

  it('sends forty different jti in forty iterations, all accepted', async () => {
    server.verified.length = 0;
    const { code, stdout } = await newman({}, '-n', '40');
    assert.equal(code, 0, stdout);
    assert.equal(server.verified.length, 40);
    assert.equal(new Set(server.verified.map(({ jti }) => jti)).size, 40);
  });

  it('exits 1, sends nothing and names signing_key for bad keys of every kind', async () => {
    const { cert } = await server.credentials.authority.issueClientCertificate(transportSubject);
    const refusals = refusalsOf(createRsaKey().privateKey, cert);
    writeFileSync(path('data.json'), JSON.stringify(refusals.map(({ text }) => ({ signing_key: text }))));
    server.requests.length = 0;
    const { code, stdout, stderr } = await newman(
      { token_endpoint: server.endpoints.token_endpoint },
      '-d',
      path('data.json'),
    );
    assert.equal(code, 1);
    assert.deepEqual(server.requests, []);
    const text = stdout.replace(/\s+/g, ' ');
    assert.equal(text.match(/"signing_key" must be an RSA private key/g)?.length, refusals.length);
    for (const refusal of refusals) assert(!leaks(stdout + stderr, refusal.text), `shows ${refusal.title}`);
  });

  it('exits 1 with one bad key alone', async () => {
    server.requests.length = 0;
    const { code, stdout } = await newman({ signing_key: server.credentials.transportCertificate.cert });
    assert.equal(code, 1);
    assert.deepEqual(
      server.requests.map(({ path: seen }) => seen),
      ['/.well-known/openid-configuration'],
    );
    assert.match(stdout.replace(/\s+/g, ' '), /"signing_key" must be an RSA private key .* got a certificate/);
  });

  it('leaves the judgement of the server certificate to Newman: an unknown authority is refused', async () => {
    server.requests.length = 0;
    const values = Object.entries({
      issuer: server.issuer,
      client_id: 'x',
      kid: 'k',
      signing_key: toPkcs8(createRsaKey().privateKey),
    });
    writeFileSync(
      path('env.json'),
      JSON.stringify({ name: 'e', values: values.map(([key, value]) => ({ key, value })) }),
    );
    const { code, stdout } = await execute('npx', ['newman', 'run', path('ours.json'), '-e', path('env.json')]);
    assert.equal(code, 1);
    assert.deepEqual(server.requests, []);
    assert.match(stdout.replace(/\s+/g, ' '), /"issuer" must be a server whose metadata can be read, got the error/);
  });

  it('is what CI can check', async () => {
    assert.equal((await execute('node', ['dist/cli.js', 'inject', '--check', path('ours.json')])).code, 0);
    assert.equal((await execute('node', ['dist/cli.js', 'inject', '--check', path('foreign.json')])).code, 1);
    const { stdout } = await execute('node', ['dist/cli.js', 'inject', '--remove', path('ours.json')]);
    assert.equal(stdout, readFileSync(path('foreign.json'), 'utf8'));
  });
});

for (const host of hosts) {
  describe(`aliases for mutual TLS in ${host.name}`, () => {
    for (const audience of ['token_endpoint', 'issuer'] as const) {
      it(`get the requests of the whole collection, with the audience ${audience}`, async () => {
        const server = await startAuthorizationServer({ audience, mtlsEndpointAliases: true });
        const files = writeCredentialFiles(server.credentials);
        const { client_id, kid, signingKey } = server.clients.privateKeyJwt;
        const collection = JSON.parse(readFileSync(join(root, 'dist/paynet.postman_collection.json'), 'utf8'));
        const environment = {
          issuer: server.issuer,
          client_id,
          kid,
          signing_key: signingKey,
          client_assertion_audience: audience,
          redirect_uri: server.redirectUri,
          resource_server_url: server.resourceServerUrl,
        };
        const run = await host.run(collection, { environment, clientCertificate: files, caFile: files.ca });
        files.remove();
        await server.close();
        assert.deepEqual(
          run.tests.filter(({ error }) => error),
          [],
        );
        assert.equal(run.failed, false);
        const authenticated = server.requests.filter(({ body }) => body.includes('client_assertion='));
        assert.deepEqual([...new Set(authenticated.map(({ port }) => port))], ['mtls']);
        assert.equal(server.verified.length, 6);
      });
    }
  });
}
