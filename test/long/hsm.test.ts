// A signing key that was made in a token and can't leave it: the recipes for PKCS#11 in docs/sign-command.md, copied from its blocks,
// sign for `run`, `token` and an agent, against the server of the demo. `npm run test:long`.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPublicKey, type KeyObject, randomInt } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { type AuthorizationServer, startAuthorizationServer } from '../../src/demo/authorization-server.ts';
import { type CredentialFiles, writeCredentialFiles } from '../../src/demo/credential-files.ts';
import { blocksOf, sectionOf } from '../docs/markdown.ts';
import { startAgentProcess } from '../support/agent-process.ts';
import { collectionOf, form } from '../support/collections.ts';
import { runCommand } from '../support/command-line.ts';
import { hosts } from '../support/hosts.ts';
import { isSigned } from '../support/ps256.ts';
import { tryToExport } from '../support/token-export.ts';
import { createFolder, type Folder, settingsOf, toEnvironment, tokenCollection } from '../support/workplace.ts';

const blocks = blocksOf({ path: 'docs/sign-command.md', text: sectionOf('docs/sign-command.md', 'PKCS#11') });
const [install = '', makeKey = '', savePublicKey = '', byPkcs11Tool = '', byOpenssl = ''] = blocks.map(
  ({ text }) => text,
);
const MODULE = /^module=(.*)$/m.exec(makeKey)?.[1] ?? '';

/** The ways to sign, as the page has them; with a key of 3072 bits, `signing-3072`, too. */
const toLarge = (text: string) => text.replace(/\b01\b/g, '02').replace(/signing(?=;| |$)/gm, 'signing-3072');
const WAYS: [title: string, script: string, file: string, input: 'digest' | 'message'][] = [
  ['pkcs11-tool', byPkcs11Tool, 'signing-public.pem', 'digest'],
  [
    'pkcs11-tool, which gets the message',
    byPkcs11Tool.replace('RSA-PKCS-PSS --hash-algorithm SHA256', 'SHA256-RSA-PKCS-PSS'),
    'signing-public.pem',
    'message',
  ],
  ['OpenSSL', byOpenssl, 'signing-public.pem', 'digest'],
  ['pkcs11-tool, 3072 bits', toLarge(byPkcs11Tool), 'large-public.pem', 'digest'],
  ['OpenSSL, 3072 bits', toLarge(byOpenssl), 'large-public.pem', 'digest'],
];

