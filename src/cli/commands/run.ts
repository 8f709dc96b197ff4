// The command `run`: Newman with the script injected in memory, the key from a file, and no secret in what is written. On
// the machine.

import { type Command, Option } from 'commander';
import { addClientOptions, readClient, readPair } from '../client/client-options.ts';
import { inject } from '../collection/injection.ts';
import { CommandError, collect, type Host } from '../command.ts';
import { decodeUtf8, readBytes } from '../files.ts';
import { parseReporterOptions, type RunOptions, refuseToReplace, toNewmanOptions } from '../run/newman-options.ts';
import { runNewman } from '../run/run-newman.ts';
import { explainRefusals } from '../run/run-refusals.ts';
import { Redaction } from '../secrets/redaction.ts';

type Json = Record<string, unknown>;

const toCount = (value: string): number => {
  if (!/^\d+$/.test(value)) throw new CommandError(`expected a whole number, got "${value}".`, 2);
  return Number(value);
};

/** Newman reads a collection by recursion, and somewhere beyond this its stack overflows: 500 folders in each other. */
const MAX_DEPTH = 1100;

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
  const reporterOptions = parseReporterOptions(rest, reporters);
  refuseToReplace(file, reporterOptions, options);
  const globalVar = (options.globalVar ?? []).map(pair => readPair('--global-var', pair));
  const client = await readClient(options, host);
  const collection = await readCollection(file, host);
  const redaction = new Redaction();
  redaction.learn(client.transport.passphrase ?? '', { text: 'passphrase', isPair: false });
  const variables = Array.isArray(collection.variable) ? collection.variable : [];
  for (const one of [...client.environment.values, ...variables]) {
    if (one?.type === 'secret') redaction.declareSecret(String(one.key));
  }
  const newmanOptions = toNewmanOptions(collection, client, globalVar, options);
  const { failures, posted, readIn } = await runNewman(newmanOptions, reporters, reporterOptions, redaction, host);
  const hasCertificateList = options.sslClientCertList !== undefined;
  const lines = await explainRefusals(posted, readIn, client.transport, hasCertificateList);
  for (const line of lines) host.note(redaction.redact(line));
  if (failures > 0 && !options.suppressExitCode) {
    throw new CommandError(`the run failed: ${failures} ${failures === 1 ? 'failure' : 'failures'}.`);
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
