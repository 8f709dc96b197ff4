// The command `token`: requests one access token by client credentials (RFC 6749 section 4.4) and prints it, for cURL and other
// tools; explains a refusal as `run` does. On the machine.

import type { Command } from 'commander';
import { readSettings } from '../../client-auth/settings.ts';
import { findAccessToken, sendTokenRequest, toAttempt, toTokenForm } from '../check/token-request.ts';
import { addClientOptions, type ClientOptions, readClient } from '../client/client-options.ts';
import { adviseOnSignature } from '../client/sign-command.ts';
import { createJwksOption } from '../client/signing-options.ts';
import { withTerminalWords } from '../client/terminal-words.ts';
import { addExamples, CommandError, type Host } from '../command.ts';
import { explain } from '../diagnosis/explanation.ts';
import { readSurroundings } from '../diagnosis/surroundings.ts';
import { parseObject } from '../secrets/json-object.ts';
import { createServerFetcher, readKnownServer } from '../server/metadata.ts';

interface Options extends ClientOptions {
  scope?: string;
  json?: true;
}

/** Adds the command `token` to the command line. */
export function addTokenCommand(program: Command, host: Host): void {
  const command = program
    .command('token')
    .summary('print an access token for cURL and other tools')
    .description(
      'Requests one access token by client credentials and prints it. It is bound to the transport certificate.\n' +
        'As long as it is valid it is a secret. If the authorization server refuses the client, says why.',
    );
  addClientOptions(command)
    .addOption(createJwksOption())
    .option('--scope <scope>', 'scopes, with spaces between them; by default the variable scope, else accounts')
    .option('--json', 'print the whole answer of the token endpoint')
    .action((options: Options) => withTerminalWords(run(options, host), options.signingKey));
  addExamples(
    command,
    'token -e env.json --signing-key signing.pem --ssl-client-cert transport.pem --ssl-client-key transport.key',
    'token --scope "accounts payments" --json',
  );
}

async function run(options: Options, host: Host): Promise<void> {
  const client = await readClient(options, host);
  const settings = readSettings(client.read);
  const fetchServer = createServerFetcher(client.tls);
  const known = await readKnownServer(client, true, fetchServer);
  const { token_endpoint: url = '' } = known.endpoints;
  const form = toTokenForm(
    options.scope ?? (client.read('scope') || 'accounts'),
    settings,
    known,
    client.signCommand?.key,
  );
  const exchange = await sendTokenRequest(url, form, client.tls);

  const token = findAccessToken(exchange);
  if (token !== undefined) {
    // A token is of visible ASCII characters (RFC 6749 appendix A.12); others could steer the terminal.
    if (!/^[\x20-\x7e]+$/.test(token)) throw new CommandError('The access token has characters that none may have.');
    const answer = parseObject(exchange.body ?? '');
    return await host.print(`${options.json ? JSON.stringify(answer, null, 2) : token}\n`);
  }
  const { facts, isAuthenticated } = toAttempt(exchange, await readSurroundings(client, fetchServer));
  const [answer = '', ...explanation] = explain(facts);
  if (isAuthenticated) {
    const remedy = 'Compare --scope and the grant type with what the client is registered for.';
    throw new CommandError(`The client was authenticated, but there is no token: ${answer}. ${remedy}`);
  }
  const lines = ['Why the authorization server may have said no:', answer, ...explanation];
  for (const line of [...lines, ...adviseOnSignature(client.signCommand)]) host.note(line);
  throw new CommandError('there is no access token.');
}
