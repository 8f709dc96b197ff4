// The command `check`: checks the settings of the client before a run, and a collection, and prints a line for each thing. On the
// machine.

import { styleText } from 'node:util';
import type { Command } from 'commander';
import { toKnownServer } from '../../client-auth/known-server.ts';
import { checkCollection } from '../check/collection.ts';
import type { Line, Status } from '../check/line.ts';
import { runLiveChecks } from '../check/live.ts';
import { runPreflight } from '../check/preflight.ts';
import { addClientOptions, type ClientOptions, readClient } from '../client/client-options.ts';
import { inFile } from '../collection/collection-file.ts';
import { COLLECTION_ARGUMENT, createCollectionOption, readCollection } from '../collection/collection-source.ts';
import { CommandError, type Host } from '../command.ts';

interface Options extends ClientOptions {
  jwks?: string;
  live?: true;
  collection?: string;
  json?: true;
}

/** Adds the command `check` to the command line. */
export function addCheckCommand(program: Command, host: Host): void {
  const command = program
    .command('check')
    .summary('check the settings before a run, or a collection')
    .description(
      'Checks the settings of the client line by line: variables, keys, certificate, server, clock.\n' +
        'If a collection is given, checks that it has the scripts and no secret; the settings only if one of their options is given.',
    )
    .argument('[collection]', `${COLLECTION_ARGUMENT}, "-" for standard input`);
  addClientOptions(command)
    .addOption(createCollectionOption())
    .option('--jwks <file|url>', 'JWKS of the client, to find the signing key in; by default the variable jwks_uri')
    .option('--live', 'also request a token by each method, and by the other audiences if it is refused')
    .option('--json', 'print an array of {code, name, status, message} instead of lines; the codes are stable')
    .action(async (file: string | undefined, options: Options) => {
      const lines = await check(file, options, host);
      await host.print(options.json ? `${JSON.stringify(lines, null, 2)}\n` : toText(lines, host.isTerminal));
      const failed = lines.filter(({ status }) => status === 'fail').length;
      if (failed > 0) throw new CommandError(`${failed} of ${lines.length} checks failed.`);
    });
}

async function check(file: string | undefined, options: Options, host: Host): Promise<Line[]> {
  const { json: _, collection, ...others } = options;
  if (file === '-' && options.signingKey === '-') {
    throw new CommandError('Standard input is either the collection or the signing key, not both.', 2);
  }
  const isForClient = file === undefined || Object.keys(others).length > 0;
  const client = isForClient ? await readClient(options, host) : undefined;
  const preflight = client && (await runPreflight(client, options.jwks, new Date()));
  const live = client && preflight && options.live ? await runLiveChecks(preflight, client.read) : [];
  const lines = [...(preflight?.lines ?? []), ...live];
  if (file === undefined) return lines;

  const read = client?.read ?? (() => '');
  const { endpoints } = preflight?.surroundings.known ?? toKnownServer(read, undefined);
  const source = await readCollection(file, collection, host);
  for (const note of source.notes) host.note(note);
  const scripts = await host.readScripts();
  const documents = await source.readDocuments();
  return [...lines, ...inFile(source.name, () => checkCollection(source, documents, scripts, endpoints, read))];
}

const COLOURS: Record<Status, 'green' | 'yellow' | 'red'> = {
  ok: 'green',
  warn: 'yellow',
  skip: 'yellow',
  fail: 'red',
};

/** Status, name and message in columns. */
function toText(lines: Line[], useColour: boolean): string {
  const width = Math.max(...lines.map(({ name }) => name.length));
  const indent = ' '.repeat(6 + width + 2);
  const rows = lines.map(({ name, status, message }) => {
    const word = status.padEnd(4);
    const mark = useColour ? styleText(COLOURS[status], word) : word;
    return `${mark}  ${name.padEnd(width)}  ${message.replaceAll('\n', `\n${indent}`)}\n`;
  });
  return rows.join('');
}
