// The command `jwks`: a JWKS that jose takes, with its own thumbprint; a new key that only its owner reads; nothing is replaced
// unasked, and no private number is shown.

import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { chmodSync, existsSync, linkSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { runCommand, type Surroundings } from '../../support/command-line.ts';
import { createRsaKey } from '../../support/keys.ts';
import { holdsPartOf } from '../../support/readings.ts';
import { createFolder, type Folder } from '../../support/workplace.ts';

let folder: Folder;
let pem: string;
let thumbprint: string;

before(async () => {
  folder = createFolder();
  const { privateKey, publicKey } = createRsaKey();
  pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  thumbprint = await calculateJwkThumbprint(publicKey.export({ format: 'jwk' }) as JWK);
  folder.write('signing.pem', pem);
});
after(() => folder.remove());

const jwks = async (args: string[], surroundings?: Surroundings) => {
  const result = await runCommand(['jwks', ...args], surroundings);
  assert.equal(holdsPartOf(result.stdout + result.stderr, [pem]), false, 'the private key is shown');
  return result;
};
const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8);

describe('jwks', () => {
  it('prints the public half with the RFC 7638 thumbprint as kid, and says on stderr what to do with it', async () => {
    const { code, stdout, stderr } = await jwks(['--signing-key', folder.path('signing.pem')]);
    assert.equal(code, 0, stderr);
    const { n, e } = createPublicKey(pem).export({ format: 'jwk' });
    assert.deepEqual(JSON.parse(stdout), {
      keys: [{ kty: 'RSA', n, e, kid: thumbprint, use: 'sig', alg: 'PS256' }],
    });
    assert.match(stderr, /^Register this JWKS at PayNet's portal: the JWKS itself, or the https URL/);
    assert.equal(stderr.endsWith(`Set the variable kid to ${thumbprint}\n`), true, stderr);
  });

  it('takes the kid of --kid, else that of a private JWK, from standard input too', async () => {
    const jwk = { ...createPrivateKey(pem).export({ format: 'jwk' }), kid: 'of the jwk' };
    const kidOf = async (...args: string[]) => {
      const { stdout } = await jwks(['--signing-key', '-', ...args], { input: JSON.stringify(jwk) });
      assert.deepEqual(Object.keys(JSON.parse(stdout).keys[0]), ['kty', 'n', 'e', 'kid', 'use', 'alg']);
      return JSON.parse(stdout).keys[0].kid;
    };
    assert.deepEqual([await kidOf(), await kidOf('--kid', 'given')], ['of the jwk', 'given']);
  });

  it('opens an encrypted key with SIGNING_KEY_PASSPHRASE', async () => {
    const passphrase = 'correct horse battery staple';
    const encrypted = createPrivateKey(pem).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });
    const args = ['--signing-key', folder.write('encrypted.pem', String(encrypted))];
    const { stdout } = await jwks(args, { env: { SIGNING_KEY_PASSPHRASE: passphrase } });
    assert.equal(JSON.parse(stdout).keys[0].kid, thumbprint);
  });

  it('writes into --out alone, replaces only with --force, and the key itself never', async () => {
    const key = folder.write('own.pem', pem);
    const out = folder.path('jwks.json');
    const first = await jwks(['--signing-key', key, '--out', out]);
    assert.deepEqual([first.code, first.stdout], [0, '']);
    assert.equal(first.stderr.startsWith(`Register ${out} at PayNet's portal`), true, first.stderr);
    const again = await jwks(['--signing-key', key, '--out', out, '--kid', 'new']);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /jwks\.json: is there already\. Name another file, or replace it with --force\.\n$/);
    assert.equal(JSON.parse(readFileSync(out, 'utf8')).keys[0].kid, thumbprint);
    assert.equal((await jwks(['--signing-key', key, '--out', out, '--kid', 'new', '--force'])).code, 0);
    assert.equal(JSON.parse(readFileSync(out, 'utf8')).keys[0].kid, 'new');

    symlinkSync(key, folder.path('symbolic.json'));
    linkSync(key, folder.path('hard.json'));
    for (const name of ['own.pem', 'symbolic.json', 'hard.json']) {
      const { code, stderr } = await jwks(['--signing-key', key, '--out', folder.path(name), '--force']);
      assert.equal(code, 2, name);
      assert.match(stderr, /--out would replace the signing key/);
    }
    assert.equal(readFileSync(key, 'utf8'), pem);
  });

  it('refuses what is no signing key, a kid that can be none, and a call without a key', async () => {
    const cases: [string[], number, RegExp][] = [
      [
        [
          '--signing-key',
          folder.write('public.pem', String(createPublicKey(pem).export({ type: 'spki', format: 'pem' }))),
        ],
        1,
        /got a public key/,
      ],
      [['--signing-key', folder.path('none.pem')], 1, /no such file/],
      [
        ['--signing-key', pem],
        2,
        /expected the path of a file, got \d+ characters of text\. Write the text into a file/,
      ],
      [['--signing-key', folder.path('signing.pem'), '--kid', pem], 1, /"kid" must be the key ID/],
      [
        ['--signing-key', folder.path('signing.pem'), '--kid', ''],
        1,
        /"kid" must be the key ID in the registered JWKS, got nothing/,
      ],
      [[], 2, /--signing-key is missing\. Name a private key, or make one with "jwks new"\./],
      [['old'], 2, /Allowed choices are new/],
    ];
    for (const [args, exitCode, says] of cases) {
      const { code, stdout, stderr } = await jwks(args);
      assert.deepEqual([code, stdout], [exitCode, ''], args.join(' '));
      assert.match(stderr, says);
    }
  });
});

