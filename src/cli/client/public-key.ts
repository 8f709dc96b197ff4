// The public key of a command that signs, from a file, a JWKS (RFC 7517) or a program. On the machine.

import { createPublicKey, type JsonWebKey, KeyObject } from 'node:crypto';
import { CommandError } from '../command.ts';
import { inFile, readBytes, readText } from '../files.ts';
import { parseObject } from '../secrets/json-object.ts';

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
  return toRsa(() => {
    if (key instanceof KeyObject) return key;
    if (text.trim().startsWith('{')) return createPublicKey({ key: JSON.parse(text), format: 'jwk' });
    if (text.includes('-----BEGIN')) return createPublicKey(text);
    if (key instanceof Uint8Array) return createPublicKey({ key: Buffer.from(key), format: 'der', type: 'spki' });
    return createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
  });
}

/**
 * Reads the public key of a key ID out of a JWKS.
 *
 * @param kid empty where the only key in it is meant
 * @throws CommandError when the file can't be read, there is not exactly one such key, or it is no public RSA key of 2048 bits or more
 */
export async function readPublicKeyOf(file: string, kid: string): Promise<KeyObject> {
  const text = await readText(file);
  return inFile(file, () => {
    const { keys } = parseObject(text);
    const all = Array.isArray(keys) ? keys : [];
    if (all.some(key => 'd' in Object(key))) {
      throw new CommandError('--jwks must have public keys alone, got a private one. Replace that key at once.');
    }
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
