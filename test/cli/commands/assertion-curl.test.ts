// The command `assertion --curl`: a cURL command that the authorization server accepts when a real shell and a real curl run
// it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { delimiter } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type AuthorizationServer, startAuthorizationServer } from '../../../src/demo/authorization-server.ts';
import { createCredentials } from '../../../src/demo/certificates.ts';
import { type CredentialFiles, writeCredentialFiles } from '../../../src/demo/credential-files.ts';
import { runCommand } from '../../support/command-line.ts';
import { execute } from '../../support/execute.ts';
import { toPublicPem } from '../../support/keys.ts';
import { createPkcs12, noOpenssl } from '../../support/pkcs12.ts';
import { holdsPartOf } from '../../support/readings.ts';
import { createSignCommand } from '../../support/sign-command.ts';
import { createFolder, type Folder, settingsOf, toEnvironment } from '../../support/workplace.ts';

const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const noCurl = spawnSync('curl', ['--version']).status === 0 ? false : 'curl is not installed on this machine';

type Variables = Record<string, string | undefined>;

let server: AuthorizationServer;
let fapi: AuthorizationServer;
let files: CredentialFiles;
let folder: Folder;
let key: string;

before(async () => {
  const credentials = await createCredentials();
  [server, fapi] = await Promise.all([
    startAuthorizationServer({ audience: 'token_endpoint', credentials }),
    startAuthorizationServer({ audience: 'issuer', credentials }),
  ]);
  files = writeCredentialFiles(credentials);
  key = credentials.signingKey.privateKey;
  // A name that a shell would take apart.
  folder = createFolder("the bank's $files");
  folder.write('key.pem', key);
  mkdirSync(folder.path('bin'));
  const command = folder.write('bin/paynet-client-auth', `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`);
  chmodSync(command, 0o755);
});
after(async () => {
  folder.remove();
  files.remove();
  await Promise.all([server.close(), fapi.close()]);
});
beforeEach(() => {
  for (const one of [server, fapi]) for (const record of [one.requests, one.verified, one.refusals]) record.length = 0;
});

const environmentOf = (change: Variables = {}, at = server) =>
  folder.write('environment.json', toEnvironment({ ...settingsOf(at), ...change }));
const assertion = (args: string[]) => runCommand(['assertion', ...args]);

