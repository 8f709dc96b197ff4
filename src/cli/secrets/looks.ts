// What a secret looks like: the one table of names and forms, for files that are checked and for runs that are redacted alike.
// Pure, on the machine.

import { INTEGER, OCTET_STRING, readDer, SEQUENCE } from '../../client-auth/der.ts';

/** The kinds of secret, the worst first. */
export const SECRET_KINDS = ['private key', 'private JWK', 'secret', 'token'] as const;
export type SecretKind = (typeof SECRET_KINDS)[number];

/** The worst of some kinds of secret. */
export const worstOf = (kinds: (SecretKind | undefined)[]): SecretKind | undefined =>
  SECRET_KINDS.find(kind => kinds.includes(kind));

/** What a secret is, for a finding, and what is written in its place, in ASCII without quotes or angle brackets. */
export interface Look {
  kind: SecretKind;
  label: string;
}

interface NamedLook extends Look {
  /** Matches the name as `toWords` writes it. */
  name: RegExp;
  isSecret: (value: string) => boolean;
}

/**
 * What is under the name of a secret and is none: a reference, a URL, a path, JSON, something public, a word of JSON or of OAuth,
 * a label of ours.
 */
const NEVER = new RegExp(
  [
    String.raw`\{\{|^\s*(?:\{\s*["'}]|\[\s*["'{\]])|^(?:https?|urn|file):|^[~.]{0,2}/[\w.-]+(?:/|$)`,
    `-----BEGIN (?:CERTIFICATE|PUBLIC|RSA PUBLIC)`,
    `^(?:true|false|null|undefined|none|string|required|redacted)$`,
    `^(?:(?:access|refresh|id)_token|client_(?:secret|assertion)(?:_basic|_post|_jwt)?|client_credentials)$`,
    `^(?:authorization_code|private_key_jwt|tls_client_auth|code_verifier|signing_key)$`,
    String.raw`^\[[a-z_]+(?: kid=\S* jti=\S*)?\]$`,
  ].join('|'),
  'i',
);

/** A word as people write it, or up to three without anything between them. */
const WORD = '(?:(?:\\p{Lu}?\\p{Ll}{2,18}){1,3}|\\p{Lu}{1,19}|\\p{L})';
/** One word, or several with one character between them: what somebody writes, not what a machine draws, which has long runs. */
const WORDS = new RegExp(`^(?!.*\\p{L}{20})${WORD}(?:[ _./:-]${WORD})*$`, 'u');
/** Six consonants in a row are in no word. */
const CONSONANTS = /[bcdfghjklmnpqrstvwxz]{6}/;
const isWords = (value: string): boolean => WORDS.test(value) && !CONSONANTS.test(value);
const DATE = /^\d{4}-\d\d-\d\d(?:$|[T ])/;
const VERSION = /^\d+(?:\.\d+)+$/;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
/** `response.access_token`: a member in a program. */
const CODE = /^[a-z_$][\w$]{0,24}(?:\.[a-z_$][\w$]{0,24})+$/i;

const isAny = (value: string): boolean => value.trim() !== '' && !NEVER.test(value);
/** Six characters or more that are no words, no date, no version: it may be digits alone. */
export const isGuarded = (value: string): boolean =>
  value.length >= 6 && isAny(value) && !isWords(value) && ![DATE, VERSION, CODE].some(pattern => pattern.test(value));
/** Words of a name in camel case, and what is between them. */
const CAMEL = /\p{Lu}?\p{Ll}{2,19}|[ _./:-]/gu;
/** Whether letters are no words: capitals anywhere, or too many consonants. */
const isUnspeakable = (value: string): boolean =>
  value.replace(CAMEL, '').length > value.length / 5 || CONSONANTS.test(value);
/** What nobody types: 12 characters or more without whitespace, digits among letters, letters that are no words or many in a row. */
export const isOpaque = (value: string): boolean =>
  isGuarded(value) &&
  /^(?=.*[A-Za-z])[!-~]{12,}$/.test(value) &&
  (/\d|[A-Za-z]{20}/.test(value) || isUnspeakable(value));
