// PS256 by node:crypto (RFC 7518 section 3.5): RSASSA-PSS with SHA-256 and a salt of 32 bytes. All that is signed outside of the
// sandbox is signed here. On the machine.

import { constants, type KeyObject, randomBytes, sign, verify } from 'node:crypto';
import { ClientAuthError } from '../../client-auth/errors.ts';
import type { Signing } from '../../client-auth/settings.ts';
import { createSigner, type OpenedKey, type OpenKey, openPasted, type Signer } from '../../client-auth/signer.ts';
import { toRsaKeyObject } from '../secrets/private-key.ts';

const PS256 = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };

/** Signs text; the signature in base64url. */
export const signPs256 = (text: string, key: KeyObject): string =>
  sign('sha256', Buffer.from(text), { key, ...PS256 }).toString('base64url');

/** Whether a signature in base64url is that of the text by the key. */
export const verifyPs256 = (text: string, signature: string, key: KeyObject): boolean =>
  verify('sha256', Buffer.from(text), { key, ...PS256 }, Buffer.from(signature, 'base64url'));

/** Draws bytes from the system, as hexadecimal. */
export const drawBytes = (length: number): string => randomBytes(length).toString('hex');

/** Signs with node:crypto. */
export const withNodeCrypto: OpenKey = openPasted(numbers => {
  const key = toRsaKeyObject(numbers);
  return { randomBytes: drawBytes, sign: text => signPs256(text, key) };
});

/**
 * Makes a signer by the clock of the machine.
 *
 * @param key signs in the place of the signing key
 * @throws ClientAuthError what {@link createSigner} throws; `signing_agent_failed` where an agent has the key
 */
export const toSigner = (signing: Signing, key?: OpenedKey): Signer => {
  if (!signing.agent) return createSigner(signing, key ? () => key : withNodeCrypto, Date.now() / 1000);
  const message = 'The signing agent signs for the script alone. Give the key with --signing-key <file> here.';
  throw new ClientAuthError('signing_agent_failed', message, 'signing_agent');
};
