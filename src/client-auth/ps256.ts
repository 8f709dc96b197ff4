// PS256: RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes (RFC 7518 section 3.5), on both sides. The only
// file that knows jsrsasign. jsrsasign encodes, hashes and verifies; the numbers are carried by native BigInt instead of
// its own arithmetic, and the salt is the caller's instead of its own Math.random.

import loadJsrsasign from 'jsrsasign/ps256';
import { fromHex, toBase64url } from './encoding.ts';
import { ClientAuthError } from './errors.ts';
import { modPow } from './mod-pow.ts';
import type { RsaPrivateKey } from './signing-key.ts';

const SALT_LENGTH = 32;

/** What jsrsasign's PSS code calls on a number. */
class BigInteger {
  readonly value: bigint;

  /** @param value hexadecimal digits, or bytes with the highest first */
  constructor(value: bigint | string | number[]) {
    if (typeof value === 'bigint') this.value = value;
    else if (typeof value === 'string') this.value = BigInt(`0x${value}`);
    else this.value = BigInt(`0x${value.map(byte => (256 + byte).toString(16).slice(1)).join('')}`);
  }

  bitLength(): number {
    return this.value.toString(2).length;
  }

  toByteArray(): number[] {
    const hex = this.value.toString(16);
    return [...fromHex(hex.length % 2 ? `0${hex}` : hex)].map(byte => byte.charCodeAt(0));
  }

  toString(): string {
    return this.value.toString(16);
  }
}

/** What jsrsasign draws its salt from: the bytes of the one signature that is being made. */
let salt = '';
class SecureRandom {
  nextBytes(array: number[]): void {
    for (let i = 0; i < array.length; i++) array[i] = salt.charCodeAt(i);
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

/** m^d mod n by the Chinese remainder theorem (RFC 8017 section 5.2.1). */
const rsasp1 = ({ p, q, dp, dq, qi }: RsaPrivateKey, message: bigint): bigint => {
  const m1 = modPow(message, dp, p);
  const m2 = modPow(message, dq, q);
  return m2 + (((((m1 - m2) * qi) % p) + p) % p) * q;
};

/**
 * Signs text and verifies the signature with the public half of the key, so that no fault of the arithmetic leaves: one
 * wrong signature made by the Chinese remainder theorem shows the factors of the key.
 *
 * @param text ASCII, the JWS signing input
 * @param freshSalt 32 random bytes as a binary string
 * @returns the signature in base64url, as long as the modulus
 * @throws ClientAuthError `signature_invalid`
 * @see RFC 8017 section 8.1.1
 */
export const signPS256 = (text: string, key: RsaPrivateKey, freshSalt: string): string => {
  if (freshSalt.length !== SALT_LENGTH) throw new RangeError('the salt of PS256 has 32 bytes');
  const { RSAKey } = jsrsasign();
  const rsa = new RSAKey();
  rsa.n = new BigInteger(key.n);
  rsa.doPrivate = (message: BigInteger) => new BigInteger(rsasp1(key, message.value));
  rsa.doPublic = (signature: BigInteger) => new BigInteger(modPow(signature.value, key.e, key.n));
  salt = freshSalt;
  const signature = rsa.signPSS(text, 'sha256', SALT_LENGTH);
  salt = '';
  let isVerified = false;
  try {
    isVerified = rsa.verifyPSS(text, signature, 'sha256', SALT_LENGTH);
  } catch {
    // jsrsasign throws where it finds the padding wrong; the verdict is the same.
  }
  if (!isVerified) {
    throw new ClientAuthError(
      'signature_invalid',
      'The signature made with "signing_key" did not verify with its public half, and was not sent. Send again; if it happens twice, replace the key.',
    );
  }
  // "The length of the signature is k octets, where k is the length in octets of the modulus" (section 8.1.1)
  return toBase64url(fromHex(signature.padStart(Math.ceil(key.bits / 8) * 2, '0')));
};
