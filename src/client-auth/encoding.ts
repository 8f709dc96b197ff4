// Base64, base64url and hexadecimal, on both sides. Bytes travel as "binary strings", one character of 0 to 255 a byte. Written
// out, because a sandbox without TextEncoder has `btoa` and `atob` but warns on the console when they are used.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/**
 * Encodes bytes as base64url without padding.
 *
 * @param binary the bytes as a binary string
 * @see RFC 7515 section 2
 */
export const toBase64url = (binary: string): string => {
  let text = '';
  let bits = 0;
  let buffer = 0;
  for (let i = 0; i < binary.length; i++) {
    buffer = ((buffer << 8) | binary.charCodeAt(i)) & 0xffff;
    for (bits += 8; bits >= 6; bits -= 6) text += ALPHABET.charAt((buffer >> (bits - 6)) & 63);
  }
  return bits > 0 ? text + ALPHABET.charAt((buffer << (6 - bits)) & 63) : text;
};

/**
 * Decodes base64url without padding to the bytes as a binary string, or to undefined when the text is not that from end to
 * end: a foreign character, a missing one, or bits left over that are not zero (RFC 4648 sections 3.3 and 3.5), by which a
 * damaged last character shows.
 */
export const fromBase64url = (text: string): string | undefined => {
  if (text.length % 4 === 1) return undefined;
  let binary = '';
  let bits = 0;
  let buffer = 0;
  for (let i = 0; i < text.length; i++) {
    const value = ALPHABET.indexOf(text.charAt(i));
    if (value < 0) return undefined;
    buffer = ((buffer << 6) | value) & 0x3fff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    binary += String.fromCharCode((buffer >> bits) & 255);
  }
  return (buffer & ((1 << bits) - 1)) === 0 ? binary : undefined;
};

/** Decodes padded Base64, by the same rules as {@link fromBase64url} (RFC 4648 section 4). */
export const fromBase64 = (text: string): string | undefined =>
  text !== '' && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text)
    ? fromBase64url(text.replace(/=/g, '').replace(/\+/g, '-').replace(/\//g, '_'))
    : undefined;

/** The bytes of a binary string as lower-case hexadecimal, two digits a byte. */
export const toHex = (binary: string): string => {
  let hex = '';
  for (let i = 0; i < binary.length; i++) hex += (256 + binary.charCodeAt(i)).toString(16).slice(1);
  return hex;
};

/** The bytes that an even number of hexadecimal digits stands for, as a binary string. */
export const fromHex = (hex: string): string => {
  let binary = '';
  for (let i = 0; i < hex.length; i += 2) binary += String.fromCharCode(Number.parseInt(hex.slice(i, i + 2), 16));
  return binary;
};
