// The options that say what signs: a key in a file, or a command that has it, with its public key. On the machine.

import { type Command, Option } from 'commander';
import { CommandError, type RunHost } from '../command.ts';
import { readPublicKey, readPublicKeyOf } from './public-key.ts';
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

/** Whether a JWKS is named by its URL. */
export const isUrl = (jwks = ''): boolean => /^https?:/i.test(jwks);

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
    const idle = Object.entries({ 'sign-command-input': options.signCommandInput, 'public-key': publicKey, jwks });
    const option = idle.find(([, value]) => value !== undefined)?.[0];
    if (option) throw new CommandError(`--${option} is for --sign-command. Give that too, or leave it out.`, 2);
    return signingKey === undefined ? {} : { signingKey: await readSigningKey(signingKey, host) };
  }
  if (signingKey !== undefined) throw new CommandError('--sign-command and --signing-key do not go together.', 2);
  if (isUrl(jwks))
    throw new CommandError('--jwks must be a file here, got a URL. Download the JWKS, and look at it.', 2);
  const key = publicKey !== undefined ? await readPublicKey(publicKey) : jwks && (await readPublicKeyOf(jwks, kid));
  return { signCommand: createSignCommand(signCommand, signCommandInput, key || undefined) };
}