describe('paynet-client-auth assertion --curl', () => {
  const client = (change: Variables = {}, at = server) => [
    ...['-e', environmentOf(change, at), '--signing-key', folder.path('key.pem'), '--ssl-extra-ca-certs', files.ca],
    ...['--ssl-client-cert', files.cert, '--ssl-client-key', files.key],
  ];
  const byCertificate = (at = server) => ({
    client_id: at.clients.tlsClientAuth.client_id,
    token_endpoint_auth_method: 'tls_client_auth',
    kid: undefined,
  });
  const printed = async (args: string[], says = '') => {
    const { code, stdout, stderr } = await assertion([...args, '--curl']);
    assert.deepEqual([code, stderr], [0, says]);
    return stdout;
  };
  /** Runs the printed command in a shell that finds this command line by its name. */
  const inShell = async (command: string, variables: Record<string, string> = {}) => {
    const env = { ...variables, PATH: `${folder.path('bin')}${delimiter}${process.env.PATH}` };
    const { code, stdout, stderr } = await execute('sh', ['-c', command.replace(/^curl /, 'curl -sS -m 20 ')], {
      env,
    });
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  };

  for (const [title, change, isFapi] of [
    ['private_key_jwt', {}, false],
    ['private_key_jwt and the issuer as audience', { client_assertion_audience: 'issuer' }, true],
    ['private_key_jwt and the token endpoint of the metadata', { token_endpoint: undefined }, false],
    ['tls_client_auth', 'certificate', false],
    ['tls_client_auth and the token endpoint of the metadata', 'certificate by discovery', false],
  ] as const) {
    it(`is accepted by the server with ${title}`, { skip: noCurl }, async () => {
      const at = isFapi ? fapi : server;
      const variables: Variables =
        typeof change === 'object'
          ? change
          : { ...byCertificate(at), ...(change === 'certificate' ? {} : { token_endpoint: undefined }) };
      const answer = await inShell(await printed(client(variables, at)));
      assert.equal(typeof answer.access_token, 'string', JSON.stringify(at.refusals));
      assert.deepEqual(
        at.verified.map(({ endpoint, method }) => [endpoint, method]),
        [['token_endpoint', title.replace(/ .*/, '')]],
      );
      assert.equal(at.verified[0]?.aud, title.startsWith('private_key_jwt') ? at.audience : undefined);
    });
  }

  it('is accepted with the values of --env-var, quoted for the shell', { skip: noCurl }, async () => {
    const { client_id } = settingsOf(server);
    const change = { client_id: '{{a $(name)}}', scope: 'openid accounts' };
    const answer = await inShell(await printed([...client(change), '--env-var', `a $(name)=${client_id}`]));
    assert.equal(typeof answer.access_token, 'string', JSON.stringify(server.refusals));
    assert.equal(answer.scope, change.scope);
  });

  it('signs by the command that signs, with what verifies it', { skip: noCurl }, async t => {
    const hsm = createFolder();
    t.after(() => hsm.remove());
    const sign = createSignCommand(hsm, createPrivateKey(key));
    const publicKey = createPublicKey(key);
    const pem = folder.write('public.pem', toPublicPem(createPrivateKey(key)));
    const { kid } = settingsOf(server);
    const jwks = folder.write('jwks.json', { keys: [{ ...publicKey.export({ format: 'jwk' }), kid }] });
    const others = client().filter((_, at, all) => !/--signing-key/.test(`${all[at]}${all[at - 1]}`));
    for (const args of [
      ['--sign-command', sign(), '--public-key', pem],
      ['--sign-command', sign('message'), '--sign-command-input', 'message', '--jwks', jwks],
    ]) {
      const command = await printed([...others, ...args]);
      for (const option of args.filter(arg => arg.startsWith('--')))
        assert.ok(command.includes(` ${option} `), command);
      const answer = await inShell(command);
      assert.equal(typeof answer.access_token, 'string', JSON.stringify(server.refusals));
    }
    const secret = `PASSWORD=correct-horse-7 ${sign()}`;
    const command = await printed([...others, '--sign-command', secret]);
    assert.equal(command.includes('correct-horse'), false, 'the password is shown');
    assert.equal(typeof (await inShell(command, { SIGN_COMMAND: secret })).access_token, 'string');
  });

  it('names a PKCS #12 file alone, and has a variable in the place of its passphrase', {
    skip: noCurl || noOpenssl,
  }, async () => {
    for (const [change, passphrase] of [
      [{}, 'buka sesame'],
      [byCertificate(), ''],
    ] as const) {
      const file = folder.write('client.p12', createPkcs12(server.credentials.transportCertificate, passphrase));
      const args = [...client(change).slice(0, -4), '--ssl-client-cert', file];
      const says = 'Before you run it, set SSL_CLIENT_PASSPHRASE to the passphrase of the PKCS #12 file.\n';
      const command = await printed([...args, '--ssl-client-passphrase', passphrase], passphrase && says);
      assert.equal(command.includes('buka'), false, command);
      assert.match(command, /--cert-type P12/);
      assert.doesNotMatch(command, /--key /);
      const answer = await inShell(command, { SSL_CLIENT_PASSPHRASE: passphrase });
      assert.equal(typeof answer.access_token, 'string', command);
    }
  });

  it('calls the command line as it was called itself, by its file or by npx', { skip: noCurl }, async () => {
    const bin = folder.path('node_modules/.bin');
    mkdirSync(bin, { recursive: true });
    symlinkSync(CLI, `${bin}/paynet-client-auth`);
    for (const [args, shown] of [
      [['dist/cli.js'], '$(node dist/cli.js assertion '],
      [[`${bin}/paynet-client-auth`], '$(npx --no-install paynet-client-auth assertion '],
      [[CLI], '$(node dist/cli.js assertion '],
    ] as const) {
      const { code, stdout } = await execute(process.execPath, [...args, 'assertion', ...client(), '--curl']);
      assert.equal(code, 0);
      assert.ok(stdout.includes(shown), stdout);
      if (!shown.includes('npx')) assert.equal(typeof (await inShell(stdout)).access_token, 'string');
    }
  });

  it('makes a new assertion at every call of the shell', { skip: noCurl }, async () => {
    const command = await printed(client());
    await inShell(command);
    await inShell(command);
    assert.equal(new Set(server.verified.map(({ jti }) => jti)).size, 2);
  });

  it('holds names of files, and no secret', async () => {
    for (const change of [{}, byCertificate()]) {
      const passphrase = 'correct horse battery staple';
      const command = await printed([
        ...client({ ...change, signing_key: key }),
        '--ssl-client-passphrase',
        passphrase,
      ]);
      const secrets = [key, readFileSync(files.key, 'utf8'), passphrase];
      assert.equal(holdsPartOf(command, secrets), false, 'a secret is shown');
      assert.equal(command.includes(passphrase), false, 'the passphrase is shown');
      assert.doesNotMatch(command, /ey[\w-]{20,}\./, 'an assertion is shown');
      for (const file of [files.cert, files.key, files.ca]) assert.equal(command.includes(file), true, file);
    }
  });

  it('is accepted with files that have colons and backslashes in their names', { skip: noCurl }, async () => {
    for (const [name, change] of [
      ['a:b.pem', {}],
      ['\\a\\:b c:d.pem', byCertificate()],
    ] as const) {
      const cert = folder.write(name, readFileSync(files.cert, 'utf8'));
      const tls = [
        '--ssl-client-cert',
        cert,
        '--ssl-client-key',
        folder.write(`key ${name}`, readFileSync(files.key, 'utf8')),
      ];
      const answer = await inShell(await printed([...client(change), ...tls]));
      assert.equal(typeof answer.access_token, 'string', name);
    }
  });

  it('leaves a secret of --env-var to a variable of the shell', { skip: noCurl }, async () => {
    const secrets = { client_secret: 'hunter2', 'my-Password': 'x', other: `Bearer ${'t'.repeat(40)}` };
    const pairs = Object.entries(secrets).flatMap(([name, value]) => ['--env-var', `${name}=${value}`]);
    const command = await printed([...client(), ...pairs]);
    for (const secret of Object.values(secrets))
      assert.equal(command.includes(`=${secret}`), false, 'a secret is shown');
    const shown =
      '--env-var client_secret="$CLIENT_SECRET" --env-var my-Password="$MY_PASSWORD" --env-var other="$OTHER"';
    assert.equal(command.includes(shown), true, command);
    const answer = await inShell(command.replace('client_secret=', 'client_id={{client}} --env-var client='), {
      CLIENT_SECRET: settingsOf(server).client_id,
    });
    assert.equal(typeof answer.access_token, 'string', JSON.stringify(server.refusals));
  });

  it('has no assertion in it with tls_client_auth', async () => {
    const command = await printed(client(byCertificate()));
    assert.doesNotMatch(command, /assertion/);
    assert.match(command, /--data-urlencode client_id=/);
  });

  it('names files to put in where no certificate is given', async () => {
    const command = await printed(['-e', environmentOf(), '--signing-key', folder.path('key.pem')]);
    assert.match(command, /--cert transport-certificate\.pem \\\n {2}--key transport-key\.pem/);
  });

  it('is not made for a token endpoint that no assertion may go to', async () => {
    for (const token_endpoint of ['http://as.example.my/token', '--output=x', 'https://u:p@as.example.my/token']) {
      for (const change of [{}, byCertificate()]) {
        const { code, stdout, stderr } = await assertion([...client({ ...change, token_endpoint }), '--curl']);
        assert.deepEqual([code, stdout], [1, ''], token_endpoint);
        assert.match(stderr, /"token_endpoint" must be an https URL/);
      }
    }
  });
});