describe('a signing key in a token', () => {
  let folder: Folder;
  let server: AuthorizationServer;
  let transport: CredentialFiles;
  let tls: string[];

  /** Runs lines of the page, as a shell would. */
  const runScript = (script: string) =>
    spawnSync('bash', ['-euo', 'pipefail', '-c', script], { cwd: folder.path(''), encoding: 'utf8' });
  const mustRun = (script: string) => {
    const { status, stdout, stderr } = runScript(script);
    assert.equal(status, 0, `${script}\n${stderr}`);
    return stdout;
  };
  const readKey = (file: string): KeyObject => createPublicKey(readFileSync(folder.path(file)));
  const toJwk = async (file: string) =>
    JSON.parse((await runCommand(['jwks', '--public-key', folder.path(file)])).stdout).keys[0];
  /** The options that sign, and the environment of the client with the `kid` of that key. */
  const toSigner = (script: string, file: string, input: string) => {
    folder.write('sign.sh', script);
    const command = ['--sign-command', `cd '${folder.path('')}' && sh sign.sh`, '--sign-command-input', input];
    return [...command, '--public-key', folder.path(file)];
  };
  const toClient = async (file: string) => {
    const { issuer: _, ...settings } = settingsOf(server);
    return ['-e', folder.write('env.json', toEnvironment({ ...settings, kid: (await toJwk(file)).kid })), ...tls];
  };

  before(async () => {
    const isInstalled =
      existsSync(MODULE) &&
      spawnSync('pkcs11-tool', ['--help']).error === undefined &&
      spawnSync('python3', ['--version']).error === undefined &&
      spawnSync('openssl', ['engine', 'pkcs11']).status === 0;
    if (!isInstalled) throw new Error(`Packages are missing. Run: ${install.trim()} python3`);
    folder = createFolder();
    mkdirSync(folder.path('tokens'));
    process.env.SOFTHSM2_CONF = folder.write('softhsm2.conf', `directories.tokendir = ${folder.path('tokens')}\n`);
    for (const name of ['SO_PIN', 'PKCS11_PIN']) process.env[name] = String(randomInt(1e7, 1e8));
    chmodSync(folder.write('pin.txt', process.env.PKCS11_PIN), 0o600);
    mustRun(makeKey);
    mustRun(savePublicKey);
    const [module = '', , , generate = ''] = makeKey.replaceAll('\\\n', '').split('\n');
    mustRun(`${module}\n${toLarge(generate).replace('rsa:2048', 'rsa:3072')}`);
    mustRun(toLarge(savePublicKey).replace('signing-public.pem', 'large-public.pem'));

    const registeredKeys = await Promise.all(['signing-public.pem', 'large-public.pem'].map(toJwk));
    server = await startAuthorizationServer({ audience: 'token_endpoint', registeredKeys });
    transport = writeCredentialFiles(server.credentials);
    tls = [
      '--ssl-client-cert',
      transport.cert,
      '--ssl-client-key',
      transport.key,
      '--ssl-extra-ca-certs',
      transport.ca,
    ];
    folder.write('collection.json', tokenCollection());
  });
  after(async () => {
    await server?.close();
    transport?.remove();
    folder?.remove();
  });

  it("can't be exported: the token says so, and refuses each attempt", () => {
    const login = `pkcs11-tool --module ${MODULE} --token-label paynet --login --pin env:PKCS11_PIN`;
    const access = (label: string) =>
      new RegExp(`Private Key Object; RSA.*?label: *${label}\n.*?Access: *(.*?)\n`, 's').exec(
        mustRun(`${login} --list-objects --type privkey`),
      )?.[1];
    for (const label of ['signing', 'signing-3072']) {
      assert.equal(access(label), 'sensitive, always sensitive, never extractable, local');
    }
    // The token says it of each key for itself.
    mustRun(`${login} --keypairgen --key-type rsa:2048 --usage-sign --id 03 --label loose --extractable`);
    assert.equal(access('loose'), 'sensitive, always sensitive, extractable, local');

    mustRun(`${login} --keygen --key-type AES:32 --id 09 --label wrapper --usage-wrap`);
    const refused = ['CKR_ATTRIBUTE_SENSITIVE', 'CKR_ATTRIBUTE_READ_ONLY', 'CKR_KEY_UNEXTRACTABLE'];
    for (const id of ['01', '02']) assert.deepEqual(tryToExport(MODULE, id, '09'), refused);
    assert.equal(tryToExport(MODULE, '03', '09')[2], 'CKR_OK');
  });

  for (const [title, script, file, input] of WAYS) {
    it(`signs by ${title}: run is green, and token prints one`, async t => {
      const all = [...(await toClient(file)), ...toSigner(script, file, input)];
      const { kid } = await toJwk(file);
      const assertion = await runCommand(['assertion', ...all]);
      assert.equal(assertion.code, 0, assertion.stderr);
      const [header, claims, signature = ''] = assertion.stdout.trim().split('.');
      assert.equal(isSigned(`${header}.${claims}`, signature, readKey(file)), true);

      const [verified, refused] = [server.verified.length, server.refusals.length];
      const run = await runCommand(['run', folder.path('collection.json'), ...all]);
      assert.equal(run.code, 0, run.stdout + run.stderr);
      const token = await runCommand(['token', ...all]);
      assert.equal(token.code, 0, token.stderr);
      assert.match(token.stdout, /^\S{20,}\n$/);
      assert.deepEqual(
        server.verified.slice(verified).map(one => [one.method, one.kid]),
        Array(2).fill(['private_key_jwt', kid]),
      );
      assert.equal(server.refusals.length, refused);

      const start = performance.now();
      for (let i = 0; i < 10; i++) runScript(`head -c 32 /dev/zero | sh sign.sh > signature`);
      t.diagnostic(`${Math.round((performance.now() - start) / 10)} ms a signature, with the shell`);
    });
  }

  it('signs for the script in Newman, by an agent', async () => {
    const { issuer: _, ...settings } = settingsOf(server);
    const { kid } = await toJwk('signing-public.pem');
    const agent = await startAgentProcess('', ...toSigner(byPkcs11Tool, 'signing-public.pem', 'digest'));
    try {
      const body = form(['grant_type', 'client_credentials'], ['scope', 'accounts'], ['client_id', '{{client_id}}']);
      const run = await hosts[0]?.run(collectionOf([{ url: '{{token_endpoint}}', body }]), {
        environment: { ...settings, kid, signing_agent: agent.url },
        clientCertificate: transport,
        caFile: transport.ca,
      });
      assert.deepEqual([run?.failed, run?.scriptErrors, run?.requestErrors], [false, [], []]);
      assert.equal(server.verified.at(-1)?.kid, kid);
    } finally {
      agent.kill();
    }
  });

  it('with a wrong PIN sends nothing, and the message names the command', async () => {
    const { PKCS11_PIN } = process.env;
    process.env.PKCS11_PIN = '0';
    const requests = server.requests.length;
    const all = [...(await toClient('signing-public.pem')), ...toSigner(byPkcs11Tool, 'signing-public.pem', 'digest')];
    const { code, stderr } = await runCommand(['token', ...all]);
    process.env.PKCS11_PIN = PKCS11_PIN;
    assert.equal(code, 1);
    assert.match(stderr, /--sign-command ended with exit code 1\./);
    assert.equal(server.requests.length, requests);
  });

  it('is in no file', () => {
    for (const name of readdirSync(folder.path(''), { recursive: true, encoding: 'utf8' })) {
      if (statSync(folder.path(name)).isFile())
        assert.doesNotMatch(readFileSync(folder.path(name), 'latin1'), /PRIVATE KEY|"d":/, name);
    }
  });
});
