// The options of `run` as Newman has them: those that are passed on, those of reporters, and what must not be written over. On the
// machine.

import { realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import type { NewmanRunOptions } from 'newman';
import type { ClientOptions } from '../client/client-options.ts';
import type { Environment } from '../client/environment.ts';
import { CommandError } from '../command.ts';

export interface RunOptions extends ClientOptions {
  /** Names. */
  reporters: string[];
  /** Options of their own. */
  reporter?: ReporterOptions;
  collection?: string;
  folder?: string[];
  last?: true;
  bail?: string | true;
  color: string;
  globals?: string;
  iterationData?: string;
  globalVar?: string[];
  timeoutScript?: number;
  [option: string]: unknown;
}

/** Options of reporters by the name of the reporter. */
export type ReporterOptions = Record<string, Record<string, unknown>>;

/** Options that Newman takes under the same name and value. */
const PASSED = [
  'iterationCount',
  'iterationData',
  'folder',
  'exportEnvironment',
  'exportGlobals',
  'exportCollection',
  'suppressExitCode',
  'silent',
  'disableUnicode',
  'color',
  'delayRequest',
  'timeout',
  'timeoutRequest',
  'timeoutScript',
  'workingDir',
  'insecureFileRead',
  'cookieJar',
  'exportCookieJar',
  'verbose',
  'ignoreRedirects',
  'sslClientCertList',
] as const;

/** Options that name a file to read, which nothing may be written over. */
const READ = [
  'environment',
  'globals',
  'iterationData',
  'signingKey',
  'sslClientCert',
  'sslClientKey',
  'sslExtraCaCerts',
  'sslClientCertList',
] as const;

/** Less than the script needs where it waits for the metadata; Newman sends the request of a script that is cut off. */
const MIN_SCRIPT_LIMIT = 15_000;

/**
 * Refuses a limit of scripts that would cut ours off.
 *
 * @throws CommandError with exit code 2
 */
export function refuseShortLimit({ timeoutScript: limit = 0 }: RunOptions): void {
  if (limit === 0 || limit >= MIN_SCRIPT_LIMIT) return;
  throw new CommandError(
    `--timeout-script must be ${MIN_SCRIPT_LIMIT} or more, got ${limit}. Raise it, or leave it out.`,
    2,
  );
}

/**
 * Refuses to write over a file that is read: what is written lacks the secrets, and the key would be lost.
 *
 * @throws CommandError with exit code 2
 */
export function refuseToReplace(file: unknown, options: RunOptions): void {
  const read = [file, ...READ.map(name => options[name])].filter(name => typeof name === 'string').map(toRealPath);
  const written: Record<string, unknown> = {
    '--export-environment': options.exportEnvironment,
    '--export-globals': options.exportGlobals,
    '--export-collection': options.exportCollection,
    '--export-cookie-jar': options.exportCookieJar,
    ...Object.fromEntries(
      Object.entries(options.reporter ?? {}).map(([name, its]) => [`--reporter-${name}-export`, its.export]),
    ),
  };
  for (const [option, to] of Object.entries(written)) {
    if (typeof to !== 'string' || !read.some(one => holds(one, toRealPath(to)))) continue;
    throw new CommandError(`${option} would replace ${to}, which is read. Name another file.`, 2);
  }
}

/** Whether a path is that of a file, or of a YAML file in a folder, which may be a collection. */
const holds = (read: string, path: string): boolean =>
  path === read || (path.startsWith(read + sep) && /\.ya?ml$/.test(path));

/** The path without symbolic links; of a file that is not there the path itself. */
function toRealPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/** The options of Newman for options of `run`; reporters are not among them, for they are not Newman's to load. */
export function toNewmanOptions(
  collection: object,
  environment: Environment,
  globals: Environment | undefined,
  globalVar: { key: string; value: string }[],
  options: RunOptions,
): NewmanRunOptions {
  const given = PASSED.filter(name => options[name] !== undefined);
  const passed = Object.fromEntries(given.map(name => [name, options[name]]));
  const { sslExtraCaCerts } = options;
  return {
    ...passed,
    // An empty one is none. The transport certificate is presented in another way.
    ...(sslExtraCaCerts && { sslExtraCaCerts }),
    collection,
    environment,
    ...(globals && { globals }),
    // Read by the post-response script.
    globalVar: options.failOnRefusal ? globalVar : [...globalVar, { key: 'fail_on_refusal', value: 'false' }],
    // Not an empty list, which Newman would fill with those of its own configuration file.
    reporters: false,
    ...(options.bail !== undefined && { bail: options.bail === true ? true : options.bail.split(',') }),
  } as unknown as NewmanRunOptions;
}
