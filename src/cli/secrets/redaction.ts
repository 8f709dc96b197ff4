// Takes secrets out of the texts of a run: what is found in a text is remembered, and taken out of every text after it, whole or
// in pieces, escaped or in Base64. On the machine.

import { bytesOf, findBase64Runs } from './base64-runs.ts';
import { Dictionary } from './dictionary.ts';
import { findSecrets } from './find-secrets.ts';
import type { Found } from './forms.ts';
import { isDistinctive, mayNameSecret } from './looks.ts';
import { type Name, visitTexts } from './named-texts.ts';
import { findInValue } from './named-values.ts';
import { findNumberRuns } from './number-runs.ts';
import { toPlain } from './plain-text.ts';
import { secretPartsOf } from './private-key.ts';
import { decode, encodings } from './text-of-bytes.ts';

/** Where it cannot be said which secret it is: assertions of one key begin alike. */
const UNKNOWN = '[secret]';

/** A text beyond this is a JSON report of large answers: nearly all numbers, bytes that were searched before. */
const LARGE = 1_000_000;
const NUMBERS = /[\d,\s]{1000,100000}/g;

/** JSON beyond this is searched as text alone. */
const MAX_JSON = 10_000_000;
/** Keys beyond this are not read: each takes time, and a text may be made of thousands that are none. */
const MAX_KEYS = 200;
/** The value of a variable or a field that is made of words is searched for in other texts if it is as long. */
const IS_LONG = /^(?:.{12,}|(?=.*\d).{8,})$/s;

interface Place {
  start: number;
  end: number;
  label: string | undefined;
}

/** Remembers the secrets of a run and takes them out of its texts. */
export class Redaction {
  readonly #known = new Dictionary();
  /** The secret parts of each private key that was met. */
  readonly #keys = new Map<string, string[]>();
  /** The last value of each variable. */
  readonly #last = new Map<string, string>();
  /** Values of the variables of type "secret", by name: they may be too short to be known anywhere else. */
  readonly #declared = new Map<string, Set<string>>();

  /** Remembers a signing key of the run, in every form. */
  addSigningKey(text: string): void {
    for (const part of secretPartsOf(text)) this.#known.add(part, '[signing_key]');
  }

