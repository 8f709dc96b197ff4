// Values in a text with the name of a secret before them: members of JSON, assignments and calls of a program, fields of a form or a
// query, parts of a multipart body, headers, elements of XML and inputs of HTML. Pure, on the machine; bounded as forms.ts says.

import { type Found, toJwtLabel } from './forms.ts';
import { isAuthorizationName, isCode, isCookieName, isGuarded, isOpaque, lookOfNamed, NAME_WORDS } from './looks.ts';

/** How a value ends, and how its escapes are undone. */
type Value = 'quoted' | 'number' | 'field' | 'bare' | 'line' | 'element';

/** How much a value must look like a secret: what is around it may be a program, or prose. */
type Doubt = 'none' | 'program' | 'prose';

/** One way to write a name and its value. */
interface Notation {
  /** What is between the name and the value; the last group is the quote of a quoted value. */
  between: RegExp;
  value: Value;
  doubt: Doubt;
  /** What the name must begin behind. */
  begins?: RegExp;
}

const QUOTE = String.raw`\\{0,40}["'${'`'}]`;
const SPACE = String.raw`\s{0,99}`;
const sticky = (pattern: string): RegExp => new RegExp(pattern, 'y');

const NOTATIONS: Notation[] = [
  // "name": "value", also as the first of a list; "name", "value": "value"
  { between: sticky(`${QUOTE}${SPACE}:${SPACE}\\[?${SPACE}(${QUOTE})`), value: 'quoted', doubt: 'none' },
  {
    between: sticky(`${QUOTE}${SPACE},${SPACE}(?:${QUOTE})?value(?:${QUOTE})?${SPACE}:${SPACE}(${QUOTE})`),
    value: 'quoted',
    doubt: 'none',
  },
  { between: sticky(`${QUOTE}${SPACE}:${SPACE}(?=\\d)`), value: 'number', doubt: 'none' },
  // set("name", "value"); o["name"] = "value"
  { between: sticky(`${QUOTE}[\\])]{0,2}${SPACE}(?:[=,]|=>)${SPACE}(${QUOTE})`), value: 'quoted', doubt: 'program' },
  // <input name="name" value="value">
  { between: /["'][^<>]{0,200}?\svalue=(["'])/y, value: 'quoted', doubt: 'none' },
  // name="name" and an empty line, in a multipart body (RFC 7578 section 4.2)
  {
    between: /"(?:;[^\r\n]{0,200})?(?:\r?\n[\w-]{1,40}:[^\r\n]{0,200}){0,3}\r?\n\r?\n/y,
    value: 'line',
    doubt: 'none',
    begins: /name="$/,
  },
  // name=value, in a form or a query
  { between: /\]?=(?=[^\s="'`])/y, value: 'field', doubt: 'none', begins: /(?:^|[&?#;.[\s"'`>])$/ },
  // name = "value"
  { between: sticky(`${SPACE}(?:=|:|=>)${SPACE}(${QUOTE})`), value: 'quoted', doubt: 'program' },
  // <name attribute="x">value</name>
  {
    between: /(?:\s[^<>]{0,300})?\s{0,9}>\s{0,9}(?:<!\[CDATA\[)?/y,
    value: 'element',
    doubt: 'none',
    begins: /<(?:[\w-]{1,40}:)?$/,
  },
  // name: value
  { between: /[ \t]{0,9}[:=][ \t]{1,9}/y, value: 'bare', doubt: 'prose' },
];
/** Headers whose whole line is the value. */
const HEADER: Notation = { between: /:[ \t]{0,9}/y, value: 'line', doubt: 'prose' };

const BARE = /[^\s"'`<>,;&\\(){}[\]]{1,9999}/y;
const ENDS: Record<Exclude<Value, 'quoted'>, RegExp> = {
  number: /\d{1,99}/y,
  field: BARE,
  bare: BARE,
  line: /[^\r\n]{1,9999}/y,
  element: /[^<>\]]{1,9999}/y,
};
/** A quoted value whose end is missing. */
const CUT_VALUE = /[^\s"'`\\<>]{1,9999}/y;
const MAX_LENGTH = 10_000;

/** A name and the value behind it. */
interface NamedValue {
  name: string;
  /** With its escapes undone. */
  value: string;
  start: number;
  end: number;
  doubt: Doubt;
}

const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at;
  return pattern.exec(text);
};

/** The place of the quote that ends a value: with as many backslashes as the one that begins it. */
function endOfQuoted(text: string, start: number, quote: string): number | undefined {
  const character = quote.charAt(quote.length - 1);
  for (
    let at = text.indexOf(character, start);
    at >= 0 && at - start <= MAX_LENGTH;
    at = text.indexOf(character, at + 1)
  ) {
    let backslashes = 0;
    while (at - backslashes > start && text[at - backslashes - 1] === '\\') backslashes++;
    if (backslashes === quote.length - 1) return at - backslashes;
    if (backslashes < quote.length - 1) return undefined;
  }
  return undefined;
}

/** Where a value ends that begins at a place. */
function endOfValue(text: string, start: number, kind: Value, quote: string): number {
  if (kind !== 'quoted') return start + (matchAt(ENDS[kind], text, start)?.[0].length ?? 0);
  return endOfQuoted(text, start, quote) ?? start + (matchAt(CUT_VALUE, text, start)?.[0].length ?? 0);
}

/** Undoes the escapes of JSON, however often they were escaped again. */
const withoutEscapes = (text: string): string =>
  text
    .replace(/\\+u00([\dA-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/\\+(["'`/\\])/g, '$1');

const decodePercent = (text: string): string => {
  try {
    return decodeURIComponent(text.replace(/\+/g, ' '));
  } catch {
    return text;
  }
};

const READ: Partial<Record<Value, (raw: string) => string>> = { quoted: withoutEscapes, field: decodePercent };

/** Whether what was read is not a value: a part of a program, or an element that holds others. */
function isOther(text: string, raw: string, end: number, { value, doubt }: Notation): boolean {
  const next = text.charAt(end);
  if (value === 'element') return !text.startsWith('</', end) && !text.startsWith(']]>', end);
  if (value === 'field' || value === 'bare') return isCode(raw) || next === '(' || next === '[';
  return doubt === 'program' && isCode(raw);
}

/** The value behind a name that ends at a place, in whichever notation. */
function readValue(text: string, name: string, start: number, end: number): NamedValue | undefined {
  const before = text.slice(Math.max(0, start - 50), start);
  const isHeader = isCookieName(name) || isAuthorizationName(name);
  for (const notation of isHeader ? [...NOTATIONS.slice(0, 3), HEADER] : NOTATIONS) {
    if (notation.begins && !notation.begins.test(before)) continue;
    const between = matchAt(notation.between, text, end);
    if (!between) continue;
    const [begin, quote = ''] = [end + between[0].length, between[1]];
    const stop = endOfValue(text, begin, notation.value, quote);
    const raw = text.slice(begin, stop);
    if (raw === '' || isOther(text, raw, stop, notation)) continue;
    const value = READ[notation.value]?.(raw) ?? raw;
    return { name, value, start: begin, end: stop, doubt: notation.doubt };
  }
  return undefined;
}

const REST_OF_NAME = /[\w-]{0,20}/y;
const MAX_NAME = 40;

/** Where the name begins of which a word is at a place. */
function startOfName(text: string, at: number): number {
  let start = at;
  while (start > 0 && at - start < MAX_NAME && /[\w-]/.test(text.charAt(start - 1))) start--;
  return start;
}

/** The values in a text whose names may be those of secrets. */
function* readNamedValues(text: string): Generator<NamedValue> {
  let done = 0;
  for (const { 0: word, index } of text.matchAll(NAME_WORDS)) {
    if (index < done) continue;
    const after = index + word.length;
    const end = after + (matchAt(REST_OF_NAME, text, after)?.[0].length ?? 0);
    const start = startOfName(text, index);
    const name = text.slice(start, end);
    const value = readValue(text, name, start, end);
    // A header is read to the end of its line once; in another value there may be further names.
    done = value && (isCookieName(name) || isAuthorizationName(name)) ? value.end : end;
    if (value) yield value;
  }
}

const IS_ENOUGH: Record<Doubt, (value: string) => boolean> = {
  none: () => true,
  program: isGuarded,
  prose: value => isOpaque(value) || (isGuarded(value) && value.length >= 8 && /\d/.test(value)),
};

/** Secrets in a text that their names give away. */
export function* findNamed(text: string): Generator<Found> {
  for (const { name, value, start, end, doubt } of readNamedValues(text)) {
    const raw = text.slice(start, end);
    if (isCookieName(name) || isAuthorizationName(name)) {
      for (const one of findInValue(name, raw, doubt === 'prose'))
        yield { ...one, start: start + one.start, end: start + one.end };
    } else if (IS_ENOUGH[doubt](value)) {
      for (const one of findInValue(name, value)) yield { ...one, start, end };
    }
  }
}

/**
 * The secrets in a value that has a name by itself, as a variable or a header; their places are those in the value.
 *
 * @param isProse whether the value may be prose
 */
export function* findInValue(name: string, value: string, isProse = false): Generator<Found> {
  if (isCookieName(name)) yield* findCookies(name, value);
  else if (isAuthorizationName(name)) yield* findAuthorization(value, isProse);
  else {
    const look = lookOfNamed(name, value);
    if (!look) return;
    const label = look.label === '[client_assertion]' ? toJwtLabel(value, 'client_assertion') : look.label;
    yield { kind: look.kind, label, start: 0, end: value.length, parts: [value.trim()] };
  }
}

/** What is behind the scheme of an Authorization header, or all of it where there is none (RFC 9110 section 11.4). */
function* findAuthorization(value: string, isProse: boolean): Generator<Found> {
  const [, before = '', scheme = '', credentials = ''] = /^(\s*(?:([\w-]+)\s+)?)(.*?)\s*$/s.exec(value) ?? [];
  if (credentials === '' || credentials.includes('{{') || (isProse && !/^\S{6,}$/.test(credentials))) return;
  const place = { start: before.length, end: before.length + credentials.length };
  const kind = scheme.toLowerCase();
  if (kind === 'basic') yield { kind: 'secret', label: '[password]', ...place, parts: partsOfBasic(credentials) };
  else {
    const label = kind === 'bearer' || kind === 'dpop' ? '[access_token]' : '[authorization]';
    yield { kind: 'token', label, ...place, parts: [credentials] };
  }
}

/** Name and password in Base64 with a colon between them (RFC 7617 section 2); a key may be in the place of the name. */
function partsOfBasic(credentials: string): string[] {
  const [name = '', password = ''] = Buffer.from(credentials, 'base64').toString().split(/:(.*)/s);
  return [credentials, password === '' ? name : password];
}

/** The values of cookies (RFC 6265 sections 4.1 and 4.2); of Set-Cookie only the first pair is one. */
function* findCookies(name: string, value: string): Generator<Found> {
  if (name === 'cookie value') {
    if (value !== '') yield { kind: 'secret', label: '[cookie]', start: 0, end: value.length, parts: [value] };
    return;
  }
  const pairs = [...value.matchAll(/(?:^|;)\s{0,9}[^=;\s]{1,200}=("?[^;\s"]{1,9999}"?)/g)];
  for (const { 0: all, 1: cookie = '', index } of /^set/i.test(name) ? pairs.slice(0, 1) : pairs) {
    const end = index + all.length;
    if (!cookie.includes('{{'))
      yield { kind: 'secret', label: '[cookie]', start: end - cookie.length, end, parts: [cookie] };
  }
}
