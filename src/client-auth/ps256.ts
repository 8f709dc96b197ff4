// PS256: RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes (RFC 7518 section 3.5), in the sandbox. The only
// file that knows jsrsasign. jsrsasign encodes and hashes; native BigInt computes instead of its own arithmetic, and the
// salt is the caller's instead of its own Math.random.

import loadJsrsasign from 'jsrsasign/ps256';
import { toBase64url, toHex } from './encoding.ts';
import { ClientAuthError } from './errors.ts';
import { modPow } from './mod-pow.ts';
import type { RandomBytes, Sha256 } from './random.ts';
import type { RsaPrivateKey } from './rsa-numbers.ts';
import type { UseKey } from './signer.ts';

const SALT_LENGTH = 32;

/** Makes the generator for `jti` and salt; key and hash are for hosts that have no good one. */
export type CreateRandomBytes = (key: RsaPrivateKey, sha256: Sha256) => RandomBytes;

/** What jsrsasign's PSS code calls on a number. */
class BigInteger {
  readonly value: bigint;

  /** @param value a number, or its bytes with the highest first */
  constructor(value: bigint | number[]) {
    this.value = typeof value === 'bigint' ? value : BigInt(`0x${toHex(String.fromCharCode(...value))}`);
  }

  bitLength(): number {
    return this.value.toString(2).length;
  }

  toString(): string {
    return this.value.toString(16);
  }
}

/**
 * m^d mod n by the Chinese remainder theorem, verified by the public exponent, so that no fault of the arithmetic leaves:
 * one wrong result shows the factors of the key.
 *
 * @throws ClientAuthError `signature_invalid`
 * @see RFC 8017 sections 5.2.1 and 5.2.2
 */
const rsasp1 = ({ n, e, p, q, dp, dq, qi }: RsaPrivateKey, message: bigint): bigint => {
  const m1 = modPow(message, dp, p);
  const m2 = modPow(message, dq, q);
  const signature = m2 + (((((m1 - m2) * qi) % p) + p) % p) * q;
  if (modPow(signature, e, n) === message) return signature;
  throw new ClientAuthError(
    'signature_invalid',
    'The signature made with "signing_key" did not verify. Send again; if it happens twice, replace the key.',
    'signing_key',
  );
};

/**
 * Signs with jsrsasign, which is loaded for one execution; nothing of it is kept for the next. Each signature has a salt of its own, and
 * is as long as the modulus.
 *
 * @throws ClientAuthError `signature_invalid`, when it signs
 * @see RFC 7518 section 3.5, RFC 8017 section 8.1.1
 */
export const withJsrsasign =
  (createRandomBytes: CreateRandomBytes): UseKey =>
  key => {
    /** The bytes that jsrsasign draws as the salt of the one signature that is being made. */
    let drawn = '';
    class SecureRandom {
      nextBytes(array: number[]): void {
        for (let i = 0; i < array.length; i++) array[i] = Number.parseInt(drawn.slice(i * 2, i * 2 + 2), 16);
      }
    }
    /** jsrsasign puts its methods on it. */
    class RSAKey {
      declare n: BigInteger;
      declare doPrivate: (message: BigInteger) => BigInteger;
      declare signWithMessageHashPSS: (hash: string, algorithm: 'sha256', saltLength: number) => string;
    }
    const sha256: Sha256 = hex => CryptoJS.SHA256(CryptoJS.enc.Hex.parse(hex)).toString();
    const CryptoJS = loadJsrsasign(RSAKey, BigInteger, SecureRandom, { crypto: { Util: { hashHex: sha256 } } });
    const randomBytes = createRandomBytes(key, sha256);
    const rsa = new RSAKey();
    rsa.n = new BigInteger(key.n);
    rsa.doPrivate = (message: BigInteger) => new BigInteger(rsasp1(key, message.value));
    return {
      randomBytes,
      sign: text => {
        drawn = randomBytes(SALT_LENGTH);
        const signature = rsa.signWithMessageHashPSS(sha256(toHex(text)), 'sha256', SALT_LENGTH);
        // "The length of the signature is k octets, where k is the length in octets of the modulus" (section 8.1.1)
        return toBase64url(signature.padStart(Math.ceil(key.bits / 8) * 2, '0'));
      },
    };
  };
