// PS256: RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes (RFC 7518 section 3.5), on both sides. The only
// file that knows jsrsasign. jsrsasign encodes and hashes; the numbers are carried by native BigInt instead of
// its own arithmetic, and the salt is the caller's instead of its own Math.random.

import loadJsrsasign from 'jsrsasign/ps256';
import { toBase64url, toHex } from './encoding.ts';
import { ClientAuthError } from './errors.ts';
import { modPow } from './mod-pow.ts';
import type { RsaPrivateKey } from './signing-key.ts';

const SALT_LENGTH = 32;

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

/** What jsrsasign draws its salt from: the bytes of the one signature that is being made. */
let salt = '';
class SecureRandom {
  nextBytes(array: number[]): void {
    for (let i = 0; i < array.length; i++) array[i] = Number.parseInt(salt.slice(i * 2, i * 2 + 2), 16);
  }
}

/** jsrsasign, loaded when the first of the two functions below is called. */
let loaded: ReturnType<typeof loadJsrsasign> | undefined;
const jsrsasign = () => {
  loaded ??= loadJsrsasign(BigInteger, SecureRandom, { crypto: { Util: { hashHex: hex => sha256(hex) } } });
  return loaded;
};

/** SHA-256 from hexadecimal digits to 64 hexadecimal digits. */
export const sha256 = (hex: string): string => {
  const { CryptoJS } = jsrsasign();
  return CryptoJS.SHA256(CryptoJS.enc.Hex.parse(hex)).toString();
};

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
    'The signature made with "signing_key" did not verify with its public half, and was not sent. Send again; if it happens twice, replace the key.',
  );
};

/**
 * Signs text.
 *
 * @param text ASCII, the JWS signing input
 * @param freshSalt 32 random bytes as hexadecimal
 * @returns the signature in base64url, as long as the modulus
 * @throws ClientAuthError `signature_invalid`
 * @see RFC 8017 section 8.1.1
 */
export const signPS256 = (text: string, key: RsaPrivateKey, freshSalt: string): string => {
  if (freshSalt.length !== SALT_LENGTH * 2) throw new RangeError('the salt of PS256 has 32 bytes');
  const { RSAKey } = jsrsasign();
  const rsa = new RSAKey();
  rsa.n = new BigInteger(key.n);
  rsa.doPrivate = (message: BigInteger) => new BigInteger(rsasp1(key, message.value));
  salt = freshSalt;
  const signature = rsa.signPSS(text, 'sha256', SALT_LENGTH);
  salt = '';
  // "The length of the signature is k octets, where k is the length in octets of the modulus" (section 8.1.1)
  return toBase64url(signature.padStart(Math.ceil(key.bits / 8) * 2, '0'));
};
