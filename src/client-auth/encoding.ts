// Hexadecimal, Base64, base64url and percent-encoding, on both sides. Bytes travel as lower-case hexadecimal, two digits a byte, as in jsrsasign.
// Written out, because a sandbox without TextEncoder has `btoa` and `atob` but warns on the console when they are used.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Gives the bytes of text in which every character is one byte: ASCII or Latin-1. */
export const toHex = (text: string): string => {
  let hex = '';
  for (let i = 0; i < text.length; i++) hex += (256 + text.charCodeAt(i)).toString(16).slice(1);
  return hex;
};

/** Gives the text in which every byte is one character. */
export const fromHex = (hex: string): string => {
  let text = '';
  for (let i = 0; i < hex.length; i += 2) text += String.fromCharCode(Number.parseInt(hex.slice(i, i + 2), 16));
  return text;
};

/**
 * Encodes bytes as base64url without padding.
 *
 * @see RFC 7515 section 2
 */
export const toBase64url = (hex: string): string => {
  let text = '';
  for (let i = 0; i < hex.length; i += 3) {
    // Three digits are two characters; the last ones are filled up with zeros.
    const digits = hex.slice(i, i + 3);
    const value = Number.parseInt(digits, 16) << ((3 - digits.length) * 4);
    text += ALPHABET.charAt(value >> 6) + (digits.length > 1 ? ALPHABET.charAt(value & 63) : '');
  }
  return text;
};

/**
 * Decodes base64url without padding to bytes.
 *
 * @returns undefined when the text is anything else: a character of another alphabet, a missing one, or bits left over that
 * are not zero, which show a damaged last character
 * @see RFC 4648 sections 3.3, 3.5 and 5
 */
export const fromBase64url = (text: string): string | undefined => {
  if (text.length % 4 === 1) return undefined;
  let hex = '';
  for (let i = 0; i < text.length; i += 2) {
    const high = ALPHABET.indexOf(text.charAt(i));
    const low = i + 1 < text.length ? ALPHABET.indexOf(text.charAt(i + 1)) : 0;
    if (high < 0 || low < 0) return undefined;
    hex += (4096 + high * 64 + low).toString(16).slice(1);
  }
  const digits = ((text.length * 6) >> 3) * 2;
  return /^0*$/.test(hex.slice(digits)) ? hex.slice(0, digits) : undefined;
};

/** Writes Base64 as base64url, without padding and whitespace. */
export const unifyBase64 = (text: string): string =>
  text
    .replace(/[\s=]+/g, '')
    .replace(/\+/g, '-')
    .replace(/\//g, '_');

/**
 * Decodes padded Base64, by the same rules as {@link fromBase64url}.
 *
 * @see RFC 4648 section 4
 */
export const fromBase64 = (text: string): string | undefined =>
  text !== '' && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text)
    ? fromBase64url(unifyBase64(text))
    : undefined;

/** Decodes percent-encoding; text that has none of the right form stays. */
export const decodePercent = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
