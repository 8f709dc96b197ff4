// Key intake, on both sides: the text of the variable `signing_key`, in any form that a paste gives it, becomes an RSA private
// key that is known to be whole, or the exact fault. Here is the text: quotes, escapes and Base64 around it, PEM (RFC 7468),
// JWK (RFC 7517).

import { fromBase64, fromBase64url, fromHex } from './encoding.ts';
import { findUnresolvedReference, toUnresolved } from './errors.ts';
import { fromDer, fromJwkMembers, type RsaPrivateKey } from './rsa-numbers.ts';
import {
  damaged,
  encrypted,
  fault,
  notRsa,
  publicKey,
  refusalOfLabel,
  truncated,
  unreadable,
} from './signing-key-faults.ts';

export type { RsaPrivateKey };

/** An imported key; `kid` is there when the key was a JWK that has one. */
export type SigningKey = { key: RsaPrivateKey; kid: string | undefined };

/** More text than any key with its chain of certificates has. */
const MAX_LENGTH = 65536;

type PemBlock = { label: string; body: string };

/** The blocks of a text, whatever is between them, and whatever became of their line breaks. */
const readPem = (text: string): PemBlock[] => {
  const markers = [...text.matchAll(/-----(BEGIN|END) ([A-Z0-9 ]{1,40})-----/g)];
  const blocks: PemBlock[] = [];
  for (let i = 0; i < markers.length; i++) {
    const [begin, end] = [markers[i], markers[i + 1]] as [RegExpMatchArray, RegExpMatchArray | undefined];
    if (begin[1] !== 'BEGIN') continue;
    if (end?.[1] !== 'END') throw truncated('its END line is missing');
    if (end[2] !== begin[2]) throw damaged('its BEGIN and END lines differ');
    blocks.push({ label: begin[2] as string, body: text.slice((begin.index as number) + begin[0].length, end.index) });
  }
  return blocks;
};

const fromPem = (text: string): RsaPrivateKey => {
  const blocks = readPem(text);
  const privateKeys = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  if (privateKeys.length > 1) {
    throw fault('signing_key_ambiguous', `${privateKeys.length} private keys`, 'Paste only the one that signs.');
  }
  const block = privateKeys[0] ?? blocks[0];
  if (!block) throw damaged('its BEGIN line is not whole');
  const refusal = refusalOfLabel(block.label);
  if (refusal) throw refusal;
  // The encryption of PEM files before PKCS#8: RFC 1421 section 4.6.
  if (/Proc-Type:|DEK-Info:/.test(block.body)) throw encrypted();
  const base64 = block.body.replace(/\s/g, '');
  const der = fromBase64(base64);
  if (der !== undefined) return fromDer(der);
  throw /^[A-Za-z0-9+/]*={0,2}$/.test(base64) ? truncated('its Base64 is not whole') : damaged('it is not Base64');
};

/** The value of some JSON, undefined when it is none: the message of JSON.parse quotes the text, which is the key. */
const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The text within quotes; of a JSON string its value. */
const unquote = (text: string): string => {
  const value = text.startsWith('"') && parseJson(text);
  return typeof value === 'string' ? value.trim() : text.replace(/^(["'])(.*)\1$/s, '$2');
};

/** RFC 7517 sections 4.2 to 4.4 */
const allowsPs256 = ({ alg, use, key_ops }: Record<string, unknown>): boolean =>
  (alg ?? 'PS256') === 'PS256' &&
  (use ?? 'sig') === 'sig' &&
  (key_ops === undefined || (Array.isArray(key_ops) && key_ops.includes('sign')));

/** @param plain the same text with its escapes replaced by spaces, for a text that is no JSON with them */
const fromJwk = (text: string, plain: string): SigningKey => {
  const jwk = (parseJson(text) ?? parseJson(plain)) as Record<string, unknown> | undefined;
  if (!jwk) throw text.endsWith('}') ? damaged('it is not JSON') : truncated('its JSON is not whole');
  const { keys, kty, d, kid } = jwk;
  if (Array.isArray(keys)) throw unreadable('a JWK Set', 'Paste the one key that signs, from "{" to "}".');
  if (kty === 'EC' || kty === 'OKP' || kty === 'oct') throw notRsa(`a JWK of type ${kty}`);
  if (kty !== 'RSA') throw unreadable('JSON that is not a JWK', 'Paste a JWK whose "kty" is "RSA".');
  if (d === undefined) throw publicKey('Paste the JWK that has the private members too.');
  if (!allowsPs256(jwk)) {
    throw fault(
      'signing_key_wrong_use',
      'a JWK whose "alg", "use" or "key_ops" is for something else',
      'Paste the key that is registered for PS256 signatures.',
    );
  }
  return { key: fromJwkMembers(jwk), kid: typeof kid === 'string' && kid !== '' ? kid : undefined };
};

/**
 * Imports the signing key from the text of a variable.
 *
 * @param text PKCS#8 or PKCS#1 in PEM, its line breaks kept, escaped, replaced by spaces or gone, perhaps in quotes or in
 * Base64 once more, perhaps after certificates or other text; or an RSA private JWK
 * @throws ClientAuthError `variable_missing`, `variable_unresolved`, or the `signing_key_…` that names the fault
 * @see RFC 5958, RFC 8017 appendix A.1.2, RFC 7468, RFC 7517
 */
export const importSigningKey = (text: string): SigningKey => {
  const trimmed = text.trim();
  if (trimmed.length > MAX_LENGTH) {
    throw unreadable(`${trimmed.length} characters of text`, 'Paste the key file alone.');
  }
  const unquoted = unquote(trimmed);
  // "r" and "n" are optional so that a long run of backslashes is read once, not once from each of them.
  const plain = unquoted.replace(/\\+([rn]?)/g, (run, character) => (character ? ' ' : run)).trim();
  if (plain === '') {
    throw fault('variable_missing', 'nothing', 'Paste the key into "signing_key" of the selected environment.');
  }
  const reference = findUnresolvedReference(plain);
  if (reference) {
    throw fault('variable_unresolved', toUnresolved(reference), 'Set that variable, or paste the key itself.');
  }
  if (plain.startsWith('{')) return fromJwk(unquoted, plain);
  if (/-----BEGIN [A-Z]/.test(plain)) return { key: fromPem(plain), kid: undefined };

  if (/-----END |-----BEGIN/.test(plain)) throw truncated('its BEGIN line is missing');
  const base64url = plain.replace(/\s/g, '').replace(/=+$/, '').replace(/\+/g, '-').replace(/\//g, '_');
  // Of a text that was cut the rest still shows what it was.
  const whole = base64url.slice(0, base64url.length & ~3);
  const decoded = fromHex(fromBase64url(base64url) ?? fromBase64url(whole) ?? '');
  // A PEM, in any of the forms above, or a JWK.
  if (/-----BEGIN |^\s*["'{]/.test(decoded)) return importSigningKey(decoded);
  if (decoded.startsWith('\x30')) {
    throw unreadable(
      'Base64 without its "-----BEGIN PRIVATE KEY-----" line',
      'Paste the whole file, its first and last line too.',
    );
  }
  throw unreadable(`${plain.length} characters of other text`, 'Paste the private key file.');
};
