// The command `run`: Newman's options, exit codes, and no secret in anything that is written.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import {
  type AuthorizationServer,
  endpointPaths,
  startAuthorizationServer,
} from '../../../src/demo/authorization-server.ts';
import { type CredentialFiles, writeCredentialFiles } from '../../../src/demo/credential-files.ts';
import { runCommand, type Surroundings } from '../../support/command-line.ts';
import { execute } from '../../support/execute.ts';
import { holdsPartOf } from '../../support/readings.ts';
import { createFolder, type Folder, toEnvironment } from '../../support/workplace.ts';

const COLLECTION = 'collections/source/paynet.postman_collection.json';

describe('paynet-client-auth run', () => {
  let server: AuthorizationServer;
  let files: CredentialFiles;
  let folder: Folder;
  let key: string;
  const path = (name: string) => folder.path(name);

  before(async () => {
    server = await startAuthorizationServer({ audience: 'token_endpoint' });
    files = writeCredentialFiles(server.credentials);
    folder = createFolder();
    key = server.clients.privateKeyJwt.signingKey;
    folder.write('key.pem', key);
    const { issuer, redirectUri, resourceServerUrl, clients } = server;
    const { client_id, kid } = clients.privateKeyJwt;
    const settings = { issuer, client_id, kid, redirect_uri: redirectUri, resource_server_url: resourceServerUrl };
    folder.write('env.json', toEnvironment(settings));
  });
  after(async () => {
    folder.remove();
    files.remove();
    await server.close();
  });
  beforeEach(() => {
    server.requests.length = 0;
    server.verified.length = 0;
    rmSync(path('out'), { recursive: true, force: true });
    mkdirSync(path('out'));
  });

  const tls = () => ['--ssl-client-cert', files.cert, '--ssl-client-key', files.key, '--ssl-extra-ca-certs', files.ca];
  const argsOf = (args: string[]) => ['run', COLLECTION, '-e', path('env.json'), ...tls(), ...args];
  const run = (args: string[], surroundings?: Surroundings) => runCommand(argsOf(args), surroundings);
  const ONE_REQUEST = ['--folder', 'Client credentials grant'];
  /** All that a run wrote, by file. */
  const written = () =>
    readdirSync(path('out')).map(name => ({ name, text: readFileSync(join(path('out'), name), 'utf8') }));

  it('authenticates in a process of its own with the key from a file, injected in memory', async () => {
    const before = readFileSync(COLLECTION, 'utf8');
    const args = ['dist/cli.js', ...argsOf(['--signing-key', path('key.pem')])];
    const { code, stdout } = await execute('node', args);
    assert.equal(code, 0, stdout);
    assert.deepEqual([...new Set(server.verified.map(({ endpoint }) => endpoint))], Object.keys(endpointPaths));
    assert.equal(readFileSync(COLLECTION, 'utf8'), before);
  });

  it('takes the key from standard input', async () => {
    const { code, stdout } = await run(['--signing-key', '-', ...ONE_REQUEST], { input: key });
    assert.equal(code, 0, stdout);
    assert.equal(server.verified.length, 1);
  });

  it('leaves no 24 characters of a secret in any report, export, or on the console', async () => {
    const reports = [
      ['--reporters', 'cli,json,junit,htmlextra', '--verbose', '-n', '2'],
      ['--reporter-json-export', path('out/report.json'), '--reporter-junit-export', path('out/report.xml')],
      ['--reporter-htmlextra-export', path('out/report.html')],
      ['--export-environment', path('out/environment.json'), '--export-globals', path('out/globals.json')],
      ['--export-collection', path('out/collection.json'), '--signing-key', path('key.pem')],
    ].flat();
    const { code, stdout, stderr } = await run(reports);
    assert.equal(code, 0, stdout.slice(-2000));
    const all = [...written(), { name: 'the console', text: stdout + stderr }];
    assert.deepEqual(all.map(({ name }) => name).sort(), [
      'collection.json',
      'environment.json',
      'globals.json',
      'report.html',
      'report.json',
      'report.xml',
      'the console',
    ]);
    const forms = server.requests.map(({ body }) => new URLSearchParams(body));
    const assertions = forms.map(form => form.get('client_assertion') ?? '').filter(Boolean);
    assert.equal(assertions.length, 12);
    const requests = forms.map(form => form.get('request') ?? '').filter(Boolean);
    assert.equal(requests.length, 2);
    const once = ['code_verifier', 'refresh_token', 'token'].flatMap(name => forms.flatMap(form => form.getAll(name)));
    assert.equal(once.length, 8);
    const tokens = server.requests
      .map(({ headers }) => headers.authorization?.replace('Bearer ', '') ?? '')
      .filter(Boolean);
    assert.equal(tokens.length, 2);
    const secrets = [...(key.match(/^[^-].*$/gm) ?? []), ...assertions, ...tokens, ...once, ...requests];
    for (const { name, text } of all)
      assert.equal(holdsPartOf(text, secrets), false, `${name} holds a part of a secret`);
    const json = all.find(({ name }) => name === 'report.json')?.text ?? '';
    assert.doesNotThrow(() => JSON.parse(json), 'the report is no JSON any more');
    assert.match(json, /\[signing_key\]/);
    assert.match(json, /\[client_assertion kid=[\w-]+ jti=[\da-f-]{36}\]/);
    assert.match(json, /\[request_object kid=[\w-]+ jti=[\da-f-]{36}\]/);
    // The console breaks it into lines.
    assert.match(stdout.replace(/\n *│ /g, ''), /request=\[request_object kid=[\w-]+ jti=[\da-f-]{36}\]/);
    assert.match(json, /\[access_token\]/);
    assert.doesNotMatch(json, /"code_verifier",\s*"value": "[\w-]{43}"/);
  });

  it('passes Newman’s options on', async () => {
    const options = ['-n', '3', '--delay-request', '5', '--color', 'off'];
    const { code, stdout } = await run(['--signing-key', path('key.pem'), ...ONE_REQUEST, ...options]);
    assert.equal(code, 0, stdout);
    assert.equal(server.requests.filter(request => request.path === '/token').length, 3);
  });

  it('ends in a process of its own with 1 when the run has failed, or with 0 where --suppress-exit-code is given', async () => {
    const fail = (...args: string[]) => execute('node', ['dist/cli.js', ...argsOf(args)]);
    const other = ['--signing-key', path('key.pem'), '--env-var', 'kid=other', ...ONE_REQUEST];
    const failing = await fail(...other);
    assert.equal(failing.code, 1);
    assert.match(failing.stderr, /error: the run failed: 0 of 1 request authenticated, /);
    assert.equal((await fail('--suppress-exit-code', ...other)).code, 0);
  });

  it('opens an encrypted key with the passphrase from the environment, and only with that', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open' });
    folder.write('encrypted.pem', encrypted);
    const args = ['--signing-key', path('encrypted.pem'), '--folder', 'Well-known endpoint'];
    assert.equal((await run(args, { env: { SIGNING_KEY_PASSPHRASE: 'open' } })).code, 0);
    const wrong = await run(args, { env: { SIGNING_KEY_PASSPHRASE: 'shut' } });
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /does not open with this passphrase/);
    const none = await run(args);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /the signing key is encrypted\. Set SIGNING_KEY_PASSPHRASE/);
  });

  const wrong: [string, string[], number, RegExp][] = [
    ['an option that neither side knows', ['--bogus'], 2, /unknown option "--bogus"/],
    [
      'an option of a reporter that is not used',
      ['--reporter-json-export', 'x'],
      2,
      /Name its reporter with --reporters/,
    ],
    ['a second argument', ['extra'], 2, /too many arguments: "extra"\. Quote a path with spaces/],
    ['the key as a variable on the command line', ['--env-var', 'signing_key=x'], 2, /Use --signing-key <file>/],
    [
      'a number that is none',
      ['-n', 'x'],
      2,
      /'-n, --iteration-count <n>' argument 'x' is invalid\. Give a whole number/,
    ],
    ['a certificate without key', ['--ssl-client-key', ''], 2, /go together/],
    ['a file that is not there', ['--signing-key', 'nowhere.pem'], 1, /nowhere\.pem: no such file/],
    ['an environment that is none', ['-e', COLLECTION], 1, /is neither a Postman environment nor globals/],
  ];
  for (const [title, args, exitCode, says] of wrong) {
    it(`refuses ${title}`, async () => {
      const { code, stderr } = await run(args);
      assert.match(stderr, says);
      assert.equal(code, exitCode);
      assert.deepEqual(server.requests, []);
    });
  }

  it('follows no redirect from an endpoint', async () => {
    const collection = JSON.parse(readFileSync(COLLECTION, 'utf8'));
    type Item = { name: string; item?: Item[]; protocolProfileBehavior?: { followRedirects?: boolean } };
    const requestsOf = ({ item }: { item: Item[] }) => item.flatMap(one => one.item ?? [one]);
    for (const request of requestsOf(collection)) {
      if (request.name !== 'Authorization') delete request.protocolProfileBehavior;
    }
    const { code } = await runCommand([
      ...['run', folder.write('redirects.json', collection), '-e', path('env.json'), ...tls()],
      ...['--signing-key', path('key.pem'), '--silent', '--export-collection', path('out/collection.json')],
    ]);
    assert.equal(code, 0);
    const exported = JSON.parse(readFileSync(path('out/collection.json'), 'utf8'));
    const followed = requestsOf(exported).filter(
      ({ protocolProfileBehavior }) => protocolProfileBehavior?.followRedirects !== false,
    );
    assert.deepEqual(
      followed.map(({ name }) => name),
      ['Check my setup', 'Well-known endpoint', 'Providers list'],
    );
  });
});
