// Copies of what Newman gives to reporters, in which each text is redacted. They are what the original is: prototypes, circles,
// hidden members and sizes are kept. On the machine.

import { isOpaqueObject, membersOf, type Name, toBytes } from '../secrets/named-texts.ts';
import type { Redaction } from '../secrets/redaction.ts';
import { decode, encode, encodings } from '../secrets/text-of-bytes.ts';

/** Copies of objects that were met before: those of the whole run, and those of the event at hand. */
export class Copies {
  readonly #own = new Map<object, object>();
  readonly #outer: Copies | undefined;

  constructor(outer?: Copies) {
    this.#outer = outer;
  }
  get(original: object): object | undefined {
    return this.#own.get(original) ?? this.#outer?.get(original);
  }
  set(original: object, copy: object): void {
    this.#own.set(original, copy);
  }
}

/** A number with fewer digits is no secret. */
const MIN_NUMBER = 4;

type Redact = (text: string, name?: Name) => string;

/** Bytes without secrets; the same where there are none. */
function redactBytes(bytes: Buffer, redact: Redact, name: Name | undefined): Buffer {
  let redacted = bytes;
  for (const encoding of encodings(bytes)) {
    const text = decode(redacted, encoding);
    const without = redact(text, name);
    if (without !== text) redacted = encode(without, encoding);
  }
  return redacted;
}

/** Copies anything, each text in it redacted. */
export function copyOf<T>(value: T, redaction: Redaction, copies: Copies, name?: Name): T {
  const redact: Redact = (text, its) => redaction.redact(text, its);
  const copyOne = (one: unknown, its: Name | undefined): unknown => {
    if (typeof one === 'string') return redact(one, its);
    if (typeof one === 'number' || typeof one === 'bigint') {
      const text = String(one);
      const redacted = text.length < MIN_NUMBER ? text : redact(text, its);
      return redacted === text ? one : redacted;
    }
    if (typeof one !== 'object' || one === null) return one;
    const before = copies.get(one);
    if (before) return before;
    const copy = copyObject(one, its);
    copies.set(one, copy);
    return copy;
  };
  const copyObject = (object: object, its: Name | undefined): object => {
    const bytes = toBytes(object);
    if (bytes) return copyOfBytes(object, bytes, redactBytes(bytes, redact, its));
    if (isOpaqueObject(object)) return object;
    if (object instanceof Map)
      return new Map(
        [...object].map(([key, one]) => [copyOne(key, undefined), copyOne(one, { text: String(key), isPair: false })]),
      );
    if (object instanceof Set) return new Set([...object].map(one => copyOne(one, its)));
    const copy: object = Array.isArray(object) ? [] : Object.create(Object.getPrototypeOf(object));
    // It may hold itself.
    copies.set(object, copy);
    const isPlain = Object.getPrototypeOf(object) === Object.prototype;
    for (const [member, one, own] of membersOf(object, its)) {
      const { enumerable = false } = Object.getOwnPropertyDescriptor(object, member) as PropertyDescriptor;
      const value = { value: copyOne(one, own), enumerable, writable: true, configurable: true };
      // Data of a collection may have a secret for a name.
      Object.defineProperty(copy, isPlain && typeof member === 'string' ? redact(member) : member, value);
    }
    keepSize(object, copy);
    return copy;
  };
  return copyOne(value, name) as T;
}

function copyOfBytes(object: object, bytes: Buffer, redacted: Buffer): object {
  if (redacted === bytes) return object;
  if (Array.isArray(object)) return [...redacted];
  if (object instanceof ArrayBuffer) return Uint8Array.from(redacted).buffer;
  return redacted;
}

/** Takes what has become known as a secret since then out of a text, or out of a copy, in place. */
export function redactAgain<T>(root: T, redaction: Redaction): T {
  const redact: Redact = text => redaction.redactKnown(text);
  const redactOne = (value: unknown): unknown => {
    if (typeof value === 'string') return redact(value);
    const bytes = typeof value === 'object' && value !== null ? toBytes(value) : undefined;
    return bytes ? copyOfBytes(value as object, bytes, redactBytes(bytes, redact, undefined)) : value;
  };
  const whole = { root };
  const met = new Set<object>([whole]);
  for (const object of met) {
    if (Buffer.isBuffer(object) || isOpaqueObject(object) || Object.isFrozen(object)) continue;
    if (object instanceof Map) for (const [key, value] of object) object.set(key, redactOne(value));
    for (const [member, value] of membersOf(object, undefined)) {
      const again = redactOne(value);
      if (again !== value) Reflect.set(object, member, again);
      if (typeof again === 'object' && again !== null) met.add(again);
    }
  }
  return whole.root;
}

/** Requests and responses say how large they are, which the labels in them would change. */
function keepSize(object: object & { size?: unknown; headers?: unknown }, copy: object): void {
  if (typeof object.size !== 'function' || object.headers === undefined) return;
  const size: unknown = object.size();
  Object.defineProperty(copy, 'size', { value: () => size, enumerable: false, configurable: true });
}
