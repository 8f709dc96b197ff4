// The text of a signing key, on both sides: what a paste, a secret manager or another tool has put around it is taken off, until
// a PEM (RFC 7468), a JWK (RFC 7517) or DER is left.

import { fromBase64url, fromHex, unifyBase64 } from './encoding.ts';
import { findUnresolvedReference, toUnresolved } from './errors.ts';
import { ambiguous, damaged, fault, notJwk, truncated, unreadable } from './signing-key-faults.ts';

/** What is left: text with PEM blocks in it, whitespace as spaces; the members of a JWK; or DER as hexadecimal. */
export type OpenedKey = { pem: string } | { jwk: Record<string, unknown> } | { der: string };

/** More text than any key with its chain of certificates has. */
const MAX_LENGTH = 65536;
/** More than anybody puts around a key: JSON in JSON in Base64 is three. */
const MAX_DEPTH = 6;

/**
 * The text without what is not seen: characters of no width, and the zeros between characters that UTF-16 leaves. They are written
 * out, because the class of Unicode takes several times as long in code that runs once.
 */
const toVisible = (text: string): string =>
  text.replace(/[\0\xad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffd]+/g, '').trim();

/** Text that holds a private key: a PEM, its Base64, a JWK, the Base64 of PKCS#8 or PKCS#1 with version 0. */
const PRIVATE = /-BEGIN [A-Z ]{0,30}PRIVATE KEY-|"d"\s*:|^\s*(?:LS0tLS1CRUdJTiB(?:QUk|SU|F)|MI.{4}IBA)/;

const isPrivate = (value: unknown): boolean => {
  if (typeof value === 'string') return PRIVATE.test(value);
  const { kty, d } = (value ?? {}) as Record<string, unknown>;
  return typeof kty === 'string' && typeof d === 'string';
};

/** Some JSON and the private keys in it; undefined when it is none: the message of JSON.parse quotes the text, which is the key. */
const readJson = (text: string): { value: unknown; keys: unknown[] } | undefined => {
  const keys: unknown[] = [];
  const visit = (_: string, value: unknown): unknown => {
    if (isPrivate(value)) keys.push(value);
    return value;
  };
  try {
    return { value: JSON.parse(text, visit), keys };
  } catch {
    return undefined;
  }
};

/** The text within quotes; of a JSON string its value. */
const unquote = (text: string): string => {
  const value = text.startsWith('"') && readJson(text)?.value;
  return typeof value === 'string' ? value.trim() : text.replace(/^(["'])(.*)\1$/s, '$2');
};

/** Undoes percent-encoding; undefined when there is none. */
const decodePercent = (text: string): string | undefined => {
  if (!/%[\da-f]{2}/i.test(text)) return undefined;
  // A form has "+" for a space: then the "+" and "/" of Base64 are encoded, and no space is left.
  const isForm = /%2[bf]/i.test(text) && !/\s/.test(text);
  try {
    return decodeURIComponent(isForm ? text.replace(/\+/g, ' ') : text);
  } catch {
    return undefined;
  }
};

const openJson = (text: string, plain: string, depth: number): OpenedKey | undefined => {
  // The last one for JSON whose quotes are escaped.
  const { value, keys } = readJson(text) ?? readJson(plain) ?? readJson(`"${text}"`) ?? {};
  if (!keys) return undefined;
  if (typeof value === 'string') return open(value, depth + 1);
  const object = value as Record<string, unknown>;
  if (object.kty !== undefined) return { jwk: object };
  if (keys.length > 1) throw ambiguous(keys.length);
  const [key] = keys;
  if (typeof key === 'string') return open(key, depth + 1);
  if (key) return { jwk: key as Record<string, unknown> };
  throw Array.isArray(object.keys)
    ? unreadable('a JWK Set without a private key', 'Paste the one key that signs, from "{" to "}".')
    : notJwk();
};

const open = (text: string, depth: number): OpenedKey => {
  const visible = toVisible(text);
  if (visible.length > MAX_LENGTH || depth > MAX_DEPTH) {
    throw unreadable(`${visible.length} characters of text`, 'Paste the key file alone.');
  }
  const unquoted = unquote(visible);
  // "r" and "n" are optional so that a long run of backslashes is read once, not once from each of them.
  const toSpace = (run: string, character: string) => (character ? ' ' : run);
  const plain = unquoted
    .replace(/\s/g, ' ')
    .replace(/\\+([rn]?)/g, toSpace)
    .trim();
  if (plain === '') {
    throw fault('variable_missing', 'nothing', 'Paste the key into "signing_key" of the selected environment.');
  }
  const reference = findUnresolvedReference(plain);
  if (reference) {
    throw fault('variable_unresolved', toUnresolved(reference), 'Set that variable, or paste the key itself.');
  }
  const isJson = plain.startsWith('{');
  const opened = isJson && openJson(unquoted, plain, depth);
  if (opened) return opened;
  const decodedPercent = decodePercent(plain);
  if (decodedPercent) return open(decodedPercent, depth + 1);
  if (/-----BEGIN [A-Z]/.test(plain)) return { pem: plain };
  if (isJson) throw plain.endsWith('}') ? damaged('it is not JSON') : truncated('its JSON is not whole');

  if (/-----END |-----BEGIN/.test(plain)) throw truncated('its BEGIN line is missing');
  const base64url = unifyBase64(plain);
  // Of a text that was cut the rest still shows what it was.
  const der = fromBase64url(base64url) ?? fromBase64url(base64url.slice(0, base64url.length & ~3)) ?? '';
  // The first characters may be a byte order mark.
  const decoded = toVisible(fromHex(der)).replace(/^[ï»¿þÿ]+/, '');
  // A PEM, in any of the forms above, or JSON.
  if (/-----BEGIN |^["'{]/.test(decoded)) return open(decoded, depth + 1);
  // Keys in DER are a SEQUENCE.
  if (der.startsWith('30')) return { der };
  throw unreadable(`${plain.length} characters of other text`);
};

/**
 * Opens the text of a signing key.
 *
 * @param text PEM, its line breaks kept, escaped, replaced by spaces or gone, perhaps after certificates or other text; a JWK, or
 * JWK Set with one private key; DER in Base64; all of these perhaps in quotes, as a value in JSON, percent-encoded, in Base64
 * once more, or with characters between that are not seen
 * @throws ClientAuthError `variable_missing`, `variable_unresolved`, or the `signing_key_…` that names the fault
 */
export const openKeyText = (text: string): OpenedKey => open(text, 0);
