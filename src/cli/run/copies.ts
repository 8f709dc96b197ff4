// Copies of what Newman gives to reporters, in which each text is redacted. They are what the original is: prototypes, circles,
// hidden members and sizes are kept. On the machine.

import type { Name, Redaction } from '../secrets/redaction.ts';

type Values = Record<PropertyKey, unknown>;

/** Objects that were met before: those of the whole run, and those of the event at hand. */
export class Met<T> {
  readonly #own = new Map<object, T>();
  readonly #outer: Met<T> | undefined;

  constructor(outer?: Met<T>) {
    this.#outer = outer;
  }
  get(key: object): T | undefined {
    return this.#own.get(key) ?? this.#outer?.get(key);
  }
  set(key: object, value: T): void {
    this.#own.set(key, value);
  }
}

/** The name of a member of an object: of the value of a pair the key, of a cookie that it is one. */
function nameOf(object: Values, member: PropertyKey): Name {
  if (member === 'value') {
    if (typeof object.key === 'string') return { text: object.key, isPair: true };
    if (typeof object.name === 'string' && 'domain' in object) return { text: 'cookie', isPair: false };
  }
  return { text: String(member), isPair: false };
}

/** The members of an object that hold something of its own, each with its name; those of a list go by the name of the list. */
function* membersOf(
  object: object,
  name: Name | undefined,
): Generator<[member: PropertyKey, value: unknown, name?: Name]> {
  const values = object as Values;
  const isList = Array.isArray(object);
  for (const member of Reflect.ownKeys(object)) {
    if (isList && member === 'length') continue;
    const its = isList ? name : nameOf(values, member);
    yield [member, values[member], ...(its ? ([its] as const) : ([] as const))];
  }
}

const isBytes = (value: object): value is Uint8Array => value instanceof Uint8Array;
/** Bytes as a text in which each is one character. */
const toLatin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
/** Objects with an inside that members do not show, and without text of anybody. */
const isOpaque = (value: object): boolean =>
  value instanceof Date || value instanceof RegExp || ArrayBuffer.isView(value);

/** Lets the redaction learn from each text in a value. */
export function learnFrom(value: unknown, redaction: Pick<Redaction, 'learn'>, met: Met<true>, name?: Name): void {
  if (typeof value === 'string') redaction.learn(value, name);
  if (typeof value !== 'object' || value === null || met.get(value)) return;
  met.set(value, true);
  if (isBytes(value)) redaction.learn(toLatin1(value), name);
  if (isBytes(value) || isOpaque(value)) return;
  if (value instanceof Map || value instanceof Set) for (const inner of value) learnFrom(inner, redaction, met);
  for (const [, inner, its] of membersOf(value, name)) learnFrom(inner, redaction, met, its);
}

/** Copies anything, each text in it redacted. */
export function copyOf<T>(value: T, redaction: Pick<Redaction, 'redact'>, met: Met<unknown>, name?: Name): T {
  if (typeof value === 'string') return redaction.redact(value, name) as T;
  if (typeof value !== 'object' || value === null) return value;
  const before = met.get(value);
  if (before) return before as T;
  const copy = copyOfObject(value, redaction, met, name);
  met.set(value, copy);
  return copy as T;
}

function copyOfObject(value: object, redaction: Pick<Redaction, 'redact'>, met: Met<unknown>, name?: Name): object {
  if (isBytes(value)) {
    const text = toLatin1(value);
    const redacted = redaction.redact(text, name);
    return redacted === text ? value : Buffer.from(redacted, 'latin1');
  }
  if (isOpaque(value)) return value;
  if (value instanceof Map) return new Map([...value].map(pair => copyOf(pair, redaction, met)));
  if (value instanceof Set) return new Set([...value].map(one => copyOf(one, redaction, met)));
  const copy: object = Array.isArray(value) ? [] : Object.create(Object.getPrototypeOf(value));
  // It may hold itself.
  met.set(value, copy);
  const isPlain = Object.getPrototypeOf(value) === Object.prototype;
  for (const [member, inner, its] of membersOf(value, name)) {
    const { enumerable = false } = Object.getOwnPropertyDescriptor(value, member) as PropertyDescriptor;
    const own = { value: copyOf(inner, redaction, met, its), enumerable, writable: true, configurable: true };
    // Data of a collection may have a secret for a name.
    Object.defineProperty(copy, isPlain && typeof member === 'string' ? redaction.redact(member) : member, own);
  }
  keepSize(value, copy);
  return copy;
}

/** Takes what has become known as a secret since then out of a copy, in place; of a text or of bytes it gives new ones. */
export function redactAgain<T>(root: T, redaction: Pick<Redaction, 'redactKnown'>): T {
  const redactOne = (value: unknown): unknown => {
    if (typeof value === 'string') return redaction.redactKnown(value);
    if (typeof value !== 'object' || value === null || !isBytes(value)) return value;
    const text = toLatin1(value);
    const redacted = redaction.redactKnown(text);
    return redacted === text ? value : Buffer.from(redacted, 'latin1');
  };
  const whole = { root };
  const met = new Set<object>([whole]);
  for (const object of met) {
    if (isBytes(object) || isOpaque(object)) continue;
    for (const [member, value] of membersOf(object, undefined)) {
      const again = redactOne(value);
      if (again !== value) (object as Values)[member] = again;
      if (typeof again === 'object' && again !== null) met.add(again);
    }
  }
  return whole.root;
}

/** Requests and responses say how large they are, which the labels in them would change. */
function keepSize(value: object & { size?: unknown; headers?: unknown }, copy: object): void {
  if (typeof value.size !== 'function' || value.headers === undefined) return;
  const size: unknown = value.size();
  Object.defineProperty(copy, 'size', { value: () => size, enumerable: false, configurable: true });
}
