// The Postman environment: its file, its variables, and the references in them, resolved as Postman does. On the machine.

import { ClientAuthError } from '../../client-auth/errors.ts';
import type { ReadVariable } from '../../client-auth/settings.ts';
import { CommandError } from '../command.ts';
import { inFile, readText } from '../files.ts';
import { parseYaml } from './yaml-text.ts';

/** A variable of an environment, as it is in the file. */
export interface EnvironmentValue {
  key: string;
  value?: unknown;
  /** Whether it is switched on in Postman. Newman and Postman CLI use it all the same. */
  enabled?: boolean;
  /** Newman and Postman CLI use no such row. */
  disabled?: boolean;
  type?: string;
  /** Postman v12 has the value of such a variable elsewhere, in the vault that `source` names. */
  secret?: boolean;
}

/** A Postman environment, as it is in its file. */
export interface Environment {
  name: string;
  values: EnvironmentValue[];
}

/**
 * Reads the file of an environment, or of globals, which are alike: JSON, or YAML as Postman v12 stores it.
 *
 * @throws CommandError when it can't be read, or is neither
 */
export async function readEnvironment(file: string): Promise<Environment> {
  const text = (await readText(file)).replace(/^\uFEFF/, '');
  const parsed = (/\.ya?ml$/.test(file) ? readYaml(text, file) : readJson(text, file)) as Partial<Environment> | null;
  if (!Array.isArray(parsed?.values)) {
    const what = 'is neither a Postman environment nor globals: it has no "values"';
    throw new CommandError(`${file}: ${what}. Export one from Postman.`);
  }
  const values = parsed.values.map(one => (one?.secret === true ? { ...one, type: 'secret' } : one));
  return { ...parsed, name: parsed.name ?? file, values };
}

function readJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The message of JSON.parse quotes the text, which may hold the key.
    throw new CommandError(`${file}: is not JSON. Export it from Postman again.`);
  }
}

const readYaml = (text: string, file: string): unknown => inFile(file, () => parseYaml(text).value);

/** What is said of each secure variable whose value is not in the file. */
export const listSecureWithoutValue = ({ values }: Environment): { name: string; message: string }[] =>
  values
    .filter(
      ({ secret, value, enabled, disabled }) =>
        secret === true && enabled !== false && disabled !== true && (value ?? '') === '',
    )
    .map(({ key: name }) => {
      const remedy = name === 'signing_key' ? '--signing-key' : '--env-var';
      const where = 'is a secure variable; its value is not in the file';
      return { name, message: `"${name}" ${where}. Give it with ${remedy}.` };
    });

/** An environment with one variable added or replaced. */
export function withVariable(environment: Environment, key: string, value: string): Environment {
  const others = environment.values.filter(one => one.key !== key);
  const { type = 'default' } = environment.values.find(one => one.key === key) ?? {};
  return { ...environment, values: [...others, { key, value, enabled: true, type }] };
}

/**
 * Makes a reader of the variables of an environment that hosts use; of several with one name the last counts, as in Postman.
 *
 * @returns a reader that throws ClientAuthError `variable_missing` for a secure variable without a value
 */
export function createReader(environment: Environment): ReadVariable {
  const { values } = environment;
  const secure = new Map(listSecureWithoutValue(environment).map(({ name, message }) => [name, message]));
  const variables = new Map<string, string>();
  for (const { key, value, disabled } of values) {
    if (disabled === true || value === undefined || value === null) continue;
    variables.set(key, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  const find = (name: string) => {
    const value = variables.get(name);
    const message = secure.get(name);
    if (!value && message) throw new ClientAuthError('variable_missing', message, name);
    return value;
  };
  return name => resolveReferences(find(name) ?? '', find).trim();
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
    text = text.replace(/\{\{([^{}]*)\}\}/g, (reference, name) => {
      const value = find(name) ?? reference;
      length += value.length;
      return length > MAX_LENGTH ? reference : value;
    });
  }
  return text;
}
