// Random bytes for `jti` and salt, on both sides. Where the host has a good generator it is used; Newman's sandbox has none
// but Math.random and its like, whose next outputs can be computed from a few earlier ones, so there the bytes are drawn
// from a hash over the private key as well: hedged, in the spirit of RFC 6979 section 3.6.

import { toHex } from './encoding.ts';

/** Gives so many fresh random bytes, as hexadecimal. */
export type RandomBytes = (length: number) => string;

/** SHA-256 from hexadecimal digits to 64 hexadecimal digits. */
export type Sha256 = (hex: string) => string;

/**
 * Makes a generator on `crypto.getRandomValues`.
 *
 * @see https://www.w3.org/TR/webcrypto/#Crypto-method-getRandomValues
 */
export const systemRandomBytes =
  (getRandomValues: (array: Uint8Array) => Uint8Array): RandomBytes =>
  length =>
    toHex(String.fromCharCode(...getRandomValues(new Uint8Array(length))));

/**
 * Makes a generator from a secret and from what changes. Nobody can predict its output without the secret, even with all
 * the rest of the seed; with the secret the rest still has to be guessed.
 *
 * @param secret 256 bits or more that only the holder of the private key knows
 * @param entropy what changes from run to run: clock, Math.random, the request
 * @see RFC 6979 section 3.6
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
 * Makes a random UUID.
 *
 * @see RFC 9562 section 5.4
 */
export const uuidv4 = (randomBytes: RandomBytes): string => {
  const hex = randomBytes(16);
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
};
