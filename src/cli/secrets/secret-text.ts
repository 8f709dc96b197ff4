// Whether a text holds a private key, a token or another secret: by its form, or by the name that stands before it. Pure, on
// the machine. It is for files that nobody may see; what a run writes is the matter of the redaction.

import { INTEGER, OCTET_STRING, readDer, SEQUENCE } from '../../client-auth/der.ts';

export type SecretKind = 'private key' | 'private JWK' | 'token' | 'secret';

// Files come from anywhere: each pattern begins only where a word does, can read a text in one way, and repeats nothing
// without end, or a text of megabytes that repeats itself would take minutes or overflow the stack.

/** Between two lines of a key: a line break, written as such, escaped, or as two strings of a program put together. */
const BREAK = String.raw`\s|\\{1,40}[rn]|["'${'`'}]\s{0,99}[+,]\s{0,99}["'${'`'}]`;
const HEADER = String.raw`[\w-]{1,40}:(?: [\w,-]{1,100}(?![\w,:-])){1,9}`;
const PEM = new RegExp(`-----BEGIN[A-Z +]{1,30}PRIVATE[ +]KEY-----(?:${BREAK}|${HEADER}){0,500}[A-Za-z0-9+/]{20}`);
const JWK_TYPE = /(?<!\w)kty\\{0,40}["'`]?\s{0,99}:/;
const JWK_PRIVATE = /(?<!\w)[dkpq]\\{0,40}["'`]?\s{0,99}:\s{0,99}\\{0,40}["'`][\w-]{20}/;
const JWT_HEADER = /(?<![\w-])[\w-]{12,9999}(?=\.[\w-]{10,99999}\.[\w-]{10})/g;
const CREDENTIALS = /\b(Bearer|DPoP|Basic)\s{1,9}([\w.~+/-]{12,9999}={0,2})/gi;

/** Base64 of 40 letters or more; those of lines as long as encoders write them are one. */
const BASE64 = new RegExp(
  String.raw`(?<![\w+/-])(?:(?:[\w+/-]{60,999}(?:${BREAK}){1,20}){1,500}[\w+/-]{1,999}|[\w+/-]{40,99999})`,
  'g',
);
const BREAKS = new RegExp(BREAK, 'g');

/** What nobody types: letters with a digit among them, or a long row of letters. */
const OPAQUE = /^(?=[^\d]*\d|.*[A-Za-z]{20})(?=.*[A-Za-z])[\w.~+/=%|-]{12,}$/;
const PASSWORD = /^(?=[^\d]*\d|.*[A-Za-z]{20})(?!.*\{\{)\S{8,}$/;

/** Names of secrets, however they are written, and what their values look like. */
const NAMES: [name: RegExp, kind: SecretKind, value: RegExp][] = [
  [/(?:signing|private)[_-]?key$/i, 'private key', /^[\w+/=-]{40,}$/],
  [/(?:access|refresh|id|auth|bearer)[_-]?token(?![_-]?(?:ur[il]|endpoint))/i, 'token', OPAQUE],
  [/(?:token(?:[_-]to[_-]revoke|[_-]?\d{1,9})?|client[_-]?assertion|authorization)$/i, 'token', OPAQUE],
  [/(?:secret|password|passphrase|(?:api|auth|secret)[_-]?key)$/i, 'secret', PASSWORD],
];

/** What people write where the reader is to put a secret. */
const PLACEHOLDER =
  /[<>…]|\.{3}|\*{3}|^[x0._-]+$|(?<![a-z\d])(?:your|paste|insert|enter|here|example|sample|placeholder|dummy|fake|todo|redacted|change[_-]?me)(?![a-z\d])/i;

/** A name with a quoted value behind it: a member of JSON, an assignment, an argument, a pair of key and value. What has brackets is code between two strings. */
const QUOTED =
  /(?:token|secret|password|passphrase|assertion|authorization|key)[\w-]{0,20}(?=[\\"'`\])]{0,40}\s{0,9}[:=,]\s{0,9}(?:\\{0,40}["'`]?value\\{0,40}["'`]?\s{0,9}:\s{0,9})?\\{0,40}["'`]([^\s"'`\\(){};]{8,9999})\\{0,40}["'`])/gi;
/** A name with its value in a form or a query. */
const IN_FORM = /(?:token|secret|password|assertion)[\w-]{0,20}(?==([\w.~+/%-]{8,9999}={0,2})(?:$|[&#\s"'`]))/gi;
/** What stands behind an equals sign in a program. */
const CODE = /^[a-z_$][\w$]*(?:\.[a-z_$][\w$]*)+$/i;

/** Whether a text is nothing that somebody types: a token, say, and no word, date or name. */
export const isOpaque = (text: string): boolean =>
  /^[^\w]*[\w.~+/=%|-]{12}/.test(text) &&
  /[A-Za-z]/.test(text) &&
  (/\d/.test(text) || /[A-Za-z]{20}/.test(text)) &&
  !/^\d{4}-\d\d-\d\d/.test(text);

/** Whether a text is an expression of a program. */
export const isCode = (text: string): boolean => CODE.test(text);

/** What a text holds, if it holds a secret. */
export function findSecret(text: string): SecretKind | undefined {
  return findByForm(text) ?? findNamed(text);
}

/** Whether the values of a name are secrets, whatever they look like. */
export const isSecretName = (name: string): boolean => NAMES.some(([names]) => names.test(name));

/** What the value of a variable, a field or a member is by its name. */
export function judgeNamed(name: string, value: string): SecretKind | undefined {
  if (PLACEHOLDER.test(value)) return undefined;
  return NAMES.find(([names, , values]) => names.test(name) && values.test(value))?.[1];
}

/** Whether an object is a JWK with private members: RFC 7518 sections 6.2.2, 6.3.2 and 6.4. */
export function isPrivateJwk(value: object): boolean {
  const { kty, d, k, p, q } = value as Record<string, unknown>;
  return typeof kty === 'string' && [d, k, p, q].some(one => typeof one === 'string' && /^[\w-]{20}/.test(one));
}

function findByForm(text: string): SecretKind | undefined {
  const plain = decodePercent(text);
  if (PEM.test(plain)) return 'private key';
  if (JWK_TYPE.test(plain) && JWK_PRIVATE.test(plain)) return 'private JWK';
  for (const [base64] of plain.matchAll(BASE64)) {
    const kind = kindOfBase64(base64);
    if (kind) return kind;
  }
  if (hasJwt(plain)) return 'token';
  for (const [, scheme = '', credentials = ''] of plain.matchAll(CREDENTIALS)) {
    const isBasic = scheme.toLowerCase() === 'basic';
    // RFC 7617 section 2: name and password with a colon between them.
    if (isBasic ? /^[^:{]+:[^{]/.test(fromBase64(credentials)) : isToken(credentials))
      return isBasic ? 'secret' : 'token';
  }
  return undefined;
}

const isToken = (text: string): boolean => OPAQUE.test(text) && !PLACEHOLDER.test(text);
const fromBase64 = (text: string): string => Buffer.from(text, 'base64').toString('latin1');

function findNamed(text: string): SecretKind | undefined {
  // The patterns begin with the last word of a name.
  const before = (index: number, end: number) => text.slice(Math.max(0, index - 40), end);
  for (const { 0: word, 1: value = '', index } of text.matchAll(QUOTED)) {
    const [name] = /[\w-]*$/.exec(before(index, index + word.length)) as RegExpExecArray;
    const kind = judgeNamed(name, value);
    if (kind) return kind;
  }
  for (const { 0: word, 1: value = '', index } of text.matchAll(IN_FORM)) {
    const [, name] = /(?:^|[&?#;\s"'`])([\w-]*)$/.exec(before(index, index + word.length)) ?? [];
    const kind = name && !CODE.test(value) ? judgeNamed(name, decodePercent(value)) : undefined;
    if (kind) return kind;
  }
  return undefined;
}

/** The text with what is percent-encoded in it decoded; twice, as it is where a URL stands in a URL. */
function decodePercent(text: string): string {
  if (!text.includes('%')) return text;
  const decode = (one: string) =>
    one.replace(/(?:%[\dA-Fa-f]{2}){1,999}/g, run => Buffer.from(run.replaceAll('%', ''), 'hex').toString('latin1'));
  return decode(decode(text));
}

/** Whether three parts stand there of which the first, from some word in it on, is Base64 of JSON: it begins with "ey". */
function hasJwt(text: string): boolean {
  for (const [header] of text.matchAll(JWT_HEADER)) if (/\bey/.test(header.slice(0, -10))) return true;
  return false;
}

/** What Base64 holds: a PEM or JWK, or from one of its lines on the DER of a private key. */
function kindOfBase64(text: string): SecretKind | undefined {
  const plain = fromBase64(text.replace(BREAKS, ''));
  if (PEM.test(plain)) return 'private key';
  if (JWK_TYPE.test(plain) && JWK_PRIVATE.test(plain)) return 'private JWK';
  for (const { index } of text.matchAll(/(?<![\w+/-])M[\w+/]{30}/g)) {
    if (isPrivateDer(text.slice(index))) return 'private key';
  }
  return undefined;
}

/** The tags in the outer sequence of RSAPrivateKey, PrivateKeyInfo, ECPrivateKey, EncryptedPrivateKeyInfo. */
const KEY_TAGS = [
  Array(9).fill(INTEGER),
  [INTEGER, SEQUENCE, OCTET_STRING],
  [INTEGER, OCTET_STRING],
  [SEQUENCE, OCTET_STRING],
];

/** Whether Base64 begins with the DER of a private key; what follows it does not count. */
export function isPrivateDer(base64: string): boolean {
  const [tag, first = 0, second = 0, third = 0] = Buffer.from(base64.slice(0, 8), 'base64');
  if (tag !== SEQUENCE || first > 0x82) return false;
  const [head, length] = first < 0x80 ? [2, first] : first === 0x81 ? [3, second] : [4, second * 256 + third];
  const letters = Math.ceil(((head + length) * 4) / 3);
  // Twice as many hold all its breaks.
  const der = Buffer.from(
    base64
      .slice(0, 2 * letters)
      .replace(BREAKS, '')
      .slice(0, letters),
    'base64',
  );
  if (length < 40 || der.length < head + length) return false;
  const elements = readDer(der.subarray(head, head + length).toString('hex'));
  return typeof elements !== 'string' && KEY_TAGS.some(tags => tags.every((one, at) => elements[at]?.tag === one));
}
