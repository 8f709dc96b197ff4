// The command `token`: an access token that the API takes, alone on standard output; and where the server gives none, the reason on
// standard error.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type AuthorizationServer, startAuthorizationServer } from '../../../src/demo/authorization-server.ts';
import { type CredentialFiles, writeCredentialFiles } from '../../../src/demo/credential-files.ts';
import { runCommand } from '../../support/command-line.ts';
import { send } from '../../support/https-client.ts';
import { holdsPartOf } from '../../support/readings.ts';
import { startRecorder } from '../../support/recorder.ts';
import { createFolder, type Folder, settingsOf, toEnvironment } from '../../support/workplace.ts';

let server: AuthorizationServer;
let files: CredentialFiles;
let folder: Folder;

before(async () => {
  server = await startAuthorizationServer({ audience: 'token_endpoint' });
  files = writeCredentialFiles(server.credentials);
  folder = createFolder();
  folder.write('key.pem', server.clients.privateKeyJwt.signingKey);
});
after(async () => {
  folder.remove();
  files.remove();
  await server.close();
});
beforeEach(() => {
  server.requests.length = 0;
});

const token = async (change: Record<string, string | undefined>, args: string[] = [], hasCertificate = true) => {
  const environment = folder.write('environment.json', toEnvironment({ ...settingsOf(server), ...change }));
  const certificate = hasCertificate ? ['--ssl-client-cert', files.cert, '--ssl-client-key', files.key] : [];
  const client = ['-e', environment, '--signing-key', folder.path('key.pem'), ...certificate];
  const result = await runCommand(['token', ...client, '--ssl-extra-ca-certs', files.ca, ...args]);
  const keys = [server.clients.privateKeyJwt.signingKey, readFileSync(files.key, 'utf8')];
  assert.equal(holdsPartOf(result.stdout + result.stderr, keys), false, 'a key is shown');
  assert.doesNotMatch(result.stderr, /ey[\w-]{20,}\.[\w-]{20,}/, 'an assertion is shown');
  return result;
};
const scopes = () => server.requests.map(({ body }) => new URLSearchParams(body).get('scope')).filter(Boolean);
/** Whether the API takes a token, on a connection with the transport certificate. */
const isTaken = async (accessToken: string) => {
  const [ca, cert, key] = [files.ca, files.cert, files.key].map(file => readFileSync(file, 'utf8')) as [
    string,
    string,
    string,
  ];
  const headers = { authorization: `Bearer ${accessToken}`, 'x-fapi-interaction-id': randomUUID() };
  return (await send(server.providersUrl, { ca, cert, key }, { headers })).status === 200;
};

const tlsClientAuth = () => ({
  client_id: server.clients.tlsClientAuth.client_id,
  token_endpoint_auth_method: 'tls_client_auth',
});

describe('token', () => {
  it('prints one access token that the API takes, and nothing else, by either method', async () => {
    for (const change of [{}, tlsClientAuth()]) {
      const { code, stdout, stderr } = await token(change);
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, /^[\x21-\x7e]+\n$/);
      assert.equal(await isTaken(stdout.trim()), true);
    }
    assert.deepEqual(scopes(), ['accounts', 'accounts']);
    assert.equal(
      server.requests.some(({ port }) => port === 'issuer'),
      false,
      'nothing is asked that is known',
    );
  });

  it('prints the whole answer with --json, and finds the endpoint through the issuer', async () => {
    const { code, stdout, stderr } = await token({ token_endpoint: undefined, scope: 'openid' }, ['--json']);
    assert.deepEqual([code, stderr], [0, '']);
    const { access_token, ...rest } = JSON.parse(stdout);
    assert.equal(typeof access_token, 'string');
    assert.deepEqual([rest.token_type, rest.expires_in > 0], ['Bearer', true]);
    await token({ scope: 'openid' }, ['--scope', 'accounts profile']);
    assert.deepEqual(scopes(), ['openid', 'accounts profile']);
  });

  it('explains on standard error why it was refused, and prints nothing else', async () => {
    const { code, stdout, stderr } = await token({ jwks_uri: folder.write('jwks.json', { keys: [] }), kid: 'nope' });
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(
      stderr,
      /^Why the authorization server may have said no:\ntoken_endpoint https:\S+ answered 401 invalid_client/,
    );
    assert.match(stderr, /\n {2}sent: private_key_jwt, alg=PS256 kid=nope /);
    assert.match(stderr, /\n {2}1\. proved: the kid nope is not in the JWKS /);
    assert.match(stderr, /\nerror: there is no access token\.\n$/);
  });

  it('explains a missing certificate with tls_client_auth', async () => {
    const { code, stdout, stderr } = await token(tlsClientAuth(), [], false);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /\n {2}transport certificate: none was sent\n/);
    assert.match(stderr, /\n {2}1\. proved: no transport certificate was sent/);
  });

  it('takes for a token only what is one, for a refusal of the client not that of a scope, and sends to nothing but https', async () => {
    const recorder = await startRecorder();
    try {
      const change = { issuer: undefined, token_endpoint: `${recorder.origin}/token` };
      const cases: [string, RegExp, number?][] = [
        [
          '{"error":"invalid_scope"}',
          /^error: The client was authenticated, but there is no token: token_endpoint \S+ answered 400 invalid_scope\. Compare --scope/,
          400,
        ],
        ['<html>Welcome</html>', /answered 200 without an OAuth error\n.*error: there is no access token\.\n$/s],
        ['{"access_token":{}}', /error: there is no access token\.\n$/],
        ['{"access_token":"a\\u001b[2Jb"}', /^error: The access token has characters that none may have\.\n$/],
      ];
      for (const [body, says, status = 200] of cases) {
        recorder.answers.set('/token', { status, body });
        const { code, stdout, stderr } = await token(change);
        assert.deepEqual([code, stdout], [1, ''], body);
        assert.match(stderr, says);
      }
      recorder.requests.length = 0;
      const plain = await token({ token_endpoint: 'http://as.example.my/token', ...tlsClientAuth() });
      assert.match(plain.stderr, /^error: "token_endpoint" must be an https URL/);
      assert.deepEqual(recorder.requests, []);
    } finally {
      await recorder.close();
    }
  });

  it('names a setting that is wrong before it sends anything', async () => {
    const { code, stdout, stderr } = await token({ kid: undefined });
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /^error: "kid" must be the key ID in the registered JWKS, got nothing/);
    assert.deepEqual(server.requests, []);
  });
});
