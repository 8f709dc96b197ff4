// The command `assertion`: prints one client assertion for cURL, made by the code of the pre-request script; or an assertion in
// words; or the whole cURL command. On the machine.

import type { Command } from 'commander';
import { checkServerUrl } from '../../client-auth/server-url.ts';
import { readSettings } from '../../client-auth/settings.ts';
import { authenticate } from '../client/authenticate.ts';
import { TRANSPORT_PASSPHRASE_VARIABLE } from '../client/certificate-facts.ts';
import { addClientOptions, type ClientOptions, readClient } from '../client/client-options.ts';
import { toCurlCommand } from '../client/curl-command.ts';
import { createJwksOption } from '../client/signing-options.ts';
import { withTerminalWords } from '../client/terminal-words.ts';
import { addExamples, CommandError, type Host } from '../command.ts';
import { describeAssertion } from '../diagnosis/assertion-text.ts';
import { readKnownServer } from '../server/metadata.ts';

interface AssertionOptions extends ClientOptions {
  decode?: string | true;
  curl?: true;
}

/** Adds the command `assertion` to the command line. */
export function addAssertionCommand(program: Command, host: Host): void {
  const command = program
    .command('assertion')
    .summary('print a client assertion for cURL')
    .description(
      'Prints one client assertion for the token endpoint. It is valid for one request within its lifetime.\n' +
        'Until then it is as secret as a password.',
    );
  addClientOptions(command)
    .addOption(createJwksOption())
    .option(
      '--decode [jwt]',
      'print header, claims and times in words instead, and whether it is well formed; of the given assertion if there is one',
    )
    .option('--curl', 'print the cURL command for the token endpoint instead, with file names and without secrets')
    .action((options: AssertionOptions) => withTerminalWords(run(options, host), options.signingKey));
  addExamples(command, 'assertion -e env.json --signing-key signing.pem', 'assertion --decode', 'assertion --curl');
}

async function run(options: AssertionOptions, host: Host): Promise<void> {
  const { decode, curl } = options;
  if (decode !== undefined && curl) throw new CommandError('--decode and --curl do not go together.', 2);
  if (typeof decode === 'string') return await printDecoded(decode.trim(), host);
  const client = await readClient(options, host);
  const settings = readSettings(client.read);
  if (curl) {
    const { token_endpoint: url = '' } = (await readKnownServer(client, true)).endpoints;
    checkServerUrl('token_endpoint', url, 'It is where the command sends the assertion.');
    const scope = client.read('scope') || 'accounts';
    const passphrase = client.tls.certificate?.passphrase;
    const command = toCurlCommand(url, settings, options, scope, passphrase, host.commandName);
    await host.print(`${command}\n`);
    const isMissing = host.readSecret(TRANSPORT_PASSPHRASE_VARIABLE) === undefined;
    if (isMissing && command.includes(`$${TRANSPORT_PASSPHRASE_VARIABLE}`)) {
      host.note(`Before you run it, set ${TRANSPORT_PASSPHRASE_VARIABLE} to the passphrase of the PKCS #12 file.`);
    }
    return;
  }
  if (settings.method !== 'private_key_jwt') {
    throw new CommandError(
      '"token_endpoint_auth_method" must be private_key_jwt, got tls_client_auth. There is no assertion with tls_client_auth: the transport certificate is the credential.',
    );
  }
  const server = await readKnownServer(client, settings.audience.from === 'token_endpoint');
  const { parameters } = authenticate(settings, server, 'token_endpoint', client.signCommand?.key);
  const assertion = parameters.find(({ key }) => key === 'client_assertion')?.value ?? '';
  if (decode) await printDecoded(assertion, host);
  else await host.print(`${assertion}\n`);
}

async function printDecoded(jwt: string, host: Host): Promise<void> {
  const { lines, isWellFormed } = describeAssertion(jwt, Date.now() / 1000);
  await host.print(`${lines.join('\n')}\n`);
  if (!isWellFormed) throw new CommandError('the assertion is not well formed.');
}
