// PS256 on native BigInt held against verifiers that are not ours, over odd keys; and what happens when arithmetic fails.

import assert from 'node:assert/strict';
import { constants, createHash, createPublicKey, type KeyObject, randomBytes, verify } from 'node:crypto';
import { describe, it } from 'node:test';
import { compactVerify } from 'jose';
import { bundleForNode } from '../build/bundle.ts';
import { importSigningKey, type RsaPrivateKey } from '../src/client-auth/signing-key.ts';
import { createRsaKey, toJwk, toPkcs8 } from './support/keys.ts';

const code = await bundleForNode('src/client-auth/ps256.ts');
const { sha256, signPS256 } = (await import(
  `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`
)) as typeof import('../src/client-auth/ps256.ts');

const salt = () => randomBytes(32).toString('latin1');

const isSigned = (text: string, signature: string, key: KeyObject, saltLength = 32): boolean =>
  verify(
    'sha256',
    Buffer.from(text),
    { key: createPublicKey(key), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength },
    Buffer.from(signature, 'base64url'),
  );

/** A key whose p is the smaller of its primes: the same numbers, the primes changed over. */
const withSmallerP = ({ n, e, d, p, q, dp, dq, bits }: RsaPrivateKey): string => {
  const [small, large, dSmall, dLarge] = p < q ? [p, q, dp, dq] : [q, p, dq, dp];
  const inverse = modInverse(large, small);
  const [toText] = [
    (value: bigint) => Buffer.from(value.toString(16).padStart(bits / 4, '0'), 'hex').toString('base64url'),
  ];
  const numbers = { n, e, d, p: small, q: large, dp: dSmall, dq: dLarge, qi: inverse };
  return JSON.stringify({ kty: 'RSA', ...Object.fromEntries(Object.entries(numbers).map(([k, v]) => [k, toText(v)])) });
};

const modInverse = (value: bigint, modulus: bigint): bigint => {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (a > 1n) {
    const quotient = a / b;
    [a, b] = [b, a % b];
    [x, y] = [y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
};

describe('signPS256', () => {
  const shapes: [bits: number, exponent: number, count: number][] = [
    [2048, 65537, 12],
    [2048, 3, 6],
    [2049, 65537, 3],
    [2050, 65537, 3],
    [2055, 65537, 3],
    [2056, 65537, 3],
    [3072, 65537, 3],
    [4096, 65537, 2],
  ];
  for (const [bits, exponent, count] of shapes) {
    it(`signs with keys of ${bits} bits and exponent ${exponent} what node:crypto and jose verify`, async () => {
      const { privateKey } = createRsaKey(bits, exponent);
      const { key } = importSigningKey(toPkcs8(privateKey));
      assert.equal(key.bits, bits);
      for (let i = 0; i < count; i++) {
        const text = `${Buffer.from('{"alg":"PS256"}').toString('base64url')}.${randomBytes(i * 40).toString('base64url')}`;
        const signature = signPS256(text, key, salt());
        assert.equal(Buffer.from(signature, 'base64url').length, Math.ceil(bits / 8));
        assert.equal(isSigned(text, signature, privateKey), true);
        if (i > 0) await compactVerify(`${text}.${signature}`, createPublicKey(privateKey), { algorithms: ['PS256'] });
      }
    });
  }

  it('signs with a key whose p is smaller than its q', () => {
    for (let i = 0; i < 4; i++) {
      const { privateKey } = createRsaKey();
      const { key } = importSigningKey(withSmallerP(importSigningKey(toPkcs8(privateKey)).key));
      assert.equal(key.p < key.q, true);
      assert.equal(isSigned('text', signPS256('text', key, salt()), privateKey), true);
    }
  });

  it('uses a salt of 32 bytes, the one that it is given', () => {
    const { privateKey } = createRsaKey();
    const { key } = importSigningKey(toPkcs8(privateKey));
    const same = salt();
    const signature = signPS256('text', key, same);
    assert.equal(signPS256('text', key, same), signature);
    assert.notEqual(signPS256('text', key, salt()), signature);
    for (const saltLength of [0, 20, 31, 33, 222])
      assert.equal(isSigned('text', signature, privateKey, saltLength), false);
    assert.throws(() => signPS256('text', key, same.slice(1)), RangeError);
  });

  it('gives no signature when one bit of a number has flipped after the import', () => {
    const { key } = importSigningKey(JSON.stringify(toJwk(createRsaKey().privateKey)));
    for (const name of ['dp', 'dq', 'qi', 'p', 'q'] as const) {
      for (const bit of [0n, 3n, 500n, 1000n]) {
        const faulty = { ...key, [name]: key[name] ^ (1n << bit) };
        assert.throws(() => signPS256('text', faulty, salt()), { name: 'ClientAuthError', code: 'signature_invalid' });
      }
    }
    assert.doesNotThrow(() => signPS256('text', key, salt()));
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
