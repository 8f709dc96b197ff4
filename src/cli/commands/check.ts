// The command `check`: checks the settings of the client before a run, and a collection, and prints a line for each thing. On the
// machine.

import type { Command } from 'commander';
import { toKnownServer } from '../../client-auth/known-server.ts';
import { checkCollection } from '../check/collection.ts';
import type { Line } from '../check/line.ts';
import { toText, toVerdict } from '../check/lines-as-text.ts';
import { runLiveChecks } from '../check/live.ts';
import { runPreflight } from '../check/preflight.ts';
import { describeConfig } from '../check/settings.ts';
import { addClientOptions, type ClientOptions, readClient } from '../client/client-options.ts';
import { isUrl } from '../client/signing-options.ts';
import { nameKeyFile } from '../client/terminal-words.ts';
import { COLLECTION_ARGUMENT, createCollectionOption, readCollection } from '../collection/collection-source.ts';
import { addExamples, CommandError, collect, type Host } from '../command.ts';
import { inFile } from '../files.ts';

interface Options extends ClientOptions {
  live?: true;
  collection?: string;
  json?: true;
  folder?: string;
  allow?: string[];
}

/** Adds the command `check` to the command line. */
export function addCheckCommand(program: Command, host: Host): void {
  const command = program
    .command('check')
    .summary('check the settings before a run, or a collection')
    .description(
      'Checks the settings of the client line by line: variables, keys, certificate, server, clock.\n' +
        'If a collection is given, checks that it has the scripts and no secret; the settings only if an option or the config file says something of them.',
    )
    .argument('[collection]', `${COLLECTION_ARGUMENT}, "-" for standard input`);
  addClientOptions(command)
    .addOption(createCollectionOption())
    .option('--jwks <file|url>', 'JWKS of the client, to find the signing key in; by default the variable jwks_uri')
    .option('--live', 'also request a token by each method, and by the other audiences if it is refused')
    .option(
      '--folder <name>',
      'look for the script in this folder of the collection, as "inject --folder" puts it there',
    )
    .option(
      '--allow <place|name>',
      'a secret that is no finding, by its place or the name it has; may be repeated',
      collect,
    )
    .option(
      '--json',
      'print an array of {code, name, status, message} instead of lines; the codes are stable, all findings are in it',
    )
    .action(async (file: string | undefined, options: Options) => {
      const lines = await check(file, options, host);
      await host.print(
        options.json ? `${JSON.stringify(lines, null, 2)}\n` : toText(lines, host.isTerminal, host.columns),
      );
      const { hasFailed, text } = toVerdict(lines);
      if (hasFailed) throw new CommandError(text);
      if (!options.json) host.note(text);
    });
  addExamples(
    command,
    'check -e env.json --signing-key signing.pem --ssl-client-cert transport.pem --ssl-client-key transport.key',
    'check --live',
    'check my.postman_collection.json',
  );
}

/** The JWKS is for a command that signs too, where it is a file. */
function toClientOptions({ jwks, ...others }: Options): ClientOptions {
  return jwks === undefined || others.signCommand === undefined || isUrl(jwks) ? others : { ...others, jwks };
}

async function check(file: string | undefined, options: Options, host: Host): Promise<Line[]> {
  const { json: _, config, collection, folder, allow, ...others } = options;
  if (file === '-' && options.signingKey === '-') {
    throw new CommandError('Standard input is either the collection or the signing key, not both.', 2);
  }
  if (file === undefined && (folder !== undefined || allow)) {
    throw new CommandError(`${allow ? '--allow' : '--folder'} needs a collection.`, 2);
  }
  const isForClient = file === undefined || Object.keys(others).length > 0;
  const client = isForClient ? await readClient(toClientOptions(options), host) : undefined;
  const preflight = client && (await runPreflight(client, options.jwks, new Date()));
  const live = client && preflight && options.live ? await runLiveChecks(preflight, client.read) : [];
  const configured = client && config ? [describeConfig(config)] : [];
  const checked = [...configured, ...(preflight?.lines ?? []), ...live];
  const lines = checked.map(line => ({ ...line, message: nameKeyFile(line.message, options.signingKey) }));
  if (file === undefined) return lines;

  const read = client?.read ?? (() => '');
  const { endpoints } = preflight?.surroundings.known ?? toKnownServer(read, undefined);
  const source = await readCollection(file, collection, host);
  for (const note of source.notes) host.note(note);
  const scripts = await host.readScripts();
  const documents = await source.readDocuments();
  const ofCollection = () => checkCollection(source, documents, scripts, endpoints, read, { folder, allow });
  return [...lines, ...inFile(source.name, ofCollection)];
}
