// PS256 on native BigInt held against verifiers that are not ours, over odd keys; and what happens when arithmetic fails.

import assert from 'node:assert/strict';
import { createHash, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { compactVerify } from 'jose';
import { importSigningKey } from '../../src/client-auth/signing-key.ts';
import { createRsaKey, createRsaKeyOf, toJwk, toPkcs8, withSmallerPrimeFirst } from '../support/keys.ts';
import { createSalt, isSigned, sha256, signPS256 } from '../support/ps256.ts';

describe('signPS256', () => {
  const shapes: [title: string, privateKey: () => KeyObject, bits: number, count: number][] = [
    ['2048 bits', () => createRsaKey(2048).privateKey, 2048, 12],
    ['2048 bits and exponent 3', () => createRsaKey(2048, 3).privateKey, 2048, 6],
    ['2049 bits', () => createRsaKeyOf(2049), 2049, 3],
    ['2050 bits', () => createRsaKeyOf(2050), 2050, 3],
    ['2055 bits', () => createRsaKeyOf(2055), 2055, 3],
    ['2056 bits', () => createRsaKeyOf(2056), 2056, 3],
    ['2057 bits', () => createRsaKeyOf(2057), 2057, 3],
    ['3072 bits', () => createRsaKey(3072).privateKey, 3072, 3],
    ['4096 bits', () => createRsaKey(4096).privateKey, 4096, 2],
    ['the smaller prime first', () => withSmallerPrimeFirst(createRsaKey().privateKey), 2048, 4],
  ];
  for (const [title, create, bits, count] of shapes) {
    it(`signs with keys of ${title} what node:crypto and jose verify`, async () => {
      const privateKey = create();
      const { key } = importSigningKey(toPkcs8(privateKey));
      assert.equal(key.bits, bits);
      for (let i = 0; i < count; i++) {
        const text = `${Buffer.from('{"alg":"PS256"}').toString('base64url')}.${randomBytes(i * 40).toString('base64url')}`;
        const signature = signPS256(text, key, createSalt());
        assert.equal(Buffer.from(signature, 'base64url').length, Math.ceil(bits / 8));
        assert.equal(isSigned(text, signature, privateKey), true);
        if (i > 0) await compactVerify(`${text}.${signature}`, createPublicKey(privateKey), { algorithms: ['PS256'] });
      }
    });
  }

  it('uses a salt of 32 bytes, the one that it is given', () => {
    const { privateKey } = createRsaKey();
    const { key } = importSigningKey(toPkcs8(privateKey));
    const same = createSalt();
    const signature = signPS256('text', key, same);
    assert.equal(signPS256('text', key, same), signature);
    assert.notEqual(signPS256('text', key, createSalt()), signature);
    for (const saltLength of [0, 20, 31, 33, 222])
      assert.equal(isSigned('text', signature, privateKey, saltLength), false);
  });

  it('gives no signature when one bit of a number has flipped after the import', () => {
    const { key } = importSigningKey(JSON.stringify(toJwk(createRsaKey().privateKey)));
    for (const name of ['dp', 'dq', 'qi', 'p', 'q'] as const) {
      for (const bit of [0n, 3n, 500n, 1000n]) {
        const faulty = { ...key, [name]: key[name] ^ (1n << bit) };
        assert.throws(() => signPS256('text', faulty, createSalt()), {
          name: 'ClientAuthError',
          code: 'signature_invalid',
        });
      }
    }
    assert.doesNotThrow(() => signPS256('text', key, createSalt()));
  });
});

describe('sha256', () => {
  it('is SHA-256', () => {
    for (let length = 0; length < 200; length += 7) {
      const bytes = randomBytes(length);
      assert.equal(sha256(bytes.toString('hex')), createHash('sha256').update(bytes).digest('hex'));
    }
  });
});
