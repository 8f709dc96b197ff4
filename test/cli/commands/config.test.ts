// Commands in a directory with `paynet-client-auth.json`: they need no options, an option goes before the file, and the files that it
// names are as safe as those that an option names.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import { runCommand } from '../../support/command-line.ts';
import { createWorkplace, type Workplace } from '../../support/workplace.ts';

let place: Workplace;
let root: string;

const write = (name: string, content: object) => writeFileSync(place.path(name), JSON.stringify(content));
const files = () => ({
  environment: 'env.json',
  signingKey: 'key.pem',
  sslClientCert: place.transport.cert,
  sslClientKey: place.transport.key,
  sslExtraCaCerts: place.transport.ca,
});

before(async () => {
  place = await createWorkplace();
  root = process.cwd();
  process.chdir(place.path('.'));
});
after(async () => {
  process.chdir(root);
  await place.remove();
});
beforeEach(() => write('paynet-client-auth.json', files()));

describe('with paynet-client-auth.json in the working directory', () => {
  it('assertion, token, check, run and jwks need no options', async () => {
    const assertion = await runCommand(['assertion']);
    assert.match(assertion.stdout, /^ey[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const token = await runCommand(['token']);
    assert.match(token.stdout, /^[\x21-\x7e]+\n$/);
    assert.deepEqual([assertion.stderr, token.stderr], ['', ''], 'standard error stays quiet');
    const check = await runCommand(['check', '--live']);
    assert.equal(check.code, 0, check.stdout);
    assert.match(
      check.stdout,
      /^ok {4}configuration +the files are those of paynet-client-auth\.json, where no option/,
    );
    assert.match(check.stdout, /^ok {4}live private_key_jwt +accepted$/m);
    const jwks = await runCommand(['jwks']);
    assert.match(jwks.stdout, /"alg": "PS256"/);
    const run = await runCommand(['run', 'collection.json']);
    assert.equal(run.code, 0, run.stdout + run.stderr);
  });

  it('checks the settings together with a collection too, unless --no-config is given', async () => {
    const names = async (...args: string[]) => {
      const { stdout } = await runCommand(['check', 'collection.json', '--json', ...args]);
      return JSON.parse(stdout).map(({ name }: { name: string }) => name);
    };
    assert.equal((await names())[0], 'configuration');
    assert.deepEqual(await names('--no-config'), ['script', 'secrets', 'server', 'requests']);
  });

  it('an option goes before the file, and a certificate is never taken with the key of another place', async () => {
    write('other.json', {
      values: [
        { key: 'client_id', value: 'other' },
        { key: 'kid', value: 'k' },
        { key: 'token_endpoint', value: 'https://as.example.my/token' },
      ],
    });
    const { stdout } = await runCommand(['assertion', '-e', 'other.json', '--decode']);
    assert.match(stdout, /\n {2}sub {2}other\n/);
    const mixed = await runCommand(['token', '--ssl-client-cert', place.transport.cert]);
    assert.equal(mixed.code, 2);
    assert.match(mixed.stderr, /--ssl-client-cert and --ssl-client-key go together/);
    const curl = await runCommand(['assertion', '--curl']);
    assert.match(curl.stdout, / -e env\.json --signing-key key\.pem /);
  });

  it('run refuses to write over a file that it names', async () => {
    const before = readFileSync('env.json', 'utf8');
    const { code, stderr } = await runCommand(['run', 'collection.json', '--export-environment', './env.json']);
    assert.equal(code, 2);
    assert.match(stderr, /--export-environment would replace \.\/env\.json, which is read/);
    assert.equal(readFileSync('env.json', 'utf8'), before);
  });

  it('--config names another, whose paths are relative to it', async () => {
    mkdirSync('sub', { recursive: true });
    write('sub/other.json', { ...files(), environment: '../env.json', signingKey: '../key.pem' });
    writeFileSync('paynet-client-auth.json', 'broken');
    const { code, stdout, stderr } = await runCommand(['check', '--config', 'sub/other.json']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /the files are those of sub\/other\.json/);
    const none = await runCommand(['check', '--config', 'none.json']);
    assert.deepEqual(
      [none.code, none.stdout, none.stderr],
      [1, '', 'error: none.json: no such file. Check the path.\n'],
    );
  });

  it('a file that is broken, or names one that is not there, is an error with its name', async () => {
    writeFileSync('paynet-client-auth.json', '{\n  "signingKeys": "key.pem"\n}');
    for (const args of [['check'], ['token'], ['assertion'], ['jwks'], ['run', 'collection.json']]) {
      const { code, stdout, stderr } = await runCommand(args);
      assert.deepEqual([code, stdout], [1, ''], args[0]);
      assert.match(stderr, /^error: paynet-client-auth\.json, line 2: must have the members .*, got "signingKeys"\./);
    }
    write('paynet-client-auth.json', { ...files(), signingKey: 'gone.pem' });
    assert.match((await runCommand(['check'])).stderr, /^error: gone\.pem: no such file\. Check the path\.\n$/);
    assert.match((await runCommand(['assertion', '--no-config'])).stderr, /"client_id" must be/);
  });
});
