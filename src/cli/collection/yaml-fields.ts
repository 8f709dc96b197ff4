// The fields of a v12 file as the collection format v2.1 has them: texts, and lists of pairs in both of their spellings. Pure, on
// the machine.

import { CommandError } from '../command.ts';
import { isObject, type Json } from './findings.ts';

/** A member of a list of v2.1: a header, a parameter, a variable, a field of a form. */
export type Pair = Json & { key: string; value: string | null };

const shapeOf = (value: unknown): string => {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return isObject(value) ? 'a map' : `a ${typeof value === 'string' ? 'text' : typeof value}`;
};

/** The error of a field that is of another kind; it names the file where it is caught. */
export const mustBe = (field: string, expected: string, value: unknown): CommandError =>
  new CommandError(`"${field}" must be ${expected}, got ${shapeOf(value)}. Correct it.`);

/** A text; a number or boolean is what stands there. */
export function toText(value: unknown, field: string): string {
  if (value === undefined || value === null) return '';
  if (isObject(value)) throw mustBe(field, 'text', value);
  return String(value);
}

/** A map; empty where the field is missing. */
export function toMap(value: unknown, field: string): Json {
  if (value === undefined || value === null) return {};
  if (!isObject(value) || Array.isArray(value)) throw mustBe(field, 'a map', value);
  return value;
}

/** Entries of a list; empty where the field is missing. */
export function toList(value: unknown, field: string): unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw mustBe(field, 'a list', value);
  return value;
}

/**
 * Pairs of a map `{scope: accounts}`, as the app writes it, or of a list `[{key: scope, value: accounts}]`, as generators do. All
 * members of an entry are kept.
 *
 * @throws CommandError when it is neither
 */
export function toPairs(value: unknown, field: string): Pair[] {
  if (value === undefined || value === null) return [];
  if (!isObject(value)) throw mustBe(field, 'a map or a list of {key, value}', value);
  const entries: unknown[] = Array.isArray(value)
    ? value
    : Object.entries(value).map(([key, one]) => ({ key, value: one }));
  return entries.map((entry, index) => {
    const where = Array.isArray(value) ? `${field}[${index}]` : field;
    const pair = toMap(entry, where);
    const text = pair.value === undefined || pair.value === null ? null : toText(pair.value, `${where}.value`);
    return { ...pair, key: toText(pair.key, `${where}.key`), value: text };
  });
}

/** Where the value of a missing text is the empty one. */
export const withText = (pair: Pair): Pair => ({ ...pair, value: pair.value ?? '' });
