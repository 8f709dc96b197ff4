// The file of a signing key: which bytes it may have, plain and encrypted, and that they give that key.

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { readSigningKey } from '../../../src/cli/client/signing-key-file.ts';
import type { Host } from '../../../src/cli/command.ts';
import { importSigningKey } from '../../../src/client-auth/signing-key.ts';
import { createEcKey, createRsaKey, leaks, toJwk, toPkcs8 } from '../../support/keys.ts';
import { createFolder } from '../../support/workplace.ts';

const { privateKey } = createRsaKey();
const pem = toPkcs8(privateKey);
const der = privateKey.export({ type: 'pkcs8', format: 'der' });
const { n } = importSigningKey(pem).key;
const passphrase = 'correct horse';
const cipher = { cipher: 'aes-256-cbc', passphrase };
const encrypted = String(privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher }));
const encryptedDer = privateKey.export({ type: 'pkcs8', format: 'der', ...cipher });
const oldEncrypted = String(privateKey.export({ type: 'pkcs1', format: 'pem', ...cipher }));

const utf16 = (text: string) => Buffer.from(text, 'utf16le');

const plain: Record<string, Buffer> = {
  'PKCS#8 DER': der,
  'PKCS#1 DER': privateKey.export({ type: 'pkcs1', format: 'der' }),
  'UTF-16 of Windows': utf16(`\uFEFF${pem}`),
  'UTF-16 of the other byte order': utf16(`\uFEFF${pem}`).swap16(),
  'UTF-16 without a mark': utf16(pem),
  'a JWK in UTF-16': utf16(`\uFEFF${JSON.stringify(toJwk(privateKey))}`),
  'UTF-8 with a mark': Buffer.from(`\uFEFF${pem}`),
  'Base64 of DER': Buffer.from(`${der.toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n`),
  'JSON of a secret manager': Buffer.from(JSON.stringify({ private_key: pem, id: 1 })),
};

const closed: Record<string, Buffer> = {
  'PKCS#8 DER': encryptedDer,
  'Base64 of DER': Buffer.from(encryptedDer.toString('base64')),
  'UTF-16': utf16(`\uFEFF${encrypted}`),
  'JSON, with escaped slashes': Buffer.from(JSON.stringify({ key: encrypted }).replaceAll('/', '\\/')),
  'JSON, in the older format': Buffer.from(JSON.stringify({ key: oldEncrypted })),
  'percent-encoding': Buffer.from(encodeURIComponent(encrypted)),
  'percent-encoding, in the older format': Buffer.from(encodeURIComponent(oldEncrypted)),
  'Base64 of UTF-16': Buffer.from(utf16(encrypted).toString('base64')),
};

describe('readSigningKey', () => {
  const folder = createFolder();
  after(() => folder.remove());
  const hostWith = (input: Buffer) =>
    ({ readStandardInput: async () => input, readSecret: () => passphrase }) as unknown as Host;

  for (const [title, bytes] of [
    ...Object.entries(plain),
    ...Object.entries(closed).map(([title, one]) => [`an encrypted key: ${title}`, one] as const),
  ]) {
    it(`reads ${title}, from a file and from standard input`, async () => {
      const host = hostWith(bytes);
      for (const file of [folder.write('key', bytes), '-']) {
        assert.equal(importSigningKey(await readSigningKey(file, host)).key.n, n);
      }
    });
  }

  it('refuses bytes that are no text and no DER', async () => {
    const bytes = Buffer.from(`caf\xe9 ${pem}`, 'latin1');
    await assert.rejects(readSigningKey('-', hostWith(bytes)), ({ message }: Error) => {
      assert.match(message, /not UTF-8 text/);
      return !leaks(message, pem);
    });
  });

  it('asks three times for a passphrase, and names the variable only where it has the wrong one', async () => {
    const file = folder.write('encrypted.pem', encrypted);
    const answering = (...answers: string[]) => ({
      ...hostWith(Buffer.alloc(0)),
      readSecret: () => undefined,
      askSecret: async () => answers.shift(),
    });
    assert.equal(importSigningKey(await readSigningKey(file, answering('a', 'b', passphrase))).key.n, n);
    await assert.rejects(readSigningKey(file, answering('a', 'b', 'c', passphrase)), /with any of these passphrases/);
    await assert.rejects(readSigningKey(file, answering()), /is encrypted\. Set SIGNING_KEY_PASSPHRASE/);
    const wrong = { ...answering(passphrase), readSecret: () => 'a' };
    await assert.rejects(readSigningKey(file, wrong), /with this passphrase\. Check SIGNING_KEY_PASSPHRASE/);
  });

  it('leaves it to the import to say what other DER is', async () => {
    const { privateKey: ec, publicKey } = createEcKey();
    for (const [bytes, says] of [
      [ec.export({ type: 'pkcs8', format: 'der' }), /got an EC private key/],
      [publicKey.export({ type: 'spki', format: 'der' }), /got a public key/],
      [der.subarray(0, 1000), /its end is missing/],
    ] as const) {
      const text = await readSigningKey('-', hostWith(bytes));
      assert.throws(() => importSigningKey(text), says);
    }
  });
});