describe('jwks new', () => {
  it('makes a key of 2048 bits in PKCS#8 that only its owner reads, and its JWKS', async () => {
    const [key, out] = [folder.path('new.pem'), folder.path('new.json')];
    const { code, stdout, stderr } = await jwks(['new', '--out-key', key, '--out', out]);
    assert.deepEqual([code, stdout], [0, ''], stderr);
    assert.equal(modeOf(key), '600');
    const made = readFileSync(key, 'utf8');
    assert.match(made, /^-----BEGIN PRIVATE KEY-----\n/);
    assert.equal(createPrivateKey(made).asymmetricKeyDetails?.modulusLength, 2048);
    assert.match(stderr, /new\.pem: new signing key\. Keep it secret/);
    assert.equal(holdsPartOf(stderr, [made]), false);
    const printed = await jwks(['--signing-key', key]);
    assert.equal(printed.stdout, readFileSync(out, 'utf8'));
  });

  it('makes one of 3072 bits, prints its JWKS, and replaces a key only with --force, then for its owner alone', async () => {
    const key = folder.write('old.pem', pem);
    chmodSync(key, 0o644);
    for (const args of [
      ['--out-key', key],
      ['--out-key', folder.path('fresh.pem'), '--out', key],
    ]) {
      const refused = await jwks(['new', ...args]);
      assert.deepEqual([refused.code, refused.stdout], [1, '']);
      assert.match(refused.stderr, /old\.pem: is there already/);
    }
    assert.equal(readFileSync(key, 'utf8'), pem);
    assert.equal(existsSync(folder.path('fresh.pem')), false, 'a key was made for a call that failed');
    const same = await jwks(['new', '--out-key', key, '--out', key, '--force']);
    assert.equal(same.code, 2);
    const { code, stdout } = await jwks(['new', '--out-key', key, '--bits', '3072', '--kid', 'k2', '--force']);
    assert.equal(code, 0);
    assert.equal(modeOf(key), '600');
    const made = readFileSync(key, 'utf8');
    const { n } = createPublicKey(made).export({ format: 'jwk' });
    assert.deepEqual([JSON.parse(stdout).keys[0].n, JSON.parse(stdout).keys[0].kid], [n, 'k2']);
    assert.equal(createPrivateKey(made).asymmetricKeyDetails?.modulusLength, 3072);
  });

  it('refuses another size, and a call that says no file for the key', async () => {
    assert.match(
      (await jwks(['new', '--out-key', folder.path('x.pem'), '--bits', '1024'])).stderr,
      /Allowed choices are 2048, 3072/,
    );
    assert.match((await jwks(['--bits', '2048'])).stderr, /--out-key and --bits are for "jwks new"/);
    const both = ['--signing-key', folder.path('signing.pem'), '--out-key', folder.path('x.pem')];
    assert.match((await jwks(['new', ...both])).stderr, /cannot be used with option/);
    assert.match((await jwks(['new'])).stderr, /--out-key is missing/);
  });
});
