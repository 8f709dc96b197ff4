// The cURL command of a token request, with names of files and without secrets. Pure, on the machine.

import type { Settings } from '../../client-auth/settings.ts';
import { findSecret } from '../secrets/find-secrets.ts';
import { isSecretName } from '../secrets/looks.ts';
import { TRANSPORT_PASSPHRASE_VARIABLE } from './certificate-facts.ts';
import type { ClientOptions } from './client-options.ts';

/**
 * Writes the cURL command for a token request by client credentials. It makes the assertion, by the command `assertion`, when it
 * is run.
 *
 * @param url the token endpoint
 * @param options those that the command `assertion` was called with
 * @param scope of the token
 * @param passphrase of the transport certificate; the command has the variable in its place
 * @param commandName how the command line is called in a shell
 */
export function toCurlCommand(
  url: string,
  settings: Settings,
  options: ClientOptions,
  scope: string,
  passphrase: string | undefined,
  commandName: string,
): string {
  const { sslClientCert, sslClientKey, sslExtraCaCerts } = options;
  // A certificate without the file of a key has it with it.
  const isPkcs12 = sslClientCert !== undefined && sslClientKey === undefined;
  const lines = [
    `curl -X POST ${quote(url)}`,
    `--cert ${quote(toCertificate(sslClientCert ?? 'transport-certificate.pem'))}`,
    ...(isPkcs12 ? toPkcs12(passphrase) : [`--key ${quote(sslClientKey ?? 'transport-key.pem')}`]),
    ...(sslExtraCaCerts ? [`--cacert ${quote(sslExtraCaCerts)}`] : []),
    '-H "Content-Type: application/x-www-form-urlencoded"',
    '--data-urlencode grant_type=client_credentials',
    `--data-urlencode ${quote(`scope=${scope}`)}`,
    `--data-urlencode ${quote(`client_id=${settings.clientId}`)}`,
    ...(settings.method === 'private_key_jwt' ? toAssertionParameters(options, commandName) : []),
  ];
  return lines.join(' \\\n  ');
}

/** cURL asks for the passphrase of a PEM key, but not for that of a PKCS #12 file. */
const toPkcs12 = (passphrase: string | undefined): string[] => [
  '--cert-type P12',
  ...(passphrase ? [`--pass "$${TRANSPORT_PASSPHRASE_VARIABLE}"`] : []),
];

function toAssertionParameters(options: ClientOptions, commandName: string): string[] {
  const { environment, envVar = [], signingKey, signCommand, signCommandInput, publicKey, jwks } = options;
  const same = [
    ...again('-e', environment),
    ...envVar.map(toEnvVar),
    ...again('--signing-key', signingKey),
    ...(signCommand && findSecret(signCommand)
      ? ['--sign-command "$SIGN_COMMAND"']
      : again('--sign-command', signCommand)),
    ...again('--sign-command-input', signCommandInput),
    ...again('--public-key', publicKey),
    ...again('--jwks', jwks),
    ...again('--ssl-extra-ca-certs', options.sslExtraCaCerts),
  ];
  return [
    '--data-urlencode client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    `--data-urlencode "client_assertion=$(${commandName} assertion ${same.join(' ')})"`,
  ];
}

const again = (option: string, value: string | undefined): string[] => (value ? [`${option} ${quote(value)}`] : []);

/** A text as one word of a shell. */
export const quote = (text: string): string => (/^[\w./:@=-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`);

/** The name of a certificate file for cURL, which takes what follows a colon as the passphrase. */
const toCertificate = (file: string): string => file.replace(/[\\:]/g, '\\$&');

/** The option `--env-var` again; a secret becomes a variable of the shell. */
function toEnvVar(pair: string): string {
  const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(pair) ?? [];
  if (!isSecretName(name) && !findSecret(value)) return `--env-var ${quote(pair)}`;
  return `--env-var ${quote(`${name}=`)}"$${name.toUpperCase().replace(/^\d|\W/g, '_')}"`;
}
