// Random bytes for `jti` and salt, on both sides. They are drawn from a hash over the private key, the generator of the system
// where there is one, and all else that changes: hedged, in the spirit of RFC 6979 section 3.6. Newman's sandbox has no generator but
// Math.random and its like, whose next outputs can be computed from a few earlier ones; in other hosts a script can replace it.

import { toHex } from './encoding.ts';
import type { RsaPrivateKey } from './rsa-numbers.ts';

/** Gives so many fresh random bytes, as hexadecimal. */
export type RandomBytes = (length: number) => string;

/** SHA-256 from hexadecimal digits to 64 hexadecimal digits. */
export type Sha256 = (hex: string) => string;

/**
 * Makes a generator from the private key and from what changes. Without the key nobody can predict its output, even with all the
 * rest of the seed; with the key the rest still has to be guessed.
 *
 * @param entropy random values of the system, and what else changes from run to run: clock, Math.random, the request
 * @see RFC 6979 section 3.6
 */
export const hedgedRandomBytes = (
  { p }: Pick<RsaPrivateKey, 'p'>,
  sha256: Sha256,
  entropy: (string | number)[],
): RandomBytes => {
  // 330 bits of a prime: more than the hash takes in as a secret, and fewer blocks to hash than the whole.
  const secret = p.toString(36).slice(-64);
  const seed = sha256(toHex(['paynet-client-auth', secret, ...entropy].join('\0')));
  let drawn = 0;
  return length => {
    let hex = '';
    while (hex.length < length * 2) hex += sha256(seed + toHex(`output ${drawn++}`));
    return hex.slice(0, length * 2);
  };
};

/**
 * Makes a random UUID.
 *
 * @see RFC 9562 section 5.4
 */
export const uuidv4 = (randomBytes: RandomBytes): string => {
  const hex = randomBytes(16);
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
};
