// A thousand signatures and more over a hundred random keys, each verified by node:crypto. `npm run test:long`.

import assert from 'node:assert/strict';
import { type KeyObject, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { importSigningKey } from '../../src/client-auth/signing-key.ts';
import { createRsaKey, createRsaKeyOf, toJwk, toPkcs8, withSmallerPrimeFirst } from '../support/keys.ts';
import { createSalt, isSigned, signPS256 } from '../support/ps256.ts';

describe('signPS256, at length', () => {
  const shapes: [title: string, create: () => KeyObject, keys: number, signatures: number][] = [
    ['2048 bits', () => createRsaKey().privateKey, 40, 15],
    ['2048 bits and exponent 3', () => createRsaKey(2048, 3).privateKey, 20, 10],
    ['2048 bits and the smaller prime first', () => withSmallerPrimeFirst(createRsaKey().privateKey), 20, 10],
    ['2049 bits', () => createRsaKeyOf(2049), 8, 10],
    ['2050 to 2063 bits', () => createRsaKeyOf(2050 + ((randomBytes(1)[0] as number) % 14)), 20, 10],
    ['3072 bits', () => createRsaKey(3072).privateKey, 6, 10],
    ['4096 bits', () => createRsaKey(4096).privateKey, 3, 10],
  ];
  for (const [title, create, keys, signatures] of shapes) {
    it(`agrees with node:crypto on ${keys * signatures} signatures with keys of ${title}`, () => {
      for (let i = 0; i < keys; i++) {
        const privateKey = create();
        const { key } = importSigningKey(i % 2 ? JSON.stringify(toJwk(privateKey)) : toPkcs8(privateKey));
        for (let j = 0; j < signatures; j++) {
          const text = randomBytes((randomBytes(1)[0] as number) * 4).toString('base64url');
          const signature = signPS256(text, key, createSalt());
          const isGood = isSigned(text, signature, privateKey);
          assert.equal(isGood, true, `with ${JSON.stringify(toJwk(privateKey).n)}, ${text}`);
        }
      }
    });
  }
});
