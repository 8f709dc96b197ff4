// The command `agent`: keeps the signing key out of Postman and Newman. It listens on this machine alone, and signs for the pre-request
// script until it is ended. On the machine.

import { type Command, InvalidArgumentError } from 'commander';
import { checkServerUrl } from '../../client-auth/server-url.ts';
import { checkKid } from '../../client-auth/settings.ts';
import { startAgent } from '../agent/server.ts';
import { addConfigOption } from '../client/config-file.ts';
import { withNodeCrypto } from '../client/ps256.ts';
import { addSigningOptions, createJwksOption, readSigner, type SigningOptions } from '../client/signing-options.ts';
import { withTerminalWords } from '../client/terminal-words.ts';
import { addExamples, CommandError, collect, type Host } from '../command.ts';

interface Options extends SigningOptions {
  kid?: string;
  clientId?: string;
  audience?: string[];
  port?: number;
  /** Milliseconds. */
  for?: number;
}

/** Adds the command `agent` to the command line. */
export function addAgentCommand(program: Command, host: Host): void {
  const command = program
    .command('agent')
    .summary('sign for the script, so that the key stays out of Postman and Newman')
    .description(
      'Signs for the pre-request script, so that the key stays out of Postman and Newman.\n' +
        'Prints a URL: set the variable signing_agent to it, and leave signing_key unset.\n' +
        'Whoever has that URL, on this machine, gets signatures until the agent ends: with Ctrl-C, or --for.',
    );
  addSigningOptions(command)
    .addOption(createJwksOption())
    .option('--kid <kid>', 'key ID; by default that of a private JWK, else that of the script', toText)
    .option('--client-id <id>', 'client to sign for; by default any', toText)
    .option('--audience <url>', 'audience to sign for; may be repeated; by default any https URL', collect)
    .option('--port <n>', 'port of 127.0.0.1 to listen on; by default one that is free', toPort)
    .option('--for <time>', 'end by itself, after 30m or 8h for example', toMilliseconds)
    .action((options: Options) => withTerminalWords(run(options, host), options.signingKey));
  addConfigOption(command);
  addExamples(command, 'agent --signing-key signing.pem --kid key-1', 'agent --client-id client-1 --for 8h');
}

async function run(options: Options, host: Host): Promise<void> {
  const { kid = '', clientId = '', audience = [], port = 0 } = options;
  for (const url of audience) checkServerUrl('--audience', url);
  const { signingKey, signCommand } = await readSigner(options, kid, host);
  const key = signingKey === undefined ? signCommand?.key : withNodeCrypto(signingKey);
  if (!key) throw new CommandError('--signing-key is missing. Name the private key, or give --sign-command.', 2);
  // What can't sign is to be known before a script waits for it.
  key.sign('test');
  const rules = { key, kid: checkKid(kid) || (key.kid ?? ''), clientId, audiences: audience };
  const agent = await startAgent(rules, port, line => host.note(`${new Date().toISOString().slice(0, 19)}Z ${line}`));
  await host.print(`${agent.url}\n`);
  host.note(
    'Set the variable signing_agent to this URL. It is as secret as the key, on this machine, until the agent ends.',
  );
  await host.waitForEnd(options.for);
  await agent.close();
  host.note('The signing agent has ended.');
}

/** An empty one is that of a shell's variable that is not set, and would allow all. */
function toText(text: string): string {
  if (text.trim() !== '') return text;
  throw new InvalidArgumentError('It must not be empty.');
}

function toPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a number from 0 to 65535.');
}

/** Milliseconds of each unit. */
const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000 };
/** A timer of Node that is longer ends at once. */
const MAX_TIME = 500 * 3_600_000;

function toMilliseconds(text: string): number {
  const [, number, unit = ''] = /^(\d{1,4})([smh])$/.exec(text) ?? [];
  const milliseconds = Number(number) * (UNITS[unit] ?? Number.NaN);
  if (milliseconds > 0 && milliseconds <= MAX_TIME) return milliseconds;
  throw new InvalidArgumentError('It must be a number with s, m or h, as in 30m or 8h, and 500h at most.');
}
