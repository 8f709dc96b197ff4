// Files of keys and certificates that are no PEM: a private key in DER is read, all else is named, with a command that works.

import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { type Credentials, createCredentials } from '../../../src/demo/certificates.ts';
import { runCommand } from '../../support/command-line.ts';
import { createPkcs12, noOpenssl, openssl } from '../../support/pkcs12.ts';
import { createFolder, type Folder, toEnvironment } from '../../support/workplace.ts';

let folder: Folder;
let credentials: Credentials;

before(async () => {
  folder = createFolder();
  credentials = await createCredentials();
  const { cert, key } = credentials.transportCertificate;
  folder.write('transport.pem', cert);
  folder.write('transport.key', key);
  folder.write('transport.der', new X509Certificate(cert).raw);
  const toDer = (pem: string, type: 'pkcs8' | 'pkcs1') => createPrivateKey(pem).export({ type, format: 'der' });
  folder.write('key.der', toDer(key, 'pkcs8'));
  folder.write('signing.der', toDer(credentials.signingKey.privateKey, 'pkcs8'));
  folder.write('signing-pkcs1.der', toDer(credentials.signingKey.privateKey, 'pkcs1'));
  folder.write(
    'env.json',
    toEnvironment({ token_endpoint: 'https://as.example.my/token', client_id: 'client', kid: 'kid' }),
  );
});
after(() => folder.remove());

const call = (...args: string[]) => runCommand(['assertion', '-e', folder.path('env.json'), ...args]);

describe('a file that is no PEM', () => {
  it('is read where it is a signing key in DER', async () => {
    for (const name of ['signing.der', 'signing-pkcs1.der']) {
      const { code, stdout, stderr } = await call('--signing-key', folder.path(name));
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^ey[\w-]+\.ey[\w-]+\.[\w-]{342}\n$/);
    }
  });

  it('is named with the command that converts it', { skip: noOpenssl }, async () => {
    const { path, write } = folder;
    write('transport.p12', createPkcs12(credentials.transportCertificate, 'open'));
    for (const [args, made] of [
      [
        ['--ssl-client-cert', path('transport.der'), '--ssl-client-key', path('transport.key')],
        'transport-certificate.pem',
      ],
      [['--ssl-client-cert', path('transport.pem'), '--ssl-client-key', path('key.der')], 'key-key.pem'],
      [['--ssl-extra-ca-certs', path('transport.der')], 'transport-certificate.pem'],
      [['--ssl-extra-ca-certs', path('transport.p12')], 'transport-certificate.pem'],
    ] as const) {
      const { code, stderr } = await call(...args);
      assert.equal(code, 1);
      const [, file, command = ''] =
        /^error: (\S+): --\S+ needs PEM, got .+\. Convert it: (openssl .+)\n$/.exec(stderr) ?? [];
      assert.equal(args.includes(file as never), true, stderr);
      const more = command.includes('pkcs12') ? ['-passin', 'pass:open'] : [];
      openssl([...command.split(' ').slice(1), ...more]);
      assert.match(readFileSync(path(made), 'utf8'), /-----BEGIN (CERTIFICATE|(ENCRYPTED )?PRIVATE KEY)-----/);
    }
  });
});

describe('in the terminal', () => {
  it('a file of authorities without a certificate is refused', async () => {
    const { code, stderr } = await call(
      '--signing-key',
      folder.path('signing.der'),
      '--ssl-extra-ca-certs',
      folder.path('env.json'),
    );
    assert.equal(code, 1);
    assert.match(stderr, /env\.json: --ssl-extra-ca-certs needs certificates in PEM, got none\. Give the file/);
  });

  it('a certificate in the place of the signing key asks for the key of the kid, not for that of the certificate', async () => {
    const { code, stderr } = await call('--signing-key', folder.path('transport.pem'));
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error: "signing_key" \(\S+transport\.pem\) must be .*, got a certificate\. Give the private key that belongs to the kid\.\n$/,
    );
  });

  it('a file that is no signing key is named, by every command that reads it', async () => {
    const client = ['-e', folder.path('env.json')];
    const collection = folder.write(
      'token.json',
      JSON.stringify({
        info: { name: 'Token', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
        item: [{ name: 'token', request: { method: 'POST', url: '{{token_endpoint}}' } }],
      }),
    );
    const commands = [
      ['assertion', ...client],
      ['token', ...client],
      ['jwks'],
      ['check', ...client],
      ['run', collection, ...client],
    ];
    for (const command of commands) {
      const { stdout, stderr } = await runCommand([...command, '--signing-key', folder.path('env.json')]);
      assert.match(stdout + stderr, /"signing_key" \(\S+env\.json\) must be /, command[0]);
    }
    const input = credentials.transportCertificate.cert;
    const { stderr } = await runCommand(['assertion', ...client, '--signing-key', '-'], { input });
    assert.match(stderr, /^error: "signing_key" \(standard input\) must be .*, got a certificate\./);
  });

  it('a missing transport certificate is asked for by its own option', async () => {
    const { stdout } = await runCommand([
      'check',
      '-e',
      folder.path('env.json'),
      '--signing-key',
      folder.path('signing.der'),
    ]);
    assert.match(stdout, /got nothing\. Give it with --ssl-client-cert, and its key with --ssl-client-key\./);
  });

  it('a missing variable is an option, not a place in the app', async () => {
    const environment = folder.write('empty.json', toEnvironment({ token_endpoint: 'https://as.example.my/token' }));
    const said: string[] = [];
    for (const args of [
      [],
      ['--env-var', 'client_id=c'],
      ['--env-var', 'client_id=c', '--signing-key', folder.path('signing.der')],
    ]) {
      const { code, stderr } = await runCommand(['assertion', '-e', environment, ...args]);
      assert.equal(code, 1);
      said.push(stderr);
    }
    assert.match(said[0] ?? '', /"client_id" must be .* Set it in the environment \(-e\), or with --env-var\./);
    assert.match(said.join(''), /"signing_key" must be .* Give it with --signing-key <file>\./);
    assert.doesNotMatch(said.join(''), /paste|select the/i);
  });

  it('a file that is not UTF-8 is named', async () => {
    const environment = folder.write('utf16.json', Buffer.from('\ufeff{}', 'utf16le'));
    const { stderr } = await runCommand(['assertion', '-e', environment]);
    assert.match(stderr, /^error: \S+utf16\.json: not UTF-8 text but UTF-16\. Save the file as UTF-8\.\n$/);
  });
});
