// The files that `init` writes: the environment, as JSON or as YAML for Postman v12, the config file, and lines of `.gitignore`. None
// holds a key. Pure, on the machine.

import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import type { Config } from '../client/config-file.ts';
import type { Answers } from './answers.ts';

/** The variables of a client, without its key. */
export function toVariables(answers: Answers): Record<string, string> {
  const { issuer, clientId, method, kid, resourceServerUrl, redirectUri } = answers;
  return {
    issuer,
    client_id: clientId,
    token_endpoint_auth_method: method,
    ...(kid !== undefined && { kid }),
    ...(method === 'private_key_jwt' && { client_assertion_audience: 'token_endpoint' }),
    ...(resourceServerUrl && { resource_server_url: resourceServerUrl }),
    ...(redirectUri && { redirect_uri: redirectUri }),
  };
}

/**
 * Writes an environment. In Postman the key is pasted into its secret variable, which is empty here.
 *
 * @param file its path, which says whether it is JSON, or YAML of Postman v12
 */
export function toEnvironmentText(answers: Answers, file: string): string {
  const variables = Object.entries(toVariables(answers)).map(([key, value]) => ({ key, value, type: 'default' }));
  const secret = answers.signingKey === undefined ? [] : [{ key: 'signing_key', value: '', type: 'secret' }];
  const values = [...variables, ...secret].map(one => ({ ...one, enabled: true }));
  if (!/\.ya?ml$/i.test(file)) {
    return toJson({ name: 'PayNet', values, _postman_variable_scope: 'environment' });
  }
  // A JSON string is a double-quoted scalar of YAML 1.2 (section 7.3.1).
  const toLines = (value: object) =>
    Object.entries(value).map(([name, one], at) => `${at === 0 ? '  - ' : '    '}${name}: ${JSON.stringify(one)}\n`);
  return `name: "PayNet"\nvalues:\n${values.flatMap(toLines).join('')}`;
}

/**
 * Writes the config file.
 *
 * @param file its path
 * @param environment path of the environment
 */
export function toConfigText(answers: Answers, environment: string, file: string): string {
  const { signingKey, sslClientCert, sslClientKey, sslExtraCaCerts } = answers;
  const paths: Config = {
    environment,
    ...(signingKey !== undefined && { signingKey }),
    sslClientCert,
    ...(sslClientKey !== undefined && { sslClientKey }),
    ...(sslExtraCaCerts !== undefined && { sslExtraCaCerts }),
  };
  const members = Object.entries(paths).map(([name, path]) => [name, toRelative(path, dirname(file))]);
  return toJson(Object.fromEntries(members));
}

/**
 * The lines that a `.gitignore` lacks for the files with private keys.
 *
 * @param text of the `.gitignore`
 * @param directory where it is
 */
export function findMissingIgnores(text: string, answers: Answers, directory: string): string[] {
  const { signingKey, sslClientCert, sslClientKey = sslClientCert } = answers;
  const lines = text.split(/\r?\n/);
  const patterns = [signingKey ?? [], sslClientKey].flat().flatMap(file => {
    const path = toRelative(file, directory);
    // A file of another directory is not in this repository, or has a .gitignore of its own.
    return isAbsolute(path) || path.startsWith('..') ? [] : [`/${path.replace(/[\\*?[ ]/g, '\\$&')}`];
  });
  return [...new Set(patterns)].filter(pattern => !lines.includes(pattern) && !lines.includes(pattern.slice(1)));
}

/** A path as seen from a directory, with "/"; an absolute one to elsewhere stays absolute. */
function toRelative(path: string, directory: string): string {
  const seen = relative(directory, resolve(path));
  return (isAbsolute(path) && seen.startsWith('..') ? path : seen).replaceAll(sep, '/');
}

const toJson = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
