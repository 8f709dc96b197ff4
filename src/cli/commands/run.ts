// The command `run`: Newman with the script injected in memory, the key from a file, and no secret in what is written. On
// the machine.

import { realpathSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { NewmanRunOptions } from 'newman';
import { addClientOptions, type Client, type ClientOptions, readClient, readPair } from '../client/client-options.ts';
import { inject } from '../collection/injection.ts';
import { CommandError, collect, type Host } from '../command.ts';
import { decodeUtf8, readBytes } from '../files.ts';
import { guardWrites } from '../run/guarded-writes.ts';
import { runNewman } from '../run/run-newman.ts';
import { explainRefusals } from '../run/run-refusals.ts';
import { Redaction } from '../secrets/redaction.ts';
import { addFrom, addNamed } from '../secrets/run-secrets.ts';

interface RunOptions extends ClientOptions {
  reporters: string;
  folder?: string[];
  bail?: string | true;
  color: string;
  globals?: string;
  iterationData?: string;
  globalVar?: string[];
  [option: string]: unknown;
}

type Json = Record<string, unknown>;
type Variable = { key: string; value: string };

const toCount = (value: string): number => {
  if (!/^\d+$/.test(value)) throw new CommandError(`expected a whole number, got "${value}".`, 2);
  return Number(value);
};

/** Newman reads a collection by recursion, and somewhere beyond this its stack overflows: 500 folders in each other. */
const MAX_DEPTH = 1100;

/** Options that Newman takes under the same name and value. */
const PASSED = [
  'globals',
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

/** Adds the command `run` to the command line. */
export function addRunCommand(program: Command, host: Host): void {
  const command = program
    .command('run')
    .summary('run a collection with Newman, with the script in front of it')
    .description(
      'Runs a Postman collection with Newman. The script is put in front of it in memory; the file stays as it is.\n' +
        'The signing key, assertions and tokens are taken out of all that is written, on the console too.\n' +
        'Where the authorization server refuses the client, the run ends with the likely causes.',
    )
    .argument('<collection.json>', 'collection in format v2.1 or v2.0')
    .argument('[reporter options...]', 'options of reporters: --reporter-<name>-<option> <value>')
    .allowUnknownOption()
    .allowExcessArguments();
  addClientOptions(command)
    .option('-g, --globals <file>', 'Postman globals')
    .option('-r, --reporters <names>', 'reporters, with commas between them', 'cli')
    .option('-n, --iteration-count <n>', 'number of iterations', toCount)
    .option('-d, --iteration-data <file>', 'data file, JSON or CSV')
    .option('--folder <name>', 'run this folder or request alone; may be repeated', collect)
    .option('--global-var <name=value>', 'a global variable; may be repeated', collect)
    .option('--export-environment <file>', 'write the environment after the run')
    .option('--export-globals <file>', 'write the globals after the run')
    .option('--export-collection <file>', 'write the collection that was run')
    .option('--bail [modifiers]', 'end the run at the first failure; modifiers: folder, failure')
    .option('--ignore-redirects', 'follow no redirects at all; authenticated requests never follow one')
    .option('-x, --suppress-exit-code', 'exit with 0 also when the run failed')
    .option('--silent', 'nothing of the reporters on the console; files are written')
    .option('--disable-unicode', 'plain symbols on the console')
    .addOption(new Option('--color <value>', 'colour on the console').choices(['on', 'off', 'auto']).default('auto'))
    .option('--delay-request <ms>', 'milliseconds between requests', toCount)
    .option('--timeout <ms>', 'milliseconds for the whole run', toCount)
    .option('--timeout-request <ms>', 'milliseconds for a request', toCount)
    .option(
      '--timeout-script <ms>',
      'milliseconds for a script, 15000 or more: one that is cut off sends its request unauthenticated',
      toCount,
    )
    .option('--working-dir <directory>', 'where files in bodies are looked for')
    .option('--no-insecure-file-read', 'read no files outside of the working directory')
    .option('--ssl-client-cert-list <file>', 'transport certificates by URL, JSON')
    .option('--cookie-jar <file>', 'cookies to begin with')
    .option('--export-cookie-jar <file>', 'write the cookies after the run')
    .option('--verbose', 'more detail on the console')
    .action((file: string, rest: string[], options: RunOptions) => run(file, rest, options, host));
}

async function run(file: string, rest: string[], options: RunOptions, host: Host): Promise<void> {
  const reporters = options.reporters.split(',').map(name => name.trim());
  const reporter = parseReporterOptions(rest, reporters);
  refuseToReplace(file, reporter, options);
  const globalVar = (options.globalVar ?? []).map(pair => readPair('--global-var', pair));
  const client = await readClient(options, host);
  const collection = await readCollection(file, host);
  const redaction = new Redaction();
  await addAllThatIsRead(redaction, client, globalVar, [file, options.globals, options.iterationData]);
  host.onExit(guardWrites(text => redaction.redact(text)));
  host.filterOutput(text => redaction.redact(text));
  const newmanOptions = toNewmanOptions(collection, client, globalVar, reporters, reporter, options);
  const { failures, posted, readIn } = await runNewman(newmanOptions, redaction, host);
  const hasCertificateList = options.sslClientCertList !== undefined;
  for (const line of await explainRefusals(posted, readIn, client.transport, hasCertificateList)) host.note(line);
  if (failures > 0 && !options.suppressExitCode) {
    throw new CommandError(`the run failed: ${failures} ${failures === 1 ? 'failure' : 'failures'}.`);
  }
}

/** Adds the secrets of all that a run begins with: a reporter may write what it is given before the first request. */
async function addAllThatIsRead(
  redaction: Redaction,
  { environment, read, transport }: Client,
  globalVar: Variable[],
  files: (string | undefined)[],
): Promise<void> {
  addNamed(redaction, 'signing_key', read('signing_key'));
  for (const { key, value } of [...environment.values, ...globalVar]) addNamed(redaction, key, value);
  addNamed(redaction, 'passphrase', transport.passphrase);
  for (const file of files) {
    // What can't be read, or only once, as a pipe, is left to Newman; its variables are known after the first script.
    const isFile = file !== undefined && (await stat(file).catch(() => undefined))?.isFile();
    if (isFile) addFrom(redaction, await readFile(file, 'utf8').catch(() => ''));
  }
}

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

/** Refuses to write over a file that is read: what is written lacks the secrets, and the key would be lost. */
function refuseToReplace(file: string, reporter: Record<string, Json>, options: RunOptions): void {
  const read = [file, ...READ.map(name => options[name])].filter(name => typeof name === 'string').map(toRealPath);
  const { exportEnvironment, exportGlobals, exportCollection } = options;
  const written: Record<string, unknown> = {
    '--export-environment': exportEnvironment,
    '--export-globals': exportGlobals,
    '--export-collection': exportCollection,
    '--export-cookie-jar': options.exportCookieJar,
    ...Object.fromEntries(Object.entries(reporter).map(([name, its]) => [`--reporter-${name}-export`, its.export])),
  };
  for (const [option, to] of Object.entries(written)) {
    if (typeof to !== 'string' || !read.includes(toRealPath(to))) continue;
    throw new CommandError(`${option} would replace ${to}, which is read. Name another file.`, 2);
  }
}

/** The path without symbolic links; of a file that is not there the path itself. */
function toRealPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/** The collection of the file with the script in front. */
async function readCollection(file: string, host: Host): Promise<Json> {
  const bytes = await readBytes(file);
  const script = await host.readScript();
  try {
    const collection = JSON.parse(inject(decodeUtf8(bytes), script).replace(/^\uFEFF/, ''));
    if (depthOf(collection) > MAX_DEPTH) {
      throw new CommandError(`nested more than ${MAX_DEPTH} levels deep, which Newman cannot run. Move folders up.`);
    }
    return collection;
  } catch (error) {
    if (error instanceof CommandError)
      throw new CommandError(`${file}: ${error.message}`, error.exitCode, { cause: error });
    throw error;
  }
}

/** How many objects and arrays are in each other; not by recursion, which ends where Newman's does. */
function depthOf(root: unknown): number {
  let depth = -1;
  for (let level = [root]; level.length > 0; depth++) {
    level = level.flatMap(value => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
  return depth;
}

/** `--reporter-json-export file` and its like, by reporter. */
function parseReporterOptions(rest: string[], reporters: string[]): Record<string, Json> {
  const parsed: Record<string, Json> = {};
  for (let i = 0; i < rest.length; i++) {
    const [option = '', inline] = (rest[i] as string).split(/=(.*)/s);
    const name = reporters.find(one => option.startsWith(`--reporter-${one}-`));
    if (!name) {
      const hint = option.startsWith('--reporter-') ? ' Name its reporter with --reporters.' : '';
      throw new CommandError(`unknown option "${option}".${hint}`, 2);
    }
    const key = option
      .slice(`--reporter-${name}-`.length)
      .replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    const next = rest[i + 1];
    const isValue = inline === undefined && next !== undefined && !next.startsWith('--');
    if (isValue) i++;
    parsed[name] = { ...parsed[name], [key]: inline ?? (isValue ? next : true) };
  }
  return parsed;
}

/** The options of Newman that the options of `run` stand for. */
function toNewmanOptions(
  collection: Json,
  { environment, transport }: Client,
  globalVar: Variable[],
  reporters: string[],
  reporter: Record<string, Json>,
  options: RunOptions,
): NewmanRunOptions {
  const passed = Object.fromEntries(
    PASSED.filter(name => options[name] !== undefined).map(name => [name, options[name]]),
  );
  return {
    ...passed,
    collection,
    environment,
    reporters,
    reporter,
    globalVar,
    ...(options.bail !== undefined && { bail: options.bail === true ? true : options.bail.split(',') }),
    ...(transport.cert && { sslClientCert: transport.cert, sslClientKey: transport.key }),
    ...(transport.passphrase && { sslClientPassphrase: transport.passphrase }),
    ...(transport.ca && { sslExtraCaCerts: transport.ca }),
  } as NewmanRunOptions;
}
