// Key intake: every disguise of a good key gives that key, every other text its own refusal.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { ClientAuthError } from '../src/client-auth/errors.ts';
import { importSigningKey } from '../src/client-auth/signing-key.ts';
import { createCertificateAuthority, transportSubject } from '../src/demo/certificates.ts';
import { createRsaKey, disguisesOf, leaks, refusalsOf, toJwk, toPem } from './support/keys.ts';

const { privateKey } = createRsaKey();
const authority = await createCertificateAuthority();
const { cert } = await authority.issueClientCertificate(transportSubject);
const modulus = BigInt(`0x${Buffer.from(toJwk(privateKey).n as string, 'base64url').toString('hex')}`);

const refusalOf = (text: string): ClientAuthError => {
  try {
    importSigningKey(text);
  } catch (error) {
    assert(error instanceof ClientAuthError, `another error: ${error}`);
    return error;
  }
  return assert.fail('it was taken');
};

describe('importSigningKey', () => {
  for (const [title, text] of Object.entries(disguisesOf(privateKey, cert))) {
    it(`takes a key ${title}`, () => {
      const { key, kid } = importSigningKey(text);
      assert.equal(key.n, modulus);
      assert.equal(key.bits, 2048);
      assert.equal(kid, undefined);
    });
  }

  it('takes the kid of a JWK', () => {
    assert.equal(importSigningKey(JSON.stringify({ ...toJwk(privateKey), kid: 'k-1' })).kid, 'k-1');
  });

  const createPssKey = (restriction: object = {}): string =>
    generateKeyPairSync('rsa-pss', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      ...restriction,
    }).privateKey;

  it('takes an RSASSA-PSS key that is not restricted, or restricted to PS256', () => {
    const ps256 = { hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha256', saltLength: 32 };
    for (const text of [createPssKey(), createPssKey(ps256)]) assert.equal(importSigningKey(text).key.bits, 2048);
  });

  it('refuses an RSASSA-PSS key that is restricted to another hash', () => {
    const ps384 = { hashAlgorithm: 'sha384', mgf1HashAlgorithm: 'sha384', saltLength: 48 };
    assert.equal(refusalOf(createPssKey(ps384)).code, 'signing_key_wrong_use');
  });

  for (const { title, text, code, says } of refusalsOf(privateKey, cert)) {
    it(`refuses ${title} with a sentence of its own`, () => {
      const error = refusalOf(text);
      assert.equal(error.code, code, error.message);
      assert.match(error.message, says);
      assert.match(error.message, /^"signing_key" must be an RSA private key.*, got .*\. .*\.$/);
      assert(!leaks(error.message, text), 'the message quotes the key');
    });
  }

  it('refuses DER that goes on after the key', () => {
    const der = privateKey.export({ type: 'pkcs8', format: 'der' });
    assert.match(refusalOf(toPem(Buffer.concat([der, Buffer.from([5, 0])]))).message, /something follows it/);
  });

  it('refuses every key in which one byte is another, or takes it as the same key', () => {
    const der = privateKey.export({ type: 'pkcs8', format: 'der' });
    for (let at = 0; at < der.length; at += 7) {
      const changed = Buffer.from(der);
      changed[at] = (changed[at] as number) ^ 0x10;
      try {
        assert.equal(importSigningKey(toPem(changed)).key.n, modulus, `byte ${at}`);
      } catch (error) {
        assert(error instanceof ClientAuthError, `byte ${at}: ${error}`);
      }
    }
  });
});
