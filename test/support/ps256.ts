// ps256.ts as it is built, for tests in Node: with what the build cuts out of jsrsasign.

import { constants, createPublicKey, type KeyObject, randomBytes, verify } from 'node:crypto';
import { createPs256 } from '../../src/client-auth/ps256.ts';

export const { sha256, sign: signPS256 } = createPs256();

/** A fresh salt as hexadecimal. */
export const createSalt = (): string => randomBytes(32).toString('hex');

/** Whether node:crypto verifies a PS256 signature in base64url; PS256 has a salt of 32 bytes. */
export const isSigned = (text: string, signature: string, key: KeyObject, saltLength = 32): boolean =>
  verify(
    'sha256',
    Buffer.from(text),
    { key: createPublicKey(key), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength },
    Buffer.from(signature, 'base64url'),
  );
