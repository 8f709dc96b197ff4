// The text of a signing key in the forms that a program has it in. On the machine.

import { KeyObject } from 'node:crypto';
import { unreadable } from '../client-auth/signing-key-faults.ts';

/**
 * The text of a key: a key object, a JWK, the bytes of a text file, or text. What is no private key is found where the text is read.
 *
 * @throws ClientAuthError `signing_key_unreadable` for a symmetric key
 */
export function toKeyText(key: unknown): string {
  if (key instanceof KeyObject) {
    if (key.type === 'secret') throw unreadable('a symmetric key', 'Paste the private key.');
    return key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }).toString();
  }
  if (key instanceof Uint8Array) return Buffer.from(key).toString();
  return typeof key === 'object' && key !== null ? JSON.stringify(key) : String(key ?? '');
}
