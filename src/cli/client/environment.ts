// The Postman environment: its file, its variables, and the references in them, resolved as Postman does. On the machine.

import type { ReadVariable } from '../../client-auth/settings.ts';
import { CommandError } from '../command.ts';
import { readText } from '../files.ts';

/** A variable of an environment, as it is in the file. */
export interface EnvironmentValue {
  key: string;
  value?: unknown;
  enabled?: boolean;
  type?: string;
}

/** A Postman environment, as it is in its file. */
export interface Environment {
  name: string;
  values: EnvironmentValue[];
}

/**
 * Reads the file of an environment, or of globals, which are alike.
 *
 * @throws CommandError when it can't be read, or is neither
 */
export async function readEnvironment(file: string): Promise<Environment> {
  const text = (await readText(file)).replace(/^\uFEFF/, '');
  let json: Partial<Environment> | null;
  try {
    json = JSON.parse(text);
  } catch {
    // The message of JSON.parse quotes the text, which may hold the key.
    throw new CommandError(`${file}: is not JSON. Export it from Postman again.`);
  }
  if (!Array.isArray(json?.values)) {
    const what = 'is neither a Postman environment nor globals: it has no "values"';
    throw new CommandError(`${file}: ${what}. Export one from Postman.`);
  }
  return { ...json, name: json.name ?? file, values: [...json.values] };
}

/** An environment with one variable added or replaced. */
export function withVariable(environment: Environment, key: string, value: string): Environment {
  const others = environment.values.filter(one => one.key !== key);
  const { type = 'default' } = environment.values.find(one => one.key === key) ?? {};
  return { ...environment, values: [...others, { key, value, enabled: true, type }] };
}

/** Makes a reader of the enabled variables of an environment; of several with one name the last counts, as in Postman. */
export function createReader({ values }: Environment): ReadVariable {
  const variables = new Map<string, string>();
  for (const { key, value, enabled } of values) {
    if (enabled === false || value === undefined || value === null) continue;
    variables.set(key, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  return name => resolveReferences(variables.get(name) ?? '', other => variables.get(other)).trim();
}

/** Postman too gives up after so many rounds, where variables refer to each other in a circle. */
const MAX_ROUNDS = 20;
/** A variable that holds itself twice is a million times as long after twenty rounds. */
const MAX_LENGTH = 1_000_000;

/**
 * Replaces each {{NAME}} by the value of the variable, and the references in that value too.
 *
 * @param find gives the value of a variable; a reference without a value stays as it is
 */
export function resolveReferences(template: string, find: (name: string) => string | undefined): string {
  let text = template;
  for (let round = 0; round < MAX_ROUNDS && text.includes('{{'); round++) {
    let { length } = text;
    text = text.replace(/\{\{([^{}]+)\}\}/g, (reference, name) => {
      const value = find(name) ?? reference;
      length += value.length;
      return length > MAX_LENGTH ? reference : value;
    });
  }
  return text;
}
