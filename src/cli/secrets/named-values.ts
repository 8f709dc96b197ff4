// Values in a text with the name of a secret before them: members of JSON, assignments of a program, fields of a form or a
// query, headers, elements of XML and inputs of HTML. Pure, on the machine; bounded as forms.ts says.

import { type Found, toJwtLabel } from './forms.ts';
import { isAuthorizationName, isCode, isCookieName, isGuarded, isOpaque, lookOfNamed, NAME_WORDS } from './looks.ts';

/** A name and the value behind it. */
interface NamedValue {
  name: string;
  /** With its escapes undone. */
  value: string;
  start: number;
  end: number;
  /** How much it must look like a secret: what is around it may be a program, or prose. */
  mustBe: 'any' | 'guarded' | 'opaque';
  isNumber?: boolean;
}

/** The rest of a name behind one of its words. */
const REST_OF_NAME = /[\w-]{0,20}/y;
/** The quote behind a name, what follows it up to the value, and the quote before the value. */
const MEMBER =
  /(\\{0,40}["'`])[\])]{0,2}\s{0,9}[:=,]\s{0,9}(?:\\{0,40}["'`]?value\\{0,40}["'`]?\s{0,9}:\s{0,9})?(\\{0,40}["'`]?)/y;
/** The same without quotes around the name. */
const ASSIGNMENT = /\s{0,9}(?:[:=]|,\s{0,9}value\s{0,9}:)\s{0,9}(\\{0,40}["'`])/y;
const FIELD = /=(?=[^\s=])/y;
const HEADER = /:[ \t]{1,9}/y;
const ELEMENT = /\s{0,9}>\s{0,9}(?:<!\[CDATA\[)?/y;
const INPUT = /(["'])[^<>]{0,200}?\svalue=(["'])/y;

const BARE_VALUE = /[^\s"'`<>,;&\\(){}[\]]{1,9999}/y;
const ELEMENT_VALUE = /[^\s<>\]]{1,9999}/y;
const CUT_VALUE = /[^\s"'`\\<>]{1,9999}/y;
const LINE = /[^\r\n]{1,9999}/y;
const MAX_LENGTH = 10_000;

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

const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at;
  return pattern.exec(text);
};

/** Escapes of JSON, however often they were escaped again. */
const withoutEscapes = (text: string): string =>
  text
    .replace(/\\+u00([\dA-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/\\+(["'`/\\])/g, '$1');

const decodePercent = (text: string): string =>
  text.replace(/%([\dA-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));

/** What is quoted, or up to the next space where the end of the text is missing. */
function readQuoted(text: string, start: number, quote: string): { value: string; end: number } {
  const end = endOfQuoted(text, start, quote) ?? matchAt(CUT_VALUE, text, start)?.[0].length;
  if (end === undefined) return { value: '', end: start };
  const stop = endOfQuoted(text, start, quote) === undefined ? start + end : end;
  return { value: withoutEscapes(text.slice(start, stop)), end: stop };
}

/** The value behind a name that ends at a place, in whatever notation. */
function readValue(
  text: string,
  name: string,
  at: number,
  isFieldStart: boolean,
): Omit<NamedValue, 'name'> | undefined {
  const member = matchAt(MEMBER, text, at);
  if (member) {
    const [all, quote = '', opening = ''] = member;
    const start = at + all.length;
    const isJson = all.slice(quote.length).includes(':');
    if (opening !== '') return { start, ...readQuoted(text, start, opening), mustBe: isJson ? 'any' : 'guarded' };
    const value = matchAt(BARE_VALUE, text, start)?.[0] ?? '';
    // A number of JSON; anything else without quotes is a program.
    return isJson && /^\d+$/.test(value)
      ? { start, value, end: start + value.length, mustBe: 'any', isNumber: true }
      : undefined;
  }
  const input = matchAt(INPUT, text, at);
  if (input) {
    const start = at + input[0].length;
    return { start, ...readQuoted(text, start, input[2] as string), mustBe: 'any' };
  }
  const field = isFieldStart ? matchAt(FIELD, text, at) : null;
  if (field && !/["'`]/.test(text.charAt(at + 1))) {
    const start = at + 1;
    const raw = matchAt(BARE_VALUE, text, start)?.[0] ?? '';
    const next = text.charAt(start + raw.length);
    if (isCode(raw) || next === '(' || next === '[') return undefined;
    return { start, value: decodePercent(raw), end: start + raw.length, mustBe: 'any' };
  }
  const assignment = matchAt(ASSIGNMENT, text, at);
  if (assignment) {
    const start = at + assignment[0].length;
    const { value, end } = readQuoted(text, start, assignment[1] as string);
    // Code between two strings of a program.
    return isCode(value) ? undefined : { start, value, end, mustBe: 'guarded' };
  }
  const element = matchAt(ELEMENT, text, at);
  if (element) {
    const start = at + element[0].length;
    const value = matchAt(ELEMENT_VALUE, text, start)?.[0] ?? '';
    return text.startsWith('</', start + value.length) || text.startsWith(']]>', start + value.length)
      ? { start, value, end: start + value.length, mustBe: 'any' }
      : undefined;
  }
  const header = matchAt(HEADER, text, at);
  if (!header) return undefined;
  const start = at + header[0].length;
  const value = matchAt(isCookieName(name) ? LINE : BARE_VALUE, text, start)?.[0] ?? '';
  return { start, value, end: start + value.length, mustBe: 'opaque' };
}

/** What a field of a form or a query begins behind. */
const FIELD_STARTS = '&?#; \t\r\n"\'`>';
const MAX_NAME = 40;

/** Where the name begins of which a word is at a place. */
function startOfName(text: string, at: number): number {
  let start = at;
  while (start > 0 && at - start < MAX_NAME && /[\w-]/.test(text.charAt(start - 1))) start--;
  return start;
}

/** The values in a text whose names are those of secrets. */
function* readNamedValues(text: string): Generator<NamedValue> {
  let done = 0;
  for (const { 0: word, index } of text.matchAll(NAME_WORDS)) {
    if (index < done) continue;
    const after = index + word.length;
    const end = after + (matchAt(REST_OF_NAME, text, after)?.[0].length ?? 0);
    const begin = startOfName(text, index);
    const name = text.slice(begin, end);
    const isFieldStart = begin === 0 || FIELD_STARTS.includes(text.charAt(begin - 1));
    const value = readValue(text, name, end, isFieldStart);
    if (!value || value.value === '') continue;
    yield { name, ...value };
    done = end;
  }
}

const IS = { any: () => true, guarded: isGuarded, opaque: isOpaque };

/** Secrets that their names give away. */
export function* findNamed(text: string): Generator<Found> {
  for (const { name, value, start, end, mustBe, isNumber = false } of readNamedValues(text)) {
    if (isCookieName(name)) {
      for (const one of findInValue(name, text.slice(start, end)))
        yield { ...one, start: start + one.start, end: start + one.end };
    } else if (IS[mustBe](value)) {
      // A value that its name gives away is one as a whole.
      for (const one of findInValue(name, value)) yield { ...one, start, end, isNumber };
    }
  }
}

/** The secrets in a value that is there by itself under a name, in a variable or a header; places are those in the value. */
export function* findInValue(name: string, value: string): Generator<Found> {
  if (isCookieName(name)) {
    yield* findCookies(value, /^set/i.test(name));
    return;
  }
  if (isAuthorizationName(name)) {
    // What has a scheme is found by that.
    if (!/^\s*\S+\s+\S/.test(value) && isOpaque(value)) {
      yield { kind: 'token', label: '[authorization]', start: 0, end: value.length, parts: [value.trim()] };
    }
    return;
  }
  const look = lookOfNamed(name, value);
  if (!look) return;
  const label = look.label === '[client_assertion]' ? toJwtLabel(value, 'client_assertion') : look.label;
  yield { ...look, label, start: 0, end: value.length, parts: [value.trim()] };
}

/** The values of cookies (RFC 6265 sections 4.1 and 4.2); of Set-Cookie only the first pair is one. */
function* findCookies(value: string, isSet: boolean): Generator<Found> {
  const pairs = [...value.matchAll(/(?:^|;)\s{0,9}[^=;\s]{1,200}=("?[^;\s"]{1,9999}"?)/g)];
  for (const { 0: all, 1: cookie = '', index } of isSet ? pairs.slice(0, 1) : pairs) {
    const end = index + all.length;
    if (!cookie.includes('{{'))
      yield { kind: 'secret', label: '[cookie]', start: end - cookie.length, end, parts: [cookie] };
  }
}
