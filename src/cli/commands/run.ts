// The command `run`: runs a collection with Newman, with the scripts in it and without secrets in what is written. On the machine.

import { type Command, InvalidArgumentError, Option } from 'commander';
import { refuseSureFaults } from '../check/before-run.ts';
import { addClientOptions } from '../client/client-options.ts';
import { createJwksOption } from '../client/signing-options.ts';
import { COLLECTION_ARGUMENT, createCollectionOption } from '../collection/collection-source.ts';
import { addExamples, CommandError, collect, type Host } from '../command.ts';
import type { RunOptions } from '../run/newman-options.ts';
import { runCollection } from '../run/run-collection.ts';
import { describeCounts } from '../run/verdict.ts';
import { parseReporterOptions } from './reporter-options.ts';

const toCount = (value: string): number => {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('Give a whole number.');
  return Number(value);
};

/** The parts of our collection that run by themselves; the consent between them needs a user. */
const FOLDERS = ['Check my setup', 'Client', 'Token'];
const OURS = FOLDERS.map(name => `"${name}"`).join(', ');

/** The collection that is named, or else ours; a command line that names none may begin with an option of a reporter. */
function chooseCollection(
  file: string | undefined,
  rest: string[],
  options: RunOptions,
  { bundledCollection, note }: Host,
): [file: string, rest: string[], options: RunOptions] {
  if (file !== undefined && !/^-./.test(file)) return [file, rest, options];
  const others = file === undefined ? rest : [file, ...rest];
  if (options.folder) return [bundledCollection, others, options];
  if (!options.silent) {
    note(`Runs ${OURS} of our collection. "Consent" needs a user: --folder Client --folder Consent --folder Token`);
  }
  return [bundledCollection, others, { ...options, folder: FOLDERS }];
}

/** Adds the command `run` to the command line. */
export function addRunCommand(program: Command, host: Host): void {
  const command = program
    .command('run')
    .summary('run a collection with Newman, with the scripts in it')
    .description(
      'Runs a Postman collection with Newman. The scripts are put into it in memory; the file stays as it is.\n' +
        'The signing key, assertions and tokens are taken out of all that is written, on the console too.\n' +
        'Where the authorization server refuses the client, the run ends with the likely causes.',
    )
    .argument('[collection]', `${COLLECTION_ARGUMENT}; without it ${OURS} of ours`)
    .argument('[reporter options...]', 'options of reporters: --reporter-<name>-<option> <value>')
    .allowUnknownOption()
    .allowExcessArguments();
  addClientOptions(command)
    .addOption(createJwksOption())
    .addOption(createCollectionOption())
    .option('-g, --globals <file>', 'Postman globals')
    .addOption(
      new Option('-r, --reporters <names>', 'reporters, with commas between them')
        .default(['cli'], '"cli"')
        .argParser(names => names.split(',').map(name => name.trim())),
    )
    .option('-n, --iteration-count <n>', 'number of iterations', toCount)
    .option('-d, --iteration-data <file>', 'data file, JSON or CSV')
    .option('--folder <name>', 'run this folder or request alone; may be repeated', collect)
    .option('--last', 'put the pre-request script behind those of the requests, as "inject --last" does')
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
    .option(
      '--timeout-request <ms>',
      'milliseconds for a request with its whole answer, 0 for no limit',
      toCount,
      30_000,
    )
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
    .option(
      '--no-fail-on-refusal',
      'exit with 0 also when the authorization server refused the client and no test failed',
    )
    .action((file: string | undefined, rest: string[], options: RunOptions) =>
      run(...chooseCollection(file, rest, options, host), host),
    );
  addExamples(
    command,
    'run',
    'run my.postman_collection.json -e env.json --signing-key signing.pem --ssl-client-cert transport.pem --ssl-client-key transport.key',
    'run my.postman_collection.json --folder Accounts --reporters cli,junit --reporter-junit-export newman.xml',
  );
}

async function run(file: string, rest: string[], options: RunOptions, host: Host): Promise<void> {
  const isPlain = options.color === 'off' || (options.color === 'auto' && Boolean(host.readSecret('NO_COLOR')));
  if (isPlain) host.disableColour();
  const reporter = parseReporterOptions(rest, options.reporters);
  const all: RunOptions = { ...options, reporter, color: isPlain ? 'off' : options.color };
  const { failures, explanation, counts, cause } = await runCollection(file, all, host, beginning =>
    refuseSureFaults(beginning, host.note),
  );
  for (const line of explanation) host.note(line);
  const verdict = describeCounts(counts);
  if (failures > 0) {
    const message = [`the run failed: ${verdict}.`, ...cause].join('\n');
    if (!options.suppressExitCode) throw new CommandError(message);
    host.note(message);
  } else if (!options.silent) {
    host.note([verdict, ...cause].join('\n'));
  }
}
