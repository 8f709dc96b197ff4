// The texts in a value, each with the name that says what it is: that of the member, of the pair of key and value, of the header or
// cookie. Pure, on the machine.

import { isGuarded, mayNameSecret } from './looks.ts';

/** The name of a text. */
export interface Name {
  text: string;
  /** Whether it is the key of a pair, as of a variable, a field or a header. */
  isPair: boolean;
}

type Values = Record<PropertyKey, unknown>;

/** The name of a member of an object; of `value` it is the key of the pair, or the name of the object around it. */
function nameOf(object: Values, member: PropertyKey, outer: Name | undefined): Name {
  if (member !== 'value') return { text: String(member), isPair: false };
  // RFC 6265 section 5.3: what a cookie has.
  if ('domain' in object && 'path' in object) return { text: 'cookie value', isPair: false };
  // Authorization by API key has the pairs "key" and "value".
  if (object.key === 'value') return { text: 'api_key', isPair: true };
  if (typeof object.key === 'string') return { text: object.key, isPair: true };
  if (typeof object.name === 'string') return { text: object.name, isPair: true };
  return outer ?? { text: 'value', isPair: false };
}

/** A name in front of its value in a list, as `console.log("password:", value)` has it. */
const nameBefore = (list: unknown[], at: number): Name | undefined => {
  const [before, value] = [list[at - 1], list[at]];
  if (typeof before !== 'string' || before.length > 60 || typeof value !== 'string' || !isGuarded(value))
    return undefined;
  return asName(before.replace(/[\s:=>]+$/, ''));
};

const asName = (text: unknown): Name | undefined =>
  typeof text === 'string' && mayNameSecret(text) ? { text, isPair: false } : undefined;

/** The members of an object, each with its name; those of a list have that of the list, or the text in front of them. */
export function* membersOf(
  object: object,
  name: Name | undefined,
): Generator<[member: PropertyKey, value: unknown, name: Name | undefined]> {
  const isList = Array.isArray(object);
  for (const member of Reflect.ownKeys(object)) {
    if (isList && member === 'length') continue;
    const its = isList ? (name ?? nameBefore(object, Number(member))) : nameOf(object as Values, member, name);
    yield [member, (object as Values)[member], its];
  }
}

/** So many bytes, one a member, are taken for text. */
const MIN_BYTES = 8;

/** Bytes as text: of a buffer, or of a list of numbers, as a response is when a script logs it. Undefined for all else. */
export function toBytes(value: object): Buffer | undefined {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  const isList = Array.isArray(value) && value.length >= MIN_BYTES;
  return isList && value.every(one => Number.isInteger(one) && one >= 0 && one < 256) ? Buffer.from(value) : undefined;
}

/** Objects whose inside members do not show, and which have no text of anybody. */
export const isOpaqueObject = (value: object): boolean => value instanceof Date || value instanceof RegExp;

/** Objects that were visited. */
export interface Visited {
  has(object: object): boolean;
  add(object: object): void;
}

/**
 * Visits each text in a value once, bytes as such, and each number as text.
 *
 * @param visited the objects that were visited before
 */
export function visitTexts(
  root: unknown,
  visit: (text: string | Buffer, name: Name | undefined) => void,
  visited: Visited = new Set(),
): void {
  // Not by recursion: what comes from a server may be nested deeper than the stack.
  const open: [value: unknown, name: Name | undefined][] = [[root, undefined]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [value, name] = next;
    if (typeof value === 'string') visit(value, name);
    else if (typeof value === 'number' || typeof value === 'bigint') visit(String(value), name);
    if (typeof value !== 'object' || value === null || visited.has(value)) continue;
    visited.add(value);
    const bytes = toBytes(value);
    if (bytes) visit(bytes, name);
    else if (!isOpaqueObject(value)) for (const [one, its] of valuesOf(value, name)) open.push([one, its]);
  }
}

/** The values in an object, each with its name. */
function* valuesOf(object: object, name: Name | undefined): Generator<[value: unknown, name: Name | undefined]> {
  if (object instanceof Map) for (const [key, value] of object) yield [value, asName(key)];
  if (object instanceof Map || object instanceof Set) for (const one of object.keys()) yield [one, undefined];
  for (const [, value, its] of membersOf(object, name)) yield [value, its];
}
