// The signing key from a file or from standard input, decrypted if it is encrypted. On the machine.

import { isUtf8 } from 'node:buffer';
import { ClientAuthError } from '../../client-auth/errors.ts';
import { importSigningKey } from '../../client-auth/signing-key.ts';
import { CommandError, type RunHost } from '../command.ts';
import { decodeUtf8, inFile, readBytes } from '../files.ts';
import { decode } from '../secrets/text-of-bytes.ts';
import { readDerKey, refuseBinary } from './binary-file.ts';
import { decryptSigningKey } from './encrypted-key.ts';
import { openByAsking } from './passphrase.ts';
import { isPkcs12 } from './pkcs12.ts';
import { readPkcs12 } from './pkcs12-file.ts';

/** The environment variable with the passphrase of an encrypted key. It is not an argument: others can see arguments. */
export const PASSPHRASE_VARIABLE = 'SIGNING_KEY_PASSPHRASE';

/**
 * Reads the text of a signing key, which may be in a PKCS #12 file. Any other fault of the key is reported where the key is used.
 *
 * @param file "-" for standard input
 * @throws CommandError when the file can't be read, or the key is encrypted and does not open
 */
export async function readSigningKey(file: string, host: RunHost): Promise<string> {
  const bytes = file === '-' ? await host.readStandardInput() : await readBytes(file);
  const name = file === '-' ? 'standard input' : file;
  if (isPkcs12(bytes)) {
    return (await readPkcs12(name, bytes, PASSPHRASE_VARIABLE, host.readSecret(PASSPHRASE_VARIABLE), host)).key;
  }
  const text = toKeyText(bytes, name);
  return isEncrypted(text) ? decrypt(text, file, host) : text;
}

/**
 * The text of a signing key, which may be encrypted.
 *
 * @param name of the file, for an error
 * @throws CommandError when it is neither text nor a key in DER
 */
export function toKeyText(bytes: Buffer, name: string): string {
  const der = readDerKey(bytes);
  if (der !== undefined) return der;
  refuseBinary('--signing-key', name, bytes, 'key');
  return inFile(name, () => toText(bytes));
}

/** The text of a key file: DER as its Base64; UTF-16 with a byte order mark, or UTF-8. */
function toText(bytes: Buffer): string {
  // DER of a key is a SEQUENCE.
  if (bytes[0] === 0x30 && !isUtf8(bytes)) return bytes.toString('base64');
  const mark = bytes.subarray(0, 2).toString('hex');
  if (mark === 'fffe' || mark === 'feff') return decode(bytes, mark === 'fffe' ? 'utf16le' : 'utf16be');
  return decodeUtf8(bytes);
}

/** Whether a signing key has a passphrase. */
export function isEncrypted(text: string): boolean {
  try {
    importSigningKey(text);
    return false;
  } catch (error) {
    return error instanceof ClientAuthError && error.code === 'signing_key_encrypted';
  }
}

async function decrypt(text: string, file: string, host: RunHost): Promise<string> {
  const open = (passphrase: string) => decryptSigningKey(text, passphrase);
  const given = host.readSecret(PASSPHRASE_VARIABLE);
  const asked = given !== undefined || file === '-' ? undefined : await openByAsking(file, host, open);
  const key = given === undefined ? asked : open(given);
  if (key !== undefined) return key;
  if (given === undefined) {
    throw new CommandError(`${file}: the signing key is encrypted. Set ${PASSPHRASE_VARIABLE} to its passphrase.`);
  }
  throw new CommandError(`${file}: the signing key does not open with this passphrase. Check ${PASSPHRASE_VARIABLE}.`);
}
