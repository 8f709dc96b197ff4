// Takes secrets out of the texts of a run: what is found in a text is remembered, and taken out of every text after it, whole or
// in pieces, escaped or in Base64. On the machine.

import { findBase64Runs } from './base64-runs.ts';
import { Dictionary } from './dictionary.ts';
import { findSecrets } from './find-secrets.ts';
import type { Found } from './forms.ts';
import { findInValue } from './named-values.ts';
import { toPlain } from './plain-text.ts';
import { secretPartsOf } from './private-key.ts';

/** Where it cannot be said which secret it is: assertions of one key begin alike. */
const UNKNOWN = '[secret]';

/** Texts of so many characters are searched for long rows of numbers, which hold no secret. */
const LARGE = 1_000_000;
const NUMBERS = /[\d,\s]{1000,100000}/g;

interface Place {
  start: number;
  end: number;
  label: string | undefined;
}

/** The name that a text has: that of a member, or the key of a pair of key and value. */
export interface Name {
  text: string;
  isPair: boolean;
}

/** Remembers the secrets of a run and takes them out of its texts. */
export class Redaction {
  readonly #known = new Dictionary();
  /** The secret parts of each private key that was met. */
  readonly #keys = new Map<string, string[]>();
  /** The last value of each variable. */
  readonly #last = new Map<string, string>();
  /** Values of the variables of type "secret", by name: they may be too short or too plain to be known anywhere else. */
  readonly #declared = new Map<string, Set<string>>();

  /** Remembers the signing key of the run, in every form. */
  addSigningKey(text: string): void {
    for (const part of this.#partsOf(text)) this.#known.add(part, '[signing_key]');
  }

  /** Remembers that a variable is of type "secret". */
  declareSecret(name: string): void {
    if (!this.#declared.has(name)) this.#declared.set(name, new Set());
  }

  /** Remembers what a text holds, or is by its name. */
  learn(text: string, name?: Name): void {
    // Most variables are the same after a script as before it.
    if (name?.isPair && this.#last.get(name.text) === text) return;
    if (name?.isPair) this.#last.set(name.text, text);
    if (name?.isPair && !isReference(text)) this.#declared.get(name.text)?.add(text);
    for (const { parts, key, label } of this.#find(text, name)) {
      for (const part of [...parts, ...this.#partsOf(key)]) this.#known.add(part, label);
    }
  }

  /** The text without its own secrets and those that were learnt before. */
  redact(text: string, name?: Name): string {
    const found = this.#find(text, name).map(one => (one.isNumber ? { ...one, label: `"${one.label}"` } : one));
    return replace(text, [...found, ...this.#findKnown(text)]);
  }

  /** The text without the secrets that were learnt before. */
  redactKnown(text: string): string {
    if (text.length < LARGE) return replace(text, this.#findKnown(text));
    // A JSON report of large answers is nearly all numbers, each byte one.
    const parts: string[] = [];
    let done = 0;
    for (const { 0: numbers, index } of text.matchAll(NUMBERS)) {
      const part = text.slice(done, index);
      parts.push(replace(part, this.#findKnown(part)), numbers);
      done = index + numbers.length;
    }
    const rest = text.slice(done);
    return parts.join('') + replace(rest, this.#findKnown(rest));
  }

  #findKnown(text: string): Place[] {
    const places: Place[] = this.#known.findPieces(text);
    const plain = toPlain(text);
    if (plain) {
      for (const { start, end, label } of this.#known.findPieces(plain.text))
        places.push({ start: plain.toSource(start), end: plain.toSource(end), label });
    }
    for (const { start, end, base64 } of findBase64Runs(text)) {
      if (this.#isInBase64(base64)) places.push({ start, end, label: undefined });
    }
    return places;
  }

  #find(text: string, name: Name | undefined): Found[] {
    if (text === '') return [];
    const found = name ? [...findInValue(name.text, text)] : [];
    if (name && found.length === 0 && this.#declared.get(name.text)?.has(text)) {
      found.push({ kind: 'secret', label: UNKNOWN, start: 0, end: text.length, parts: [text.trim()] });
    }
    // A secret keeps the label under which it was met first.
    return [...found, ...findSecrets(text)].map(one => {
      const parts = [...one.parts, ...this.#partsOf(one.key)];
      const label = parts.map(part => this.#known.labelOf(part)).find(known => known !== undefined);
      return label === undefined ? one : { ...one, label };
    });
  }

  /** The secret parts of a key, read once. */
  #partsOf(key: string | undefined): string[] {
    if (key === undefined) return [];
    const parts = this.#keys.get(key) ?? secretPartsOf(key);
    this.#keys.set(key, parts);
    return parts;
  }

  /** Whether Base64 holds a piece of a secret; where it does not begin with it, it is out of step by up to three characters. */
  #isInBase64(base64: string): boolean {
    return [0, 1, 2, 3].some(
      offset => this.#known.findPieces(Buffer.from(base64.slice(offset), 'base64').toString('latin1')).length > 0,
    );
  }
}

const isReference = (text: string): boolean => /^\s*\{\{[^{}]*\}\}\s*$/.test(text);

/** Writes labels in the place of secrets; of places that overlap, the one that holds the others says which it is. */
function replace(text: string, places: Place[]): string {
  if (places.length === 0) return text;
  places.sort((a, b) => a.start - b.start || b.end - a.end);
  const parts: string[] = [];
  let done = 0;
  for (let index = 0; index < places.length; ) {
    const first = places[index] as Place;
    let { end, label } = first;
    for (index++; index < places.length; index++) {
      const next = places[index] as Place;
      if (next.start >= end) break;
      if (next.start === first.start && next.end === end) label ??= next.label;
      else if (next.end > end) [end, label] = [next.end, next.label === label ? label : undefined];
    }
    parts.push(text.slice(done, first.start), label ?? UNKNOWN);
    done = end;
  }
  return parts.join('') + text.slice(done);
}
