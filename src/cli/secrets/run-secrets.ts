// The secrets of a run, found in whatever text passes: private keys and JWTs by what they look like, tokens, PKCE verifiers
// and passwords by the name that stands before them. On the machine; each is handed to the redaction before a reporter sees it.

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { importSigningKey } from '../../client-auth/signing-key.ts';
import type { Redaction } from './redaction.ts';
import { isCode, isOpaque, isPrivateDer } from './secret-text.ts';

/** How names end whose values are secrets, without case, `_` and `-`; and what such a value is called. */
const ENDINGS: [ending: string, label: string][] = [
  ['refreshtoken', 'refresh_token'],
  ['idtoken', 'id_token'],
  ['token', 'access_token'],
  ['verifier', 'code_verifier'],
  ['clientsecret', 'client_secret'],
  ['secret', 'secret'],
  ['signingkey', 'signing_key'],
  ['privatekey', 'private_key'],
  ['passphrase', 'passphrase'],
  ['password', 'password'],
  ['clientassertion', 'client_assertion'],
];

const KEY_LABEL = '[signing_key]';

/** What stands under such a name and is none: references, URLs, numbers and object identifiers, the words of OAuth. */
const NO_SECRET =
  /\{\{|^(?:https?|urn):|^\d{1,11}$|^\d+(?:\.\d+)+$|^(?:(?:access|refresh|id)_token|client_(?:secret|assertion)(?:_basic|_post|_jwt)?|client_credentials|authorization_code|private_key_jwt|tls_client_auth|code_verifier|signing_key)$/i;

// Texts come from anywhere: each pattern reads a text once, and repeats nothing without end, or a text of megabytes that is
// made for it would take minutes or overflow the stack.

/** A name of the list, what may stand between it and its value in JSON, forms, URLs, headers and HTML, and the value. */
const NAMED = new RegExp(
  String.raw`(?:token|verifier|secret|key|passphrase|password|assertion)\d{0,3}` +
    String.raw`(?:[\\"']{0,20}\s{0,9}(?:[:=]|,\s{0,9}[\\"']{0,20}value[\\"']{0,20}\s{0,9}:|\svalue=)\s{0,9}([\\"']{0,20}))` +
    String.raw`((?:[\w.~+/=|-]|%[\dA-Fa-f]{2}|\\/|\\u00[\dA-Fa-f]{2}){12,9999})`,
  'gi',
);
const BEARER = /\b(?:Bearer|DPoP)\s{1,9}([\w.~+/=-]{12,9999})/gi;
const JWS = /(?<![\w-])([\w-]{12,20000})(?=\.([\w-]{2,99999})\.([\w-]{12,99999}))/g;
const PEM =
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:[\w+/=\s"',:\\]|-(?!-)){64,20000}(?:-----END [A-Z ]{0,30}-----)?/g;
/** The lines of a PEM, the last of which is short; what else stands between BEGIN and END is no key, but a text about keys. */
const PEM_LINE = /[A-Za-z0-9+/]{40,}={0,2}|[A-Za-z0-9+/]{12,}={0,2}(?=\W{0,9}-----END)/g;
const JWK_MEMBER = /\b(n|e|d|p|q|dp|dq|qi|k)["'\\]{0,20}\s{0,9}:\s{0,9}["'\\]{0,20}([\w-]{1,4000})/g;
const BASE64 = /(?<![\w+/-])[\w+/-]{60,99999}(?:(?:\s|\\[rn]){1,4}[\w+/-]{1,99999}){0,999}/g;

/** Shorter Base64 holds no key; nor does a shorter member of a JWK. */
const MIN_KEY = 200;
const MIN_MEMBER = 40;
const MIN_MODULUS = 160;

/** So many keys of a text are tried; more are no keys, and each costs time. */
const MAX_KEYS = 100;

/** A search for keys in one text. */
interface KeySearch {
  redaction: Redaction;
  tries: number;
  hasKey: boolean;
}

/** What a name says of its value; undefined when it is not that of a secret. */
function labelOf(name: string): string | undefined {
  const plain = name.toLowerCase().replace(/[_-]|\d+$/g, '');
  return ENDINGS.find(([ending]) => plain.endsWith(ending))?.[1];
}

/**
 * Adds what a text holds: keys and JWTs wherever they stand, and what follows the name of a secret.
 *
 * @returns whether there is a private key in it
 */
export function addFrom(redaction: Redaction, text: string): boolean {
  if (text.length < 12) return false;
  const search: KeySearch = { redaction, tries: 0, hasKey: false };
  addKeys(search, text);
  const decoded = /%[\da-f]{2}/i.test(text) ? decodePercent(text) : text;
  for (const one of new Set([text, decoded])) {
    addNamedIn(redaction, one);
    addJwts(redaction, one);
  }
  if (decoded !== text) addKeys(search, decoded);
  return search.hasKey;
}

/** Adds a named value, if the name is that of a secret, and what the value holds. */
export function addNamed(redaction: Redaction, name: string, value: unknown): void {
  if (value === undefined || value === null) return;
  const text = typeof value === 'object' ? toText(value) : String(value);
  const label = labelOf(name);
  const hasKey = addFrom(redaction, text);
  // It begins as an assertion does, and what it asks for is nobody else's business.
  if (name === 'request' && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text))
    redaction.add(text, toJwtLabel(text, 'request_object'));
  else if (label === 'client_assertion') redaction.add(text, toJwtLabel(text, label));
  // A key alone, in Base64 say, is taken out as it stands; what stands beside one, its ID say, is no secret.
  else if (hasKey && /^[\w+/=\s-]+$/.test(text)) redaction.add(text, KEY_LABEL);
  // Nor are the names in JSON.
  else if (label && !hasKey && !NO_SECRET.test(text) && !/^\s*[{[]/.test(text)) {
    if (label === 'signing_key' || label === 'private_key') redaction.add(text, `[${label}]`);
    else redaction.addWhole(text.trim(), `[${label}]`);
  }
}

function toText(value: object): string {
  try {
    return JSON.stringify(value);
  } catch {
    // It holds itself, say.
    return inspect(value, { depth: null, maxStringLength: null, maxArrayLength: null, breakLength: Infinity });
  }
}

function addNamedIn(redaction: Redaction, text: string): void {
  for (const match of text.matchAll(NAMED)) {
    const [all, quote, value = ''] = match;
    const name = /[\w-]*$/.exec(text.slice(Math.max(0, match.index - 40), match.index))?.[0] ?? '';
    const label = labelOf(name + (/^[a-z]+\d*/i.exec(all)?.[0] ?? ''));
    const end = match.index + all.length;
    // Between quotes a token may have letters that a URL can't have.
    const rest = quote === '' ? '' : (/^[^\s"'`\\<>]*/.exec(text.slice(end, end + 9999))?.[0] ?? '');
    const plain = decodePercent(value.replace(/\\u00([\da-f]{2})/gi, '%$1').replaceAll('\\/', '/')) + rest;
    // Not asked in the pattern, which would read backwards to find an answer, and that without end.
    const isProgram = quote === '' && (isCode(plain) || /[([]/.test(text.charAt(end)));
    if (!label || isProgram || NO_SECRET.test(plain) || !isOpaque(plain)) continue;
    redaction.addWhole(plain, label === 'client_assertion' ? toJwtLabel(plain, label) : `[${label}]`);
  }
  for (const [, token = ''] of text.matchAll(BEARER)) if (/\d/.test(token)) redaction.add(token, '[access_token]');
}

function addJwts(redaction: Redaction, text: string): void {
  for (const [, first = '', claims, signature] of text.matchAll(JWS)) {
    // Other letters may be glued to it: an escaped line break, the name of a variable.
    for (let at = first.indexOf('ey'), tries = 0; at !== -1 && tries < 9; at = first.indexOf('ey', at + 1), tries++) {
      if (typeof readPart(first.slice(at))?.alg !== 'string') continue;
      const jwt = `${first.slice(at)}.${claims}.${signature}`;
      redaction.add(jwt, toJwtLabel(jwt));
      break;
    }
  }
}

/** Adds the private keys in a text: PEM and JWK in any quotes and line breaks, and either in Base64. */
function addKeys(search: KeySearch, text: string, isDecoded = false): void {
  if (text.includes('PRIVATE KEY-----')) {
    for (const [pem] of text.matchAll(PEM)) {
      const lines = pem.replace(/\\+[rnt]?/g, '\n').match(PEM_LINE) ?? [];
      if (lines.length === 0) continue;
      for (const one of lines) search.redaction.add(one, KEY_LABEL);
      search.hasKey = true;
      addKey(search, () => toKeyObject(pem));
    }
  }
  if (text.includes('kty')) addJwks(search, text);
  if (isDecoded) return;
  for (const [run] of text.matchAll(BASE64)) {
    const base64 = run.replace(/\s|\\[rn]/g, '');
    if (base64.length < MIN_KEY) continue;
    const bytes = Buffer.from(base64, 'base64');
    addKeys(search, bytes.toString('latin1'), true);
    if (!isPrivateDer(base64)) continue;
    for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const) {
      addKey(search, () => createPrivateKey({ key: bytes, format: 'der', type }));
    }
  }
}

/** Adds the private members of JWKs, and the whole keys that they make. */
function addJwks(search: KeySearch, text: string): void {
  let members: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(JWK_MEMBER)) {
    if (name in members) members = {};
    members[name] = value;
    if (name !== 'n' && name !== 'e' && value.length >= MIN_MEMBER) {
      search.redaction.add(value, KEY_LABEL);
      search.hasKey = true;
    }
    if (Object.keys(members).length < 8 || (members.n ?? '').length < MIN_MODULUS) continue;
    const jwk = { ...members, kty: 'RSA' };
    addKey(search, () => createPrivateKey({ key: jwk, format: 'jwk' }));
  }
}

/** The key of a PEM, also of one in one of the disguises that the script takes. */
function toKeyObject(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    const { bits: _bits, ...numbers } = importSigningKey(pem).key;
    const members = Object.entries(numbers).map(([name, value]) => {
      const hex = value.toString(16);
      return [name, Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex').toString('base64url')];
    });
    return createPrivateKey({ key: { kty: 'RSA', ...Object.fromEntries(members) }, format: 'jwk' });
  }
}

/** Adds a key as every tool would write it: the members of its JWK, and its PEM. */
function addKey(search: KeySearch, read: () => KeyObject): void {
  const { redaction } = search;
  if (search.tries++ >= MAX_KEYS) return;
  try {
    const key = read();
    for (const [name, value] of Object.entries(key.export({ format: 'jwk' }))) {
      if (JWK_PRIVATE.has(name)) redaction.add(String(value), KEY_LABEL);
    }
    for (const type of key.asymmetricKeyType === 'rsa' ? (['pkcs8', 'pkcs1'] as const) : (['pkcs8'] as const)) {
      const pem = key.export({ type: type as 'pkcs8', format: 'pem' }).toString();
      redaction.add(pem, KEY_LABEL);
      redaction.add(pem.replace(/-----[A-Z ]+-----|\s/g, ''), KEY_LABEL);
    }
    search.hasKey = true;
  } catch {
    // No key that could sign; what there is of it is taken out as text.
  }
}

const JWK_PRIVATE = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi']);

/** What a JWT was, without what makes it one; what its claims are like tells which, where no name does. */
function toJwtLabel(jwt: string, name?: string): string {
  const [header, claims] = jwt.split('.', 2).map(readPart);
  const isAssertion = claims?.iss !== undefined && claims.iss === claims.sub;
  const kind = name ?? (isAssertion ? 'client_assertion' : claims?.response_type ? 'request_object' : 'jwt');
  const plain = (value: unknown) => String(value ?? 'unknown').replace(/[^\w.:@-]/g, '_');
  return `[${kind} kid=${plain(header?.kid)} jti=${plain(claims?.jti)}]`;
}

function readPart(part: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString()) ?? undefined;
  } catch {
    return undefined;
  }
}

const decodePercent = (text: string): string =>
  text.replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
