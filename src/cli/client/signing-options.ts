// The options that say what signs: a key in a file, or a command that has it; and the public key of the command. On the machine.

import { createPublicKey, type JsonWebKey, KeyObject } from 'node:crypto';
import { type Command, Option } from 'commander';
import { CommandError, type RunHost } from '../command.ts';
import { inFile, readBytes, readText } from '../files.ts';
import { createSignCommand, type SignCommand, type SignCommandInput } from './sign-command.ts';
import { PASSPHRASE_VARIABLE, readSigningKey } from './signing-key-file.ts';

/** The values of the options, as commander names them. */
export interface SigningOptions {
  signingKey?: string;
  signCommand?: string;
  signCommandInput?: SignCommandInput;
  publicKey?: string;
  /** A file, or for some commands a URL, which is not read here. */
  jwks?: string;
}

/** Adds the options, but for `--jwks`: see {@link createJwksOption}. */
export const addSigningOptions = (command: Command): Command =>
  command
    .option(
      '--signing-key <file>',
      `signing key: PEM, JWK or PKCS #12; "-" for standard input; its passphrase comes from ${PASSPHRASE_VARIABLE} or is asked for`,
    )
    .option(
      '--sign-command <command>',
      'command that signs instead, with a key in an HSM or KMS: digest in, raw signature out',
    )
    .addOption(
      new Option('--sign-command-input <kind>', 'what the command gets on standard input; "digest" by default').choices(
        ['digest', 'message'],
      ),
    )
    .option('--public-key <file>', 'public key of the command, to verify what it signs: PEM, certificate or JWK');

/** The option `--jwks` of a command that needs it for nothing else. */
export const createJwksOption = (): Option =>
  new Option('--jwks <file>', 'JWKS with the public key of the command, under its kid');

/**
 * Reads what signs.
 *
 * @param kid of the key in the JWKS; empty where the only key in it is meant
 * @returns the text of a signing key, or a command; neither where no option says it
 * @throws CommandError when a file can't be read or is of another kind; with exit code 2 for a usage error
 */
export async function readSigner(
  options: SigningOptions,
  kid: string,
  host: RunHost,
): Promise<{ signingKey?: string; signCommand?: SignCommand }> {
  const { signingKey, signCommand, signCommandInput = 'digest', publicKey, jwks } = options;
  if (signCommand === undefined) {
    if (options.signCommandInput ?? publicKey) {
      const option = publicKey === undefined ? '--sign-command-input' : '--public-key';
      throw new CommandError(`${option} is for --sign-command. Give that too, or leave it out.`, 2);
    }
    return signingKey === undefined ? {} : { signingKey: await readSigningKey(signingKey, host) };
  }
  if (signingKey !== undefined) throw new CommandError('--sign-command and --signing-key do not go together.', 2);
  const isFile = jwks !== undefined && !/^https?:/i.test(jwks);
  const key =
    publicKey !== undefined ? await readPublicKey(publicKey) : isFile ? await readPublicKeyOf(jwks, kid) : undefined;
  return { signCommand: createSignCommand(signCommand, signCommandInput, key) };
}

/**
 * Reads a public key: PEM, of a certificate too, DER or JWK.
 *
 * @throws CommandError when the file can't be read, or has no public RSA key of 2048 bits or more
 */
export async function readPublicKey(file: string): Promise<KeyObject> {
  const bytes = await readBytes(file);
  return inFile(file, () => toPublicKey(bytes));
}

/**
 * Makes a public key of PEM, DER, a JWK, or a key object.
 *
 * @throws CommandError when it is no public RSA key of 2048 bits or more
 */
export function toPublicKey(key: string | object): KeyObject {
  const text = typeof key === 'string' || key instanceof Uint8Array ? key.toString() : '';
  if (
    /PRIVATE KEY-----|"d"\s*:/.test(text) ||
    'd' in Object(key) ||
    (key instanceof KeyObject && key.type === 'private')
  ) {
    throw new CommandError('--public-key must be a public key, got a private one. Give that with --signing-key.');
  }
  if (text.trim().startsWith('{')) return toRsa(() => createPublicKey({ key: JSON.parse(text), format: 'jwk' }));
  if (text.includes('-----BEGIN')) return toRsa(() => createPublicKey(text));
  if (key instanceof KeyObject) return toRsa(() => key);
  if (key instanceof Uint8Array) {
    return toRsa(() => createPublicKey({ key: Buffer.from(key), format: 'der', type: 'spki' }));
  }
  return toRsa(() => createPublicKey({ key: key as JsonWebKey, format: 'jwk' }));
}

/** Reads the public key of a key ID out of a JWKS. */
async function readPublicKeyOf(file: string, kid: string): Promise<KeyObject> {
  const text = await readText(file);
  return inFile(file, () => {
    let keys: unknown;
    try {
      keys = JSON.parse(text).keys;
    } catch {
      // Reported below: the message of JSON.parse quotes the text, which may hold a key.
    }
    const all = Array.isArray(keys) ? keys : [];
    const named = kid === '' ? all : all.filter(key => key?.kid === kid);
    if (named.length !== 1) {
      const which = kid === '' ? '' : ` with the kid ${JSON.stringify(kid)}`;
      throw new CommandError(`--jwks must have one key${which}, got ${named.length}. Set kid to the right one.`);
    }
    return toRsa(() => createPublicKey({ key: named[0], format: 'jwk' }));
  });
}

function toRsa(read: () => KeyObject): KeyObject {
  const expected = 'the public key must be an RSA key of 2048 bits or more';
  let key: KeyObject;
  try {
    key = read();
  } catch {
    throw new CommandError(`${expected}, got a file without one. Give PEM, a certificate or a JWK.`);
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: { modulusLength: bits = 0 } = {} } = key;
  if (type === 'rsa' && bits >= 2048) return key;
  const got = type === 'rsa' ? `one of ${bits} bits` : `one of the type ${String(type)}`;
  throw new CommandError(`${expected}, got ${got}. Give the one that is registered.`);
}