/**
 * What is under the name of a token and is none in a file: a sentence, words in camel case; and a UUID, unless the name is that of a
 * token itself, for servers whose tokens are UUIDs.
 */
export const isOrdinary = (name: string, value: string): boolean => {
  if (UUID.test(value)) return !/^(?:(?:.*_)?(?:access|refresh|auth|bearer|id)_?)?token$/.test(toWords(name));
  const words = value.split(/\s+/);
  if (words.length > 1) return words.length > 3 || words.every(word => /^[\p{L}'",.()!?:;-]+$/u.test(word));
  return /^[\p{L} _./:-]+$/u.test(value) && !isUnspeakable(value) && !/\p{Ll}{20}/u.test(value);
};
const isOpaqueNoUuid = (value: string): boolean => isOpaque(value) && !UUID.test(value);
/** The Base64 of a key, or what is left of it; that of a certificate or a public key begins with a sequence too. */
const isKeyText = (value: string): boolean =>
  /^[\w+/=-]{40,}$/.test(value) && (!value.startsWith('MI') || isPrivateDer(value));

/** A word, perhaps with a few digits behind it; or a small number. */
const PLAIN_PART = new RegExp(`^(?:${WORD}\\d{0,4}|\\d{1,9})$`, 'u');
/**
 * Whether a secret is so unlike any other text that it can be searched for everywhere: not made of words and small numbers.
 */
export const isDistinctive = (secret: string): boolean =>
  secret.length >= 8 && !secret.split(/[^\p{L}\d]+/u).every(part => part === '' || PLAIN_PART.test(part));

/** Names of tokens may have more words behind, but not these, which say something about a token. */
const TOKEN =
  'token(?!s?_(?:ur[il]|endpoint|type|hint|name|format|lifetime|ttl|expir|valid|status|count|length|limit|auth|method|key|signing|encrypt|introspect|ids?$))';
/** "Tokens" that only lead to the next page or the next change. */
const PLACE_TOKEN =
  /(?:^|_)(?:page|pagination|cursor|sync|continuation|next|prev|previous|start|resume|delta|change|marker)_?token$/;
/** What may be behind the name of a secret without making it another thing. */
const SUFFIX =
  '(?:_(?:prod|production|live|dev|test|stage|staging|sandbox|uat|old|new|current|confirm|confirmation|again))?$';

/** The names of secrets; the first that matches counts. */
const NAMES: NamedLook[] = [
  { name: /(?:^|_)signing_?key$/, kind: 'private key', label: '[signing_key]', isSecret: isKeyText },
  { name: /(?:^|_)private_?key$/, kind: 'private key', label: '[private_key]', isSecret: isKeyText },
  { name: /(?:^|_)(?:client_?)?assertion$/, kind: 'token', label: '[client_assertion]', isSecret: isOpaque },
  { name: new RegExp(`(?:^|_)refresh_?${TOKEN}`), kind: 'token', label: '[refresh_token]', isSecret: isGuarded },
  { name: new RegExp(`(?:^|_)id_?${TOKEN}`), kind: 'token', label: '[id_token]', isSecret: isGuarded },
  {
    name: new RegExp(`(?:^|_)(?:access|auth|bearer)_?${TOKEN}`),
    kind: 'token',
    label: '[access_token]',
    isSecret: isGuarded,
  },
  // The parameter of introspection and revocation (RFC 7662 section 2.1, RFC 7009 section 2.1).
  { name: /^token$/, kind: 'token', label: '[access_token]', isSecret: isOpaque },
  { name: PLACE_TOKEN, kind: 'token', label: '', isSecret: () => false },
  { name: /token(?:_to_[a-z]+)?$/, kind: 'token', label: '[access_token]', isSecret: isOpaqueNoUuid },
  { name: /(?:^|_)verifier$/, kind: 'secret', label: '[code_verifier]', isSecret: isGuarded },
  { name: new RegExp(`(?:^|_)client_?secret${SUFFIX}`), kind: 'secret', label: '[client_secret]', isSecret: isAny },
  { name: new RegExp(`(?:^|_)secret${SUFFIX}`), kind: 'secret', label: '[secret]', isSecret: isAny },
  { name: new RegExp(`(?:^|_)pass_?phrases?${SUFFIX}`), kind: 'secret', label: '[passphrase]', isSecret: isAny },
  {
    name: new RegExp(`(?:^|_)(?:passwords?|passwd|passcode|pass|pwd|pw)${SUFFIX}`),
    kind: 'secret',
    label: '[password]',
    isSecret: isAny,
  },
  {
    name: new RegExp(`(?:^|_)(?:api|auth|secret|secret_access|subscription)_?key${SUFFIX}`),
    kind: 'secret',
    label: '[api_key]',
    isSecret: isAny,
  },
  { name: /(?:^|_)pin$/, kind: 'secret', label: '[pin]', isSecret: value => /^\d{4,12}$/.test(value) },
  // RFC 8628 section 3.2
  { name: /(?:^|_)device_code$/, kind: 'token', label: '[device_code]', isSecret: isGuarded },
  { name: /(?:^|_)(?:j?session_?id|phpsessid)$/, kind: 'token', label: '[session_id]', isSecret: isOpaque },
];

/**
 * A word of each of these names: where a text is searched for names, it is searched for these. A name that only begins with "key" is
 * none of them: each variable, header and field has a member "key".
 */
const NAME_WORD =
  /token|verifier|secret|(?<!^)key|pass_?phrase|password|passwd|passcode|pwd|pass|pw|pin|assertion|authorization|cookie|device_code|sess/i;
export const NAME_WORDS = new RegExp(NAME_WORD, 'gi');

/** Whether a name may be that of a secret; to be asked before the name is looked at. */
export const mayNameSecret = (name: string): boolean => NAME_WORD.test(name);

/** A name in lower case, with `_` between its words and without its numbers: `clientSecret2` is `client_secret`. */
const toWords = (name: string): string =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z]+/g, '_')
    .replace(/^_|_$/g, '');

