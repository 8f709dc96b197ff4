// Finds the signing keys of a run in all that its variables come from, and puts throw-away keys in their place before Newman gets
// them. On the machine.

import { resolveReferences } from '../client/environment.ts';
import { CommandError } from '../command.ts';
import type { LoadedOptions } from './newman.ts';
import { ThrowawayKeys } from './throwaway-keys.ts';

interface Variable {
  key: string;
  value: unknown;
}
type Scope = { all(): Variable[] };
type Row = Record<string, unknown>;

/** The scopes of a run without its data, the nearer one last. */
const scopesOf = ({ globals, collection, environment }: LoadedOptions): Scope[] =>
  [
    (globals as { values?: Scope }).values,
    (collection as { variables?: Scope }).variables,
    (environment as { values?: Scope }).values,
  ].filter(scope => scope !== undefined);

/** A value as the script reads it: a JWK may be an object. */
const toText = (value: unknown): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');

/** The texts of `signing_key` in all rows of data, references resolved. */
function signingKeysOf(options: LoadedOptions): Set<string> {
  const variables = new Map<string, unknown>();
  for (const scope of scopesOf(options)) for (const { key, value } of scope.all()) variables.set(key, value);
  const rows: Row[] = options.iterationData?.length ? options.iterationData : [{}];
  return new Set(
    rows.map(row => {
      const find = (name: string) => {
        const value = row[name] ?? variables.get(name);
        return value === undefined || value === null ? undefined : toText(value);
      };
      return resolveReferences(find('signing_key') ?? '', find);
    }),
  );
}

/**
 * Puts throw-away keys in the place of the signing keys, under whatever name and in whatever scope.
 *
 * @param learnKey is called with each real key and each throw-away key
 * @throws CommandError when a key is put together of several variables
 */
export async function replaceSigningKeys(
  options: LoadedOptions,
  learnKey: (text: string) => void,
): Promise<ThrowawayKeys> {
  const keys = new ThrowawayKeys();
  for (const text of signingKeysOf(options)) {
    await keys.add(text);
    for (const one of [text, keys.textFor(text) ?? '']) learnKey(one);
  }
  for (const scope of scopesOf(options)) {
    for (const variable of scope.all()) variable.value = keys.textFor(toText(variable.value)) ?? variable.value;
  }
  for (const row of options.iterationData ?? []) {
    for (const [name, value] of Object.entries(row)) row[name] = keys.textFor(toText(value)) ?? value;
  }
  for (const text of signingKeysOf(options)) {
    if (keys.textFor(text) === undefined) continue;
    const remedy = 'Put it into one variable, or give it with --signing-key <file>.';
    throw new CommandError(`"signing_key" must be one variable with the whole key, got several. ${remedy}`);
  }
  return keys;
}