  /** Remembers that a variable is of type "secret". */
  declareSecret(name: string): void {
    if (!this.#declared.has(name)) this.#declared.set(name, new Set());
  }

  /** Remembers what a text or bytes hold, or are by their name. */
  learn(text: string | Buffer, name?: Name): void {
    if (typeof text !== 'string') {
      for (const encoding of encodings(text)) this.learn(decode(text, encoding), name);
      return;
    }
    if (name?.isPair) {
      // Most variables are the same after a script as before it.
      if (this.#last.get(name.text) === text) return;
      this.#last.set(name.text, text);
      if (!isReference(text)) this.#declared.get(name.text)?.add(text);
    }
    for (const one of this.#find(text, name)) this.#remember(one, name);
    if (/^\s*[{[]/.test(text) && text.length < MAX_JSON && mayNameSecret(text)) this.#learnJson(text);
  }

  /** The text without its own secrets and those that were learnt before. */
  redact(text: string, name?: Name): string {
    const found: Place[] = this.#find(text, name).map(one => ({ ...one, label: this.#labelOf(one) }));
    return replace(text, [...found, ...this.#findKnown(text)]);
  }

  /** The text without the secrets that were learnt before. */
  redactKnown(text: string): string {
    if (text.length < LARGE) return replace(text, this.#findKnown(text));
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

  /** Names in JSON say what the texts in lists and objects below them are, also where they are behind their values. */
  #learnJson(text: string): void {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return;
    }
    const visit = (inner: string | Buffer, name: Name | undefined): void => {
      if (typeof inner !== 'string' || !name || !mayNameSecret(name.text)) return;
      for (const one of findInValue(name.text, inner)) this.#remember(one, undefined);
    };
    // What was parsed does not hold itself.
    visitTexts(value, visit, { has: () => false, add: () => undefined });
  }

  #find(text: string, name: Name | undefined): Found[] {
    if (text === '') return [];
    const found = name && mayNameSecret(name.text) ? [...findInValue(name.text, text)] : [];
    if (name && found.length === 0 && this.#declared.get(name.text)?.has(text)) {
      found.push({ kind: 'secret', label: UNKNOWN, start: 0, end: text.length, parts: [text.trim()] });
    }
    return [...found, ...findSecrets(text)];
  }

  #remember({ parts, key, label, kind }: Found, name: Name | undefined): void {
    const isDeclared = name !== undefined && this.#declared.has(name.text);
    for (const part of [...parts, ...this.#partsOf(key)]) {
      const isLong = kind === 'secret' && label !== '[cookie]' && name?.isPair && IS_LONG.test(part);
      if (isDeclared || isLong || isDistinctive(part)) this.#known.add(part, label);
    }
  }

  /** A secret keeps the label under which it was met first. */
  #labelOf({ parts, key, label }: Found): string {
    const all = [...parts, ...this.#partsOf(key)];
    return all.map(part => this.#known.labelOf(part)).find(known => known !== undefined) ?? label;
  }

  /** The secret parts of a key, read once. */
  #partsOf(key: string | undefined): string[] {
    if (key === undefined) return [];
    const known = this.#keys.get(key);
    if (known || this.#keys.size >= MAX_KEYS) return known ?? [];
    const parts = secretPartsOf(key);
    this.#keys.set(key, parts);
    return parts;
  }

  #findKnown(text: string): Place[] {
    const places: Place[] = this.#findPlainly(text);
    for (const { start, end, bytes } of findNumberRuns(text)) {
      const inner = bytes.toString('latin1');
      const redacted = replace(inner, this.#findPlainly(inner));
      // As numbers, so that what holds them stays JSON.
      if (redacted !== inner) places.push({ start, end, label: [...Buffer.from(redacted, 'latin1')].join(',') });
    }
    return places;
  }

  #findPlainly(text: string): Place[] {
    const places: Place[] = this.#known.findPieces(text);
    const plain = toPlain(text);
    for (const { start, end, label } of plain ? this.#known.findPieces(plain.text) : []) {
      places.push({ start: plain?.toSource(start) ?? 0, end: plain?.toSource(end) ?? 0, label });
    }
    for (const { start, end, base64 } of findBase64Runs(text)) {
      if (this.#isInBase64(base64)) places.push({ start, end, label: undefined });
    }
    return places;
  }

  /** Whether Base64 holds a piece of a secret; the text in it may begin up to three characters later. */
  #isInBase64(base64: string): boolean {
    return [0, 1, 2, 3].some(offset => this.#known.findPieces(bytesOf(base64.slice(offset))).length > 0);
  }
}

const isReference = (text: string): boolean => /^\s*\{\{[^{}]*\}\}\s*$/.test(text);

/** The quote that a label needs in the place of a number of JSON: that of the key before it, escaped as it is there. */
function quoteOf(text: string, start: number, end: number): string {
  if (!/^\d+$/.test(text.slice(start, end))) return '';
  const [before, after] = [text.slice(Math.max(0, start - 100), start), text.slice(end, end + 100)];
  const plain = toPlain(before) ?? { text: before, toSource: (at: number) => at };
  const key = /(\\{0,40}["'`])\s{0,99}:\s{0,99}$/.exec(plain.text);
  if (!key?.[1]) return /[:,[]\s{0,99}$/.test(before) && /^\s{0,99}[,}\]]/.test(after) ? '"' : '';
  // In ":8080" the number is in a string.
  if (/^\\{0,40}["'`]/.test(toPlain(after)?.text ?? after)) return '';
  return before.slice(plain.toSource(key.index), plain.toSource(key.index + key[1].length));
}

/** A private key as PEM, whatever is between its lines. */
const FRAME = /-----BEGIN[A-Z +]{1,30}KEY-----(?:(?!-----BEGIN)[\s\S]){1,20000}?-----END[A-Z +]{1,30}KEY-----/g;

/** The first and last line of a key go with what is taken out between them. */
function findFrames(text: string, places: Place[]): Place[] {
  if (!/PRIVATE[ +]KEY-----/.test(text)) return [];
  return [...text.matchAll(FRAME)].flatMap(({ 0: frame, index: start }) => {
    const end = start + frame.length;
    const inner = /^-----BEGIN[^-]*PRIVATE/.test(frame) && places.find(one => one.start >= start && one.end <= end);
    return inner ? [{ start, end, label: inner.label }] : [];
  });
}

/** Writes labels in the place of secrets; of places that overlap, the one that holds the others says which it is. */
function replace(text: string, secrets: Place[]): string {
  if (secrets.length === 0) return text;
  const places = [...secrets, ...findFrames(text, secrets)];
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
    const written = label ?? UNKNOWN;
    const quote = quoteOf(text, first.start, end);
    parts.push(text.slice(done, first.start), quote + written + quote);
    done = end;
  }
  return parts.join('') + text.slice(done);
}
