// One way to say who the client is, shared by the commands that act as it: an environment file, values on the command
// line, the signing key in a file, and the transport certificate under Newman's own option names. On the machine.

import type { Command } from 'commander';
import { ClientAuthError } from '../../client-auth/errors.ts';
import type { ReadVariable } from '../../client-auth/settings.ts';
import { importSigningKey } from '../../client-auth/signing-key.ts';
import { CommandError, collect, type Host } from '../command.ts';
import { decodeUtf8, readBytes } from '../files.ts';
import { decryptSigningKey } from './encrypted-key.ts';

/** Where the passphrase of an encrypted signing key is looked for; it is never an argument, which others can see. */
const PASSPHRASE = 'SIGNING_KEY_PASSPHRASE';

export interface ClientOptions {
  environment?: string;
  envVar?: string[];
  signingKey?: string;
  sslClientCert?: string;
  sslClientKey?: string;
  sslClientPassphrase?: string;
  sslExtraCaCerts?: string;
}

export interface EnvironmentValue {
  key: string;
  value?: unknown;
  enabled?: boolean;
  type?: string;
}

/** A Postman environment as it stands in its file. */
export interface Environment {
  name: string;
  values: EnvironmentValue[];
}

/** Files of PEM that say who the client is on the TLS connection. */
export interface Transport {
  cert?: string;
  key?: string;
  passphrase?: string;
  ca?: string;
}

export interface Client {
  /** The environment with all that the options add to it. */
  environment: Environment;
  /** Reads a variable of it, references resolved. */
  read: ReadVariable;
  transport: Transport;
}

/** Adds the options of {@link ClientOptions} to a command. */
export function addClientOptions(command: Command): Command {
  return command
    .option('-e, --environment <file>', 'Postman environment with the variables of the client')
    .option(
      '--env-var <name=value>',
      'a variable more, or another value for one, no private key; may be repeated',
      collect,
    )
    .option(
      '--signing-key <file>',
      `signing key, "-" for standard input; its passphrase is taken from ${PASSPHRASE} or asked for`,
    )
    .option('--ssl-client-cert <file>', 'transport certificate, PEM')
    .option('--ssl-client-key <file>', 'key of the transport certificate, PEM')
    .option('--ssl-client-passphrase <passphrase>', 'passphrase of the key of the transport certificate')
    .option('--ssl-extra-ca-certs <file>', 'certificates of further authorities to trust, PEM');
}

/**
 * Reads what the options name.
 *
 * @throws CommandError when a file can't be read or is of another kind, or an option is used in a wrong way.
 */
export async function readClient(options: ClientOptions, host: Host): Promise<Client> {
  const environment = options.environment ? await readEnvironment(options.environment) : { name: 'none', values: [] };
  const set = (key: string, value: string) => {
    environment.values = environment.values.filter(one => one.key !== key);
    environment.values.push({ key, value, enabled: true, type: 'default' });
  };
  for (const pair of options.envVar ?? []) {
    const { key, value } = readPair('--env-var', pair);
    set(key, value);
  }
  if (options.signingKey !== undefined) set('signing_key', await readSigningKey(options.signingKey, host));
  const transport: Transport = {
    ...(options.sslClientCert && { cert: options.sslClientCert }),
    ...(options.sslClientKey && { key: options.sslClientKey }),
    ...(options.sslClientPassphrase && { passphrase: options.sslClientPassphrase }),
    ...(options.sslExtraCaCerts && { ca: options.sslExtraCaCerts }),
  };
  if (Boolean(transport.cert) !== Boolean(transport.key)) {
    throw new CommandError('--ssl-client-cert and --ssl-client-key go together.', 2);
  }
  for (const file of [transport.cert, transport.key, transport.ca]) if (file) await readBytes(file);
  return { environment, read: createReader(environment), transport };
}

/** A reader of the enabled values of an environment; the last one of a name counts, as in Postman. */
export function createReader({ values }: Environment): ReadVariable {
  const variables = new Map<string, string>();
  for (const { key, value, enabled } of values) {
    if (enabled === false || value === undefined || value === null) continue;
    variables.set(key, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  return name => resolveReferences(variables.get(name) ?? '', other => variables.get(other)).trim();
}

/** Where variables refer to each other in a circle Postman gives up after so many rounds, too. */
const MAX_ROUNDS = 20;
/** A variable that holds itself twice is a million times as long after twenty rounds. */
const MAX_LENGTH = 1_000_000;

/** Replaces each {{NAME}} by the value of the variable, and so on in what that holds; what has no value stays. */
export function resolveReferences(template: string, find: (name: string) => string | undefined): string {
  let text = template;
  for (let round = 0; round < MAX_ROUNDS && text.includes('{{'); round++) {
    let { length } = text;
    text = text.replace(/\{\{([^{}]+)\}\}/g, (reference, name) => {
      const value = find(name) ?? reference;
      length += value.length;
      return length > MAX_LENGTH ? reference : value;
    });
  }
  return text;
}

async function readEnvironment(file: string): Promise<Environment> {
  const text = decodeUtf8(await readBytes(file)).replace(/^\uFEFF/, '');
  let json: Partial<Environment> | null;
  try {
    json = JSON.parse(text);
  } catch {
    // The message of JSON.parse quotes the text, which may hold the key.
    throw new CommandError(`${file}: is not JSON. Export the environment from Postman again.`);
  }
  if (!Array.isArray(json?.values)) {
    throw new CommandError(`${file}: is not a Postman environment: it has no "values". Export one from Postman.`);
  }
  return { ...json, name: json.name ?? file, values: [...json.values] };
}

/** Whether a value is, or holds, a private key: PEM, or a JWK with its private exponent (RFC 7518 section 6.3.2). */
const isPrivateKey = (value: string): boolean => /PRIVATE KEY-----|"d"\s*:/.test(value);

/**
 * Reads a variable of the command line, which must not be a private key.
 *
 * @param option the option that it was given with
 */
export function readPair(option: string, pair: string): { key: string; value: string } {
  const at = pair.indexOf('=');
  const [key, value] = [pair.slice(0, at), pair.slice(at + 1)];
  if (key === 'signing_key' || isPrivateKey(pair)) {
    const instead = 'Use --signing-key <file>.';
    throw new CommandError(`${option} with a private key puts the key into the list of processes. ${instead}`, 2);
  }
  if (at < 1) throw new CommandError(`${option} takes name=value, got "${pair}".`, 2);
  return { key, value };
}

/** The text of the key, decrypted if need be; what is wrong with it otherwise is told where it is used. */
async function readSigningKey(file: string, host: Host): Promise<string> {
  const text = decodeUtf8(file === '-' ? await host.readStandardInput() : await readBytes(file));
  try {
    importSigningKey(text);
  } catch (error) {
    if (error instanceof ClientAuthError && error.code === 'signing_key_encrypted') return decrypt(text, file, host);
  }
  return text;
}

async function decrypt(text: string, file: string, host: Host): Promise<string> {
  const passphrase =
    host.readSecret(PASSPHRASE) ?? (file === '-' ? undefined : await host.askSecret(`Passphrase of ${file}: `));
  if (passphrase === undefined) {
    throw new CommandError(`${file}: the signing key is encrypted. Set ${PASSPHRASE} to its passphrase.`);
  }
  const key = decryptSigningKey(text, passphrase);
  if (key !== undefined) return key;
  throw new CommandError(`${file}: the signing key does not open with this passphrase. Check ${PASSPHRASE}.`);
}
