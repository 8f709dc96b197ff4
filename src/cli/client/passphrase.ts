// A passphrase that the user types: asked for again until it opens the file. On the machine.

import { CommandError, type RunHost } from '../command.ts';

/** So often a passphrase is asked for. */
const TRIES = 3;

/**
 * Asks for the passphrase of a file.
 *
 * @param open gives undefined for a wrong passphrase
 * @returns what `open` gave; undefined where nobody answers
 * @throws CommandError when no answer opens it
 */
export async function openByAsking<Opened>(
  name: string,
  host: RunHost,
  open: (passphrase: string) => Opened | undefined | Promise<Opened | undefined>,
): Promise<Opened | undefined> {
  let question = `Passphrase of ${name}: `;
  for (let tried = 0; tried < TRIES; tried += 1) {
    const passphrase = await host.askSecret(question);
    if (!passphrase) return undefined;
    const opened = await open(passphrase);
    if (opened !== undefined) return opened;
    question = `${name} does not open with this passphrase. Passphrase: `;
  }
  throw new CommandError(`${name}: does not open with any of these passphrases. Ask for the right one, and try again.`);
}
