// Checks the variables of the client: each that is missing or wrong, and each whose name is written wrongly. Pure, on the machine.

import { ENDPOINT_NAMES } from '../../client-auth/authorization-server.ts';
import { ClientAuthError, toPlain } from '../../client-auth/errors.ts';
import { type ReadVariable, readSettings, type Settings } from '../../client-auth/settings.ts';
import type { Environment } from '../client/environment.ts';
import { failure, type Line, line } from './line.ts';

/** The settings, and which variables are at fault. */
export interface CheckedVariables {
  lines: Line[];
  /** With the default in place of each variable that is at fault. */
  settings: Settings;
  /** Names of the variables that are at fault. */
  atFault: ReadonlySet<string>;
}

/** The line for a config file that was used. */
export const describeConfig = (file: string): Line =>
  line('config_used', 'configuration', `the files are those of ${file}, where no option names another`);

/** Checks the settings of the client: a line for each variable that is at fault, or one for all. */
export function checkVariables(read: ReadVariable): CheckedVariables {
  const lines: Line[] = [];
  const replaced = new Map<string, string>();
  for (;;) {
    try {
      const settings = readSettings(name => replaced.get(name) ?? read(name));
      if (lines.length === 0) lines.push(line('variables_valid', 'variables', describeSettings(settings)));
      return { lines, settings, atFault: new Set(replaced.keys()) };
    } catch (error) {
      const name = error instanceof ClientAuthError ? error.variable : undefined;
      if (name === undefined || replaced.has(name)) throw error;
      lines.push(failure(name, error));
      // With a valid value in its place the other variables are read too.
      replaced.set(name, name === 'client_id' ? 'none' : '');
    }
  }
}

function describeSettings(settings: Settings): string {
  const existing = settings.replaces ? ', existing_client_authentication replace' : '';
  const who = `client_id ${toPlain(settings.clientId)}, ${settings.method}${existing}`;
  if (settings.method === 'tls_client_auth') return who;
  const { audience, typ, lifetime, clockOffset } = settings;
  const aud = audience.from === 'url' ? audience.url : audience.from;
  return `${who}, audience ${aud}${typ && `, typ ${typ}`}, lifetime ${lifetime} s, clock_offset ${clockOffset} s`;
}

/** All variables that can be set: those of the settings, those of the server, and those that only `check` reads. */
function listVariableNames(): Set<string> {
  const names = new Set<string>([...ENDPOINT_NAMES, 'issuer', 'jwks_uri', 'tls_client_auth_subject_dn']);
  readSettings(name => {
    names.add(name);
    return name === 'client_id' ? 'none' : '';
  });
  return names;
}

/**
 * Checks the rows of the variables: whitespace around a name is invisible in Postman, and no script finds the variable; a row
 * that is switched off is used all the same.
 */
export function checkVariableNames({ values }: Environment, read: ReadVariable): Line[] {
  const names = listVariableNames();
  return values.flatMap(({ key, enabled, disabled }, index) => {
    // The file may hold anything in place of a name.
    const name = String(key).trim();
    if (disabled === true || !names.has(name)) return [];
    if (name === key) {
      // An empty row is as good as none, and so is one before another with the name.
      const isLast = !values.slice(index + 1).some(other => other.key === key && other.disabled !== true);
      if (enabled !== false || !isLast || read(name) === '') return [];
      const message = `${name} is switched off in the environment; Newman and Postman CLI use it all the same. Delete the row.`;
      return [line('variable_switched_off', name, message)];
    }
    const got = `got ${JSON.stringify(key)}, with whitespace. Write it without.`;
    // Only the variable with the right name is used, if there is one.
    const code = read(name) === '' ? 'variable_name_whitespace' : 'variable_name_whitespace_unused';
    return [line(code, 'variable name', `"${name}" must be the name of the variable, ${got}`)];
  });
}
