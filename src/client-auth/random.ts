// Random bytes for `jti` and salt, on both sides. Where the host has a good generator it is used; Newman's sandbox has none
// but Math.random and its like, whose next outputs can be computed from a few earlier ones, so there the bytes are drawn
// from a hash over the private key as well: hedged, in the spirit of RFC 6979 section 3.6.

import { toHex } from './encoding.ts';

/** Gives so many fresh random bytes, as hexadecimal. */
export type RandomBytes = (length: number) => string;

/** SHA-256 from hexadecimal digits to 64 hexadecimal digits. */
export type Sha256 = (hex: string) => string;

/** A generator on `crypto.getRandomValues`. */
export const systemRandomBytes =
  (getRandomValues: (array: Uint8Array) => Uint8Array): RandomBytes =>
  length =>
    toHex(String.fromCharCode(...getRandomValues(new Uint8Array(length))));

/**
 * A generator whose output nobody can predict who lacks the secret, even if all the rest of its seed is known; and who
 * has the secret still has to guess the rest.
 *
 * @param secret 256 bits or more that only the holder of the private key knows
 * @param entropy what changes from run to run: clock, Math.random, the request
 */
export const hedgedRandomBytes = (sha256: Sha256, secret: string, entropy: string[]): RandomBytes => {
  const seed = sha256(toHex(['paynet-client-auth', secret, ...entropy].join('\0')));
  let drawn = 0;
  return length => {
    let hex = '';
    while (hex.length < length * 2) hex += sha256(seed + toHex(`output ${drawn++}`));
    return hex.slice(0, length * 2);
  };
};

/**
 * A random UUID.
 *
 * @see RFC 9562 section 5.4
 */
export const uuidv4 = (randomBytes: RandomBytes): string => {
  const hex = randomBytes(16);
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
};
