// The options that say who the client is, the same for all commands that act as it: environment file, single variables,
// signing key, and the transport certificate by Newman's own option names. On the machine.

import type { Command } from 'commander';
import { shapeOf } from '../../client-auth/errors.ts';
import type { ReadVariable } from '../../client-auth/settings.ts';
import { CommandError, collect, type RunHost } from '../command.ts';
import { findSecrets } from '../secrets/find-secrets.ts';
import { TRANSPORT_PASSPHRASE_VARIABLE } from './certificate-facts.ts';
import { addConfigOption } from './config-file.ts';
import { createReader, type Environment, readEnvironment, withVariable } from './environment.ts';
import type { SignCommand } from './sign-command.ts';
import { addSigningOptions, readSigner, type SigningOptions } from './signing-options.ts';
import { readTransport, type Tls, type TransportOptions } from './transport.ts';

/** The values of the options, as commander names them. */
export interface ClientOptions extends TransportOptions, SigningOptions {
  environment?: string;
  envVar?: string[];
  /** The config file that was used; false if none was to be. */
  config?: string | false;
}

/** The client that a command acts as. */
export interface Client {
  /** The environment with the variables that the options add. */
  environment: Environment;
  /** Reads a variable of it, with its references resolved. */
  read: ReadVariable;
  /** What signs, where it is not the signing key of the environment. */
  signCommand: SignCommand | undefined;
  tls: Tls;
}

/** Adds the options of {@link ClientOptions} to a command; what they leave out comes from the config file. */
export function addClientOptions(command: Command): Command {
  command
    .option('-e, --environment <file>', 'Postman environment with the variables of the client')
    .option(
      '--env-var <name=value>',
      'variable to add or to override, but not a private key; may be repeated',
      collect,
    );
  addSigningOptions(command)
    .option('--ssl-client-cert <file>', 'transport certificate: PEM, or PKCS #12 (.p12, .pfx) with its key')
    .option('--ssl-client-key <file>', 'key of the transport certificate, PEM; not with PKCS #12')
    .option(
      '--ssl-client-passphrase <passphrase>',
      `passphrase of that key or PKCS #12 file; by default from ${TRANSPORT_PASSPHRASE_VARIABLE}, or asked for`,
    )
    .option('--ssl-extra-ca-certs <file>', 'certificates of further authorities to trust, PEM');
  return addConfigOption(command);
}

/**
 * Reads the files that the options name.
 *
 * @throws CommandError when a file can't be read or is of another kind; with exit code 2 for a usage error
 */
export async function readClient(options: ClientOptions, host: RunHost): Promise<Client> {
  const { environment: file } = options;
  let environment: Environment = file ? await readEnvironment(file) : { name: 'none', values: [] };
  for (const pair of options.envVar ?? []) {
    const { key, value } = readPair('--env-var', pair);
    environment = withVariable(environment, key, value);
  }
  const { signingKey, signCommand } = await readSigner(options, createReader(environment)('kid').trim(), host);
  if (signingKey !== undefined) environment = withVariable(environment, 'signing_key', signingKey);
  environment = withoutAgent(environment, options);
  const read = createReader(environment);
  if (signCommand && read('signing_key').trim() !== '') {
    throw new CommandError('"signing_key" must be unset where --sign-command signs. Unset it in the environment.');
  }
  return { environment, read, signCommand, tls: await readTransport(options, host) };
}

/** Variables without a signing agent where something signs in its place. */
export const withoutAgent = (environment: Environment, { signingKey, signCommand }: SigningOptions): Environment =>
  signingKey === undefined && signCommand === undefined
    ? environment
    : { ...environment, values: environment.values.filter(({ key }) => key !== 'signing_agent') };

/** Whether a value is, or holds, a private key, or a part of one: of a PEM, or of a JWK (RFC 7518 section 6.3.2). */
const isPrivateKey = (value: string): boolean =>
  /PRIVATE KEY-----|"d"\s*:/.test(value) || findSecrets(value).some(({ kind }) => kind.startsWith('private'));

/**
 * Reads a variable from the command line, which must not be a private key.
 *
 * @param option the option that it was given with
 * @param pair `name=value`
 * @throws CommandError with exit code 2, for a usage error
 */
export function readPair(option: string, pair: string): { key: string; value: string } {
  const at = pair.indexOf('=');
  const [key, value] = [pair.slice(0, at), pair.slice(at + 1)];
  // A reference names a key, and holds none.
  const isReference = /^\{\{[^{}]*\}\}$/.test(value.trim());
  if ((key === 'signing_key' && !isReference) || isPrivateKey(pair)) {
    const instead = 'Use --signing-key <file>.';
    throw new CommandError(`${option} with a private key puts the key into the list of processes. ${instead}`, 2);
  }
  // Not as it is: it may be a secret that was put where its name belongs.
  if (at < 1) throw new CommandError(`${option} takes name=value, got ${shapeOf(pair)}.`, 2);
  return { key, value };
}
