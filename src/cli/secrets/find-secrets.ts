// Finds the secrets in a text, by their form and by the names before them, also where it is escaped or in Base64. Pure, on the
// machine.

import { bytesOf, findBase64Runs } from './base64-runs.ts';
import {
  type Found,
  findAgents,
  findCredentials,
  findDer,
  findJwkMembers,
  findJwts,
  findPems,
  findUserInfo,
} from './forms.ts';
import { isOrdinary, isPlaceholder, type SecretKind, worstOf } from './looks.ts';
import { findInValue, findNamed } from './named-values.ts';
import { toPlain } from './plain-text.ts';

/** A shorter text without a name and a value in it holds no secret. */
const MIN_LENGTH = 28;

/** Text of ASCII, at least at its beginning, perhaps behind a byte order mark. */
const TEXT = /^[ï»¿þÿ]{0,3}[\t\n\r -~]{16}/;

/** Secrets in a text as it is. */
function* findPlainly(text: string): Generator<Found> {
  yield* findPems(text);
  yield* findJwkMembers(text);
  yield* findNamed(text);
  yield* findCredentials(text);
  yield* findUserInfo(text);
  yield* findAgents(text);
  yield* findJwts(text);
}

/** Runs of Base64 that hold a secret, each as a whole. */
function* findInBase64(text: string): Generator<Found> {
  for (const run of findBase64Runs(text)) {
    const { start, end, base64 } = run;
    const key = findDer(run);
    if (key) yield { kind: 'private key', label: '[private_key]', start, end, parts: [], key };
    const decoded = bytesOf(base64);
    if (!TEXT.test(decoded)) continue;
    for (const found of findPlainly(decoded)) yield { ...found, start, end };
  }
}

/**
 * Finds the secrets in a text.
 *
 * @returns each with its place; places may overlap
 */
export function findSecrets(text: string): Found[] {
  if (text.length < MIN_LENGTH && !/[=:"'>]/.test(text)) return [];
  const found = [...findPlainly(text), ...findInBase64(text)];
  const plain = toPlain(text);
  if (!plain) return found;
  const more = [...findPlainly(plain.text), ...findInBase64(plain.text)].map(one => {
    const start = plain.toSource(one.start);
    return { ...one, start, end: plain.toSource(one.end) };
  });
  return [...found, ...more];
}

/** The worst that a text holds of secrets that are no placeholders. */
export function findSecret(text: string): SecretKind | undefined {
  return worstOf(findSecrets(text).map(({ parts, kind }) => (parts.some(isPlaceholder) ? undefined : kind)));
}

/** What the value of a variable, a field or a member is by its name, if it is a secret and neither placeholder nor plain words. */
export function judgeNamed(name: string, value: string): SecretKind | undefined {
  if (isPlaceholder(value)) return undefined;
  const kind = [...findInValue(name, value)][0]?.kind;
  return kind === 'token' && isOrdinary(name, value) ? undefined : kind;
}
