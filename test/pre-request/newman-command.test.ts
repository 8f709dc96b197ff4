// The way of a bank's CI: `inject` into a collection that was not written for this project, then plain `newman run` with
// an environment file and the transport certificate, against the authorization server over mutual TLS.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type AuthorizationServer, startAuthorizationServer } from '../../src/demo/authorization-server.ts';
import { type CredentialFiles, writeCredentialFiles } from '../../src/demo/credential-files.ts';
import { runCommand } from '../support/command-line.ts';
import { execute } from '../support/execute.ts';
import { createFolder, type Folder, toEnvironment } from '../support/workplace.ts';

const NEWMAN = fileURLToPath(import.meta.resolve('newman/bin/newman.js'));

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
  let folder: Folder;

  before(async () => {
    server = await startAuthorizationServer({ audience: 'token_endpoint' });
    files = writeCredentialFiles(server.credentials);
    folder = createFolder();
    const original = folder.write('foreign.json', JSON.stringify(foreign, null, 2));
    const { code, stderr } = await runCommand(['inject', original, '-o', folder.path('ours.json')]);
    assert.equal(code, 0, stderr);
  });
  after(async () => {
    folder.remove();
    files.remove();
    await server.close();
  });
  beforeEach(() => {
    server.requests.length = 0;
    server.verified.length = 0;
  });

  const tls = () => ['--ssl-client-cert', files.cert, '--ssl-client-key', files.key, '--ssl-extra-ca-certs', files.ca];
  const newman = (change: Record<string, string>, ...more: string[]) => {
    const { client_id, kid, signingKey } = server.clients.privateKeyJwt;
    const settings = { issuer: server.issuer, client_id, kid, signing_key: signingKey, ...change };
    const environment = folder.write('environment.json', toEnvironment(settings));
    return execute(process.execPath, [NEWMAN, 'run', folder.path('ours.json'), '-e', environment, ...more]);
  };

  it('authenticates the client by private_key_jwt, with a jti of its own each time', async () => {
    const { code, stdout } = await newman({}, ...tls(), '-n', '3');
    assert.equal(code, 0, stdout);
    assert.deepEqual(
      server.verified.map(({ method }) => method),
      Array(3).fill('private_key_jwt'),
    );
    assert.equal(new Set(server.verified.map(({ jti }) => jti)).size, 3);
  });

  it('authenticates the client by tls_client_auth', async () => {
    const { client_id } = server.clients.tlsClientAuth;
    const change = { client_id, token_endpoint_auth_method: 'tls_client_auth', kid: '', signing_key: '' };
    const { code, stdout } = await newman(change, ...tls());
    assert.equal(code, 0, stdout);
    assert.deepEqual(
      server.verified.map(({ method }) => method),
      ['tls_client_auth'],
    );
  });

  it('exits 1 and says why where the key is bad, and asks for no token', async () => {
    const { code, stdout } = await newman({ signing_key: server.credentials.transportCertificate.cert }, ...tls());
    assert.equal(code, 1);
    assert.deepEqual(
      server.requests.map(({ path }) => path),
      ['/.well-known/openid-configuration'],
    );
    assert.match(stdout.replace(/\s+/g, ' '), /"signing_key" must be an RSA private key .* got a certificate/);
  });

  it('leaves the judgement of the server certificate to Newman: an unknown authority is refused', async () => {
    const { code, stdout } = await newman({});
    assert.equal(code, 1);
    assert.deepEqual(server.requests, []);
    assert.match(stdout.replace(/\s+/g, ' '), /"issuer" must be a server whose metadata can be read, got the error/);
  });

  it('is what CI can check', async () => {
    assert.equal((await runCommand(['inject', '--check', folder.path('ours.json')])).code, 0);
    assert.equal((await runCommand(['inject', '--check', folder.path('foreign.json')])).code, 1);
    const { stdout } = await runCommand(['inject', '--remove', folder.path('ours.json')]);
    assert.equal(stdout, readFileSync(folder.path('foreign.json'), 'utf8'));
  });
});
