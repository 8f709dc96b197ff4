// The passphrase of a PKCS #12 file: given, in a variable of the process environment, or asked for at the terminal. On the machine.

import { CommandError, type RunHost } from '../command.ts';
import { openByAsking } from './passphrase.ts';
import { type KeyStore, openPkcs12 } from './pkcs12.ts';

/**
 * Opens a PKCS #12 file with the passphrase that it needs, if it needs one.
 *
 * @param name of the file
 * @param source of the passphrase: a variable of the process environment, or an option
 * @param given what it has
 * @returns also the passphrase that opened it, which may be empty
 * @throws CommandError when it does not open, is damaged, or holds no key or several
 */
export async function readPkcs12(
  name: string,
  bytes: Buffer,
  source: string,
  given: string | undefined,
  host: RunHost,
): Promise<KeyStore & { passphrase: string }> {
  const plain = given ? undefined : await openPkcs12(name, bytes, '');
  if (plain) return { ...plain, passphrase: '' };
  const open = async (passphrase: string) => {
    const opened = await openPkcs12(name, bytes, passphrase);
    return opened && { ...opened, passphrase };
  };
  const opened = given ? await open(given) : await openByAsking(name, host, open);
  if (opened) return opened;
  if (!given) throw new CommandError(`${name}: is encrypted. Set ${source} to its passphrase.`);
  throw new CommandError(`${name}: does not open with this passphrase. Check ${source}.`);
}
