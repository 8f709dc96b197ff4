// The messages of client authentication in the terminal: they are the script's too, and speak of Postman's app, where a value is
// pasted; here it is an option. Pure, on the machine.

import { ClientAuthError } from '../../client-auth/errors.ts';
import { CommandError } from '../command.ts';

/** What the app does, and the option that does it here; the first ones are whole remedies. */
const OPTIONS: [app: RegExp, option: string][] = [
  [/Set it in the environment(, and select the environment)?\./, 'Set it in the environment (-e), or with --env-var.'],
  [/Paste the key into "signing_key" of the selected environment\./, 'Give it with --signing-key <file>.'],
  [
    /an unresolved (\{\{vault:[^{}]*\}\})\. Set that variable, or paste the key itself\./,
    '$1: the vault is in the Postman app. Give the key with --signing-key <file>.',
  ],
  [/paste the key itself\./, 'give the key with --signing-key <file>.'],
  [/\bPaste\b/g, 'Give'],
  [/\bpaste\b/g, 'give'],
];

/** The message of an error, with options in the place of what is done in the app. */
export function toTerminalWords({ message }: Pick<ClientAuthError, 'message'>): string {
  return OPTIONS.reduce((text, [app, option]) => text.replace(app, option), message);
}

/**
 * Names the file of the signing key in a message about it.
 *
 * @param file what --signing-key was given; nothing where the key is in no file
 */
export function nameKeyFile(message: string, file: string | undefined): string {
  if (!file) return message;
  const name = file === '-' ? 'standard input' : file;
  return message.replace(/^"signing_key" must be/, () => `"signing_key" (${name}) must be`);
}

/**
 * Waits for the work of a command, whose errors become those of a command.
 *
 * @param keyFile what --signing-key was given; undefined without it
 */
export async function withTerminalWords<T>(work: Promise<T>, keyFile?: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ClientAuthError)) throw error;
    throw new CommandError(nameKeyFile(toTerminalWords(error), keyFile), 1, { cause: error });
  }
}
