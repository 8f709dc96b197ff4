// The command `check`: the settings of the client before anything is sent with them, and what stands in a collection, line
// by line. On the machine.

import { styleText } from 'node:util';
import type { Command } from 'commander';
import { runLiveChecks } from '../check/live-check.ts';
import { type Line, runPreflight, type Status } from '../check/preflight.ts';
import { addClientOptions, type ClientOptions, createReader, readClient } from '../client/client-options.ts';
import { findEndpointRequests, findSecrets, findServerVariables } from '../collection/findings.ts';
import { CommandError, type Host } from '../command.ts';
import { decodeUtf8, readBytes } from '../files.ts';
import { toKnownServer } from '../server/server-facts.ts';
import { check as findScriptFault } from './inject.ts';

interface Options extends ClientOptions {
  jwks?: string;
  live?: true;
  json?: true;
}

/** Paths of secrets that are shown. */
const MAX_SHOWN = 10;

/** Adds the command `check` to the command line. */
export function addCheckCommand(program: Command, host: Host): void {
  const command = program
    .command('check')
    .summary('check the settings before a run, or a collection')
    .description(
      'Checks the settings of the client line by line: variables, keys, certificate, server, clock.\n' +
        'With a collection it checks that the script is in and no secret is; the settings only if one of their options is given.',
    )
    .argument('[collection.json]', 'collection in format v2.1 or v2.0, "-" for standard input');
  addClientOptions(command)
    .option('--jwks <file|url>', 'JWKS of the client, to find the signing key in; by default the variable jwks_uri')
    .option('--live', 'request a token by each method too, and by the other audience if it is refused')
    .option('--json', 'print an array of {name, status, message} instead of lines')
    .action(async (file: string | undefined, options: Options) => {
      const lines = await collectLines(file, options, host);
      await host.print(options.json ? `${JSON.stringify(lines, null, 2)}\n` : toText(lines, host.isTerminal ?? false));
      const failed = lines.filter(({ status }) => status === 'fail').length;
      if (failed > 0) throw new CommandError(`${failed} of ${lines.length} checks failed.`);
    });
}

async function collectLines(file: string | undefined, options: Options, host: Host): Promise<Line[]> {
  const { json: _, ...others } = options;
  const isForClient = file === undefined || Object.keys(others).length > 0;
  if (file === '-' && options.signingKey === '-') {
    throw new CommandError('Standard input is either the collection or the signing key, not both.', 2);
  }
  const client = isForClient ? await readClient(options, host) : undefined;
  const preflight = client && (await runPreflight(client, options.jwks, new Date()));
  const lines = preflight?.lines ?? [];
  if (client && preflight && options.live) lines.push(...(await runLiveChecks(preflight, client.read)));
  if (file === undefined) return lines;
  const read = client?.read ?? createReader({ name: 'none', values: [] });
  const known = preflight?.surroundings.known ?? toKnownServer(read, undefined);
  const bytes = file === '-' ? await host.readStandardInput() : await readBytes(file);
  const script = await host.readScript();
  try {
    return [...lines, ...checkCollection(decodeUtf8(bytes), script, known.endpoints, read)];
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const name = file === '-' ? 'standard input' : file;
    throw new CommandError(`${name}: ${error.message}`, error.exitCode, { cause: error });
  }
}

function checkCollection(
  text: string,
  script: string,
  endpoints: Parameters<typeof findEndpointRequests>[1],
  read: Parameters<typeof findEndpointRequests>[2],
): Line[] {
  const fault = findScriptFault(text, script);
  const root: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
  const secrets = findSecrets(root);
  const requests = findEndpointRequests(root, endpoints, read);
  const serverVariables = findServerVariables(root, read);
  const shown = secrets.slice(0, MAX_SHOWN).map(({ kind, path, names }) => {
    const inside = names.length > 0 ? ` in ${JSON.stringify(names.join(' / '))}` : '';
    return `${kind}${inside} at ${path}`;
  });
  const more = secrets.length > MAX_SHOWN ? `, and ${secrets.length - MAX_SHOWN} more` : '';
  return [
    fault
      ? { name: 'script', status: 'fail', message: `${fault} Inject it with "inject --in-place".` }
      : { name: 'script', status: 'ok', message: 'this one is in, once and first' },
    secrets.length > 0
      ? {
          name: 'secrets',
          status: 'fail',
          message: `${shown.join(', ')}${more}. Take them out, and replace what they open.`,
        }
      : { name: 'secrets', status: 'ok', message: 'no private key, token or other secret was found in the file' },
    serverVariables.length > 0
      ? {
          name: 'server',
          status: 'warn',
          message: `its variables say where assertions go: ${serverVariables.join(', ')}. Set them in your environment, or make sure of them.`,
        }
      : { name: 'server', status: 'ok', message: 'no variable of the collection says where assertions go' },
    requests.length > 0
      ? {
          name: 'requests',
          status: 'ok',
          message: requests.map(({ endpoint, name }) => `${endpoint}: ${JSON.stringify(name)}`).join(', '),
        }
      : {
          name: 'requests',
          status: 'warn',
          message:
            'none goes to a known endpoint of the authorization server. Check "issuer" or the endpoint variables.',
        },
  ];
}

const COLOURS: Record<Status, 'green' | 'yellow' | 'red'> = {
  ok: 'green',
  warn: 'yellow',
  skip: 'yellow',
  fail: 'red',
};

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