/** So much of a value says what it is; patterns would overflow the stack on megabytes. */
const SAMPLE = 10_000;

/** What the value of a name is, if it is a secret. */
export function lookOfNamed(name: string, value: string): Look | undefined {
  if (!mayNameSecret(name)) return undefined;
  const words = toWords(name.slice(-100));
  const look = NAMES.find(one => one.name.test(words));
  return look?.isSecret(value.slice(0, SAMPLE)) ? look : undefined;
}

/** Whether the values of a name are secrets, whatever they look like. */
export const isSecretName = (name: string): boolean => {
  const words = toWords(name);
  return NAMES.some(one => one.label !== '' && one.name.test(words));
};

export const isAuthorizationName = (name: string): boolean => /^(?:proxy-)?authorization$/i.test(name);
export const isCookieName = (name: string): boolean => /^(?:(?:set-)?cookie|cookie value)$/i.test(name);

/** What people write where the reader is to put a secret; it counts in files, not in what is sent. */
const PLACEHOLDER =
  /[<>…]|\.{3}|\*{3}|^[x0._-]+$|(?<![a-z\d])(?:your|paste|insert|enter|here|example|sample|placeholder|dummy|fake|todo|redacted|change[_-]?me)(?![a-z\d])|[_-]value$/i;
export const isPlaceholder = (value: string): boolean => PLACEHOLDER.test(value);

/** Code between two strings of a program, or a member of an object in one. */
export const isCode = (value: string): boolean => CODE.test(value) || /[(){};\\]/.test(value);

/** Whether an object is a JWK with private members: RFC 7518 sections 6.2.2, 6.3.2 and 6.4. */
export function isPrivateJwk(value: object): boolean {
  const { kty, d, k, p, q } = value as Record<string, unknown>;
  return typeof kty === 'string' && [d, k, p, q].some(one => typeof one === 'string' && /^[\w+/-]{20}/.test(one));
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
  const der = Buffer.from(base64.slice(0, Math.ceil(((head + length) * 4) / 3)), 'base64');
  if (length < 40 || der.length < head + length) return false;
  const elements = readDer(der.subarray(head, head + length).toString('hex'));
  return typeof elements !== 'string' && KEY_TAGS.some(tags => tags.every((one, at) => elements[at]?.tag === one));
}
