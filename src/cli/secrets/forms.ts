// Secrets that are known by their form wherever they are in a text: private keys, JWTs, credentials of the header Authorization.
// Pure, on the machine. Texts come from anywhere: each pattern reads a text once and repeats nothing without a bound, or a text
// of megabytes that is made to be slow would take minutes.

import { type Base64Run, BREAK } from './base64-runs.ts';
import { readJwsParts } from './json-object.ts';
import { isGuarded, isPrivateDer, type Look } from './looks.ts';

/** A secret in a text. */
export interface Found extends Look {
  start: number;
  end: number;
  /** What is secret of it, by which it is known elsewhere. */
  parts: string[];
  /** The text of a private key, whose parts `secretPartsOf` gives; to read a key takes time. */
  key?: string;
}

const HEADER = String.raw`[\w-]{1,40}:(?: [\w,-]{1,100}(?![\w,:-])){1,3}`;
const PEM = new RegExp(
  `-----BEGIN[A-Z +]{1,30}PRIVATE[ +]KEY-----(?:(?:${BREAK}){0,50}${HEADER}){0,5}(?:${BREAK}){0,50}[A-Za-z0-9+/]{20}` +
    `(?:[\\w+/=]|${BREAK}){0,20000}(?:-----END[A-Z +]{1,30}-----)?`,
  'g',
);

const BREAKS = new RegExp(BREAK, 'g');

const JWK_TYPE = /(?<!\w)kty\\{0,40}["'`]?\s{0,99}:/;
/** A member of a JWK, in Base64 too; the private ones of RSA and EC, and that of a symmetric key (RFC 7518 section 6). */
const JWK_MEMBER = /(?<!\w)(n|e|d|p|q|dp|dq|qi|k)\\{0,40}["'`]?\s{0,99}:\s{0,99}(\\{0,40}["'`])([\w+/=-]{2,4000})/g;
/** A private member is longer; a word under such a name is none. */
const MIN_MEMBER = 20;

const JWS = /(?<![\w-])([\w-]{12,20000})(?=\.([\w-]{2,99999})\.([\w-]{10,99999}))/g;
const CREDENTIALS = /\b(Bearer|DPoP|Basic)(?:\s|\+|%20){1,9}([\w.~+/=|-]{4,9999})/gi;
/** What a signing agent prints: a path of 256 random bits. */
const AGENT = /http:\/\/127\.0\.0\.1:\d{1,5}\/([\w-]{43})(?![\w-])/g;
const USER_INFO = /:\/\/[^\s/:@"'`<>]{1,200}:([^\s/@"'`<>]{1,200})@/g;

/** Private keys as PEM: the whole block, with its first and last line. */
export function* findPems(text: string): Generator<Found> {
  if (!/PRIVATE[ +]KEY-----/.test(text)) return;
  for (const { 0: pem, index } of text.matchAll(PEM)) {
    const key = pem.replace(/-----[A-Z +]+-----/g, '').replace(BREAKS, '');
    yield { kind: 'private key', label: '[private_key]', start: index, end: index + pem.length, parts: [], key };
  }
}

/** The private members of JWKs. */
export function* findJwkMembers(text: string): Generator<Found> {
  if (!JWK_TYPE.test(text)) return;
  let members: Record<string, string> = {};
  for (const { 0: all, 1: name = '', 3: value = '', index } of text.matchAll(JWK_MEMBER)) {
    if (name in members) members = {};
    members[name] = value;
    if (name === 'n' || name === 'e' || value.length < MIN_MEMBER) continue;
    const isWhole = members.n !== undefined && Object.keys(members).length === 8;
    const end = index + all.length;
    yield {
      kind: 'private JWK',
      label: '[private_key]',
      start: end - value.length,
      end,
      parts: [value],
      ...(isWhole && { key: JSON.stringify({ kty: 'RSA', ...members }) }),
    };
  }
}

/** JWTs, and other compact JWS (RFC 7515 section 7.1). */
export function* findJwts(text: string): Generator<Found> {
  if (!/ey[JA]/.test(text)) return;
  for (const { 1: first = '', 2: claims = '', 3: signature = '', index } of text.matchAll(JWS)) {
    // Other characters may be in front of it: an escaped line break, the name of a variable.
    for (let at = first.indexOf('ey'), tries = 0; at !== -1 && tries < 9; at = first.indexOf('ey', at + 1), tries++) {
      if (!isHeader(first.slice(at))) continue;
      const jwt = `${first.slice(at)}.${claims}.${signature}`;
      const start = index + at;
      yield { kind: 'token', label: toJwtLabel(jwt, 'jwt'), start, end: start + jwt.length, parts: [jwt] };
      break;
    }
  }
}

/** Credentials behind the name of their scheme (RFC 6750 section 2.1, RFC 9449 section 7.1, RFC 7617 section 2). */
export function* findCredentials(text: string): Generator<Found> {
  for (const { 0: all, 1: scheme = '', 2: credentials = '', index } of text.matchAll(CREDENTIALS)) {
    const end = index + all.length;
    const place = { start: end - credentials.length, end };
    if (scheme.toLowerCase() === 'basic') {
      // Name and password with a colon between them.
      const [, password] = /^[^:{]*:([^{].*)$/s.exec(Buffer.from(credentials, 'base64').toString()) ?? [];
      if (password) yield { kind: 'secret', label: '[password]', ...place, parts: [credentials, password] };
    } else if (credentials.length >= 12 && isGuarded(credentials)) {
      yield { kind: 'token', label: '[access_token]', ...place, parts: [credentials] };
    }
  }
}

/** The Base64 of a private key whose DER begins with a line of Base64; undefined where there is none. */
export function findDer({ base64, lineStarts }: Base64Run): string | undefined {
  const start = lineStarts.find(at => base64[at] === 'M' && isPrivateDer(base64.slice(at)));
  return start === undefined ? undefined : base64.slice(start);
}

/** What a JWT was, without what makes it one; its claims say which kind it is, where no name does. */
export function toJwtLabel(jwt: string, name: string): string {
  const { header, claims } = readJwsParts(jwt);
  const isAssertion = claims.iss !== undefined && claims.iss === claims.sub;
  const kind = isAssertion ? 'client_assertion' : claims.response_type ? 'request_object' : name;
  const plain = (value: unknown) =>
    String(value ?? 'unknown')
      .replace(/[^\w.:@-]/g, '_')
      .slice(0, 200);
  return `[${kind} kid=${plain(header.kid)} jti=${plain(claims.jti)}]`;
}

/** The password in front of the host of a URL (RFC 3986 section 3.2.1). */
export function* findUserInfo(text: string): Generator<Found> {
  for (const { 0: all, 1: password = '', index } of text.matchAll(USER_INFO)) {
    const end = index + all.length - 1;
    if (password.includes('{{')) continue;
    yield { kind: 'secret', label: '[password]', start: end - password.length, end, parts: [password] };
  }
}

/** The path in the URL of a signing agent. */
export function* findAgents(text: string): Generator<Found> {
  for (const { 0: all, 1: path = '', index } of text.matchAll(AGENT)) {
    const end = index + all.length;
    yield { kind: 'secret', label: '[signing_agent]', start: end - path.length, end, parts: [path] };
  }
}

/** Whether Base64 is the header of a JWS: it has "alg". An exception for each text that is none would take long. */
const isHeader = (part: string): boolean =>
  /^ey[JA]/.test(part) &&
  Buffer.from(part, 'base64url').includes('"alg"') &&
  typeof readJwsParts(part).header.alg === 'string';
