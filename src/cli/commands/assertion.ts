// The command `assertion`: one client assertion for cURL, made by the very code of the pre-request script; or an assertion in
// words; or the whole cURL command. On the machine.

import type { Command } from 'commander';
import type { KnownServer } from '../../client-auth/client-authentication.ts';
import { checkServerUrl } from '../../client-auth/server-url.ts';
import { readSettings, type Settings } from '../../client-auth/settings.ts';
import { authenticate } from '../client/authenticate.ts';
import { addClientOptions, type Client, type ClientOptions, readClient } from '../client/client-options.ts';
import { CommandError, type Host } from '../command.ts';
import { describeAssertion } from '../diagnosis/assertion-text.ts';
import { findSecret } from '../secrets/find-secrets.ts';
import { isSecretName } from '../secrets/looks.ts';
import { fetchServerFacts, readTls, toKnownServer } from '../server/server-facts.ts';

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
      'Prints one client assertion for the token endpoint, good for one request within its lifetime.\n' +
        'It is as good as a password while it lasts.',
    );
  addClientOptions(command)
    .option(
      '--decode [jwt]',
      'print header, claims and times in words instead, and whether it is well formed; of the given assertion if there is one',
    )
    .option('--curl', 'print the cURL command for the token endpoint instead, with file names and no secrets')
    .action((options: AssertionOptions) => run(options, host));
}

async function run(options: AssertionOptions, host: Host): Promise<void> {
  if (options.decode !== undefined && options.curl)
    throw new CommandError('--decode and --curl do not go together.', 2);
  if (typeof options.decode === 'string') return await printDecoded(options.decode.trim(), host);
  const client = await readClient(options, host);
  const settings = readSettings(client.read);
  if (options.curl) {
    const server = await readServer(client, settings, true);
    const url = server.endpoints.token_endpoint ?? '';
    checkServerUrl('token_endpoint', url, 'variable_invalid', 'It is where the command sends the assertion.');
    return await host.print(`${toCurl(url, settings, options)}\n`);
  }
  if (settings.method !== 'private_key_jwt') {
    throw new CommandError(
      '"token_endpoint_auth_method" must be private_key_jwt, got tls_client_auth. There is no assertion with tls_client_auth: the transport certificate is the credential.',
    );
  }
  const server = await readServer(client, settings, false);
  const { parameters } = authenticate(settings, server, 'token_endpoint');
  const assertion = parameters.find(({ key }) => key === 'client_assertion')?.value ?? '';
  if (options.decode) await printDecoded(assertion, host);
  else await host.print(`${assertion}\n`);
}

/** The server as the variables tell it; its metadata is fetched only where the variables don't tell enough. */
async function readServer({ read, transport }: Client, settings: Settings, needsUrl: boolean): Promise<KnownServer> {
  const known = toKnownServer(read, undefined);
  const takesUrl = settings.method === 'private_key_jwt' && settings.audience.from === 'token_endpoint';
  if (known.endpoints.token_endpoint || !(needsUrl || takesUrl)) return known;
  if (!known.issuer) checkServerUrl('token_endpoint', '', 'variable_invalid', 'Set it, or set "issuer".');
  return toKnownServer(read, await fetchServerFacts(known.issuer, await readTls(transport)));
}

async function printDecoded(jwt: string, host: Host): Promise<void> {
  const { lines, isWellFormed } = describeAssertion(jwt, Date.now() / 1000);
  await host.print(`${lines.join('\n')}\n`);
  if (!isWellFormed) throw new CommandError('the assertion is not well formed.');
}

const quote = (text: string): string => (/^[\w./:@=-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`);

/** A certificate for curl, which takes what follows a colon for the passphrase. */
const toCertificate = (file: string): string => file.replace(/[\\:]/g, '\\$&');

/** An `--env-var` once more; a secret is left to a variable of the shell. */
function toEnvVar(pair: string): string {
  const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(pair) ?? [];
  if (!isSecretName(name) && !findSecret(value)) return `--env-var ${quote(pair)}`;
  return `--env-var ${quote(`${name}=`)}"$${name.toUpperCase().replace(/^\d|\W/g, '_')}"`;
}

/** The command of the page's step 4; the assertion is made by this command line at the moment of sending. */
function toCurl(url: string, settings: Settings, options: AssertionOptions): string {
  const { environment, envVar = [], signingKey, sslClientCert, sslClientKey, sslExtraCaCerts } = options;
  const lines = [
    `curl -X POST ${quote(url)}`,
    `--cert ${quote(toCertificate(sslClientCert ?? 'transport-certificate.pem'))}`,
    `--key ${quote(sslClientKey ?? 'transport-key.pem')}`,
    ...(sslExtraCaCerts ? [`--cacert ${quote(sslExtraCaCerts)}`] : []),
    '-H "Content-Type: application/x-www-form-urlencoded"',
    '--data-urlencode grant_type=client_credentials',
    '--data-urlencode scope=accounts',
    `--data-urlencode ${quote(`client_id=${settings.clientId}`)}`,
  ];
  if (settings.method === 'private_key_jwt') {
    const same = [
      ...(environment ? [`-e ${quote(environment)}`] : []),
      ...envVar.map(toEnvVar),
      ...(signingKey ? [`--signing-key ${quote(signingKey)}`] : []),
      ...(sslExtraCaCerts ? [`--ssl-extra-ca-certs ${quote(sslExtraCaCerts)}`] : []),
    ];
    lines.push(
      '--data-urlencode client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      `--data-urlencode "client_assertion=$(paynet-client-auth assertion ${same.join(' ')})"`,
    );
  }
  return lines.join(' \\\n  ');
}
