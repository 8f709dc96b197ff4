// ps256.ts as it is built, for tests in Node: with what the build cuts out of jsrsasign.

import { constants, createPublicKey, type KeyObject, randomBytes, verify } from 'node:crypto';
import { withJsrsasign } from '../../src/client-auth/ps256.ts';
import type { Sha256 } from '../../src/client-auth/random.ts';
import type { RsaPrivateKey } from '../../src/client-auth/signing-key.ts';

/** Signs text with the given salt, in hexadecimal. */
export const signPS256 = (text: string, key: RsaPrivateKey, salt: string): string =>
  withJsrsasign(() => () => salt)(key).sign(text);

/** SHA-256 of what the hexadecimal digits mean. */
export const sha256: Sha256 = hex => {
  let digest = '';
  const useHash = (_: RsaPrivateKey, hash: Sha256) => {
    digest = hash(hex);
    return () => '';
  };
  withJsrsasign(useHash)({ n: 1n } as RsaPrivateKey);
  return digest;
};

/** A fresh salt as hexadecimal. */
export const createSalt = (): string => randomBytes(32).toString('hex');

/** Whether node:crypto verifies a PS256 signature in base64url, by either half of the key; PS256 has a salt of 32 bytes. */
export const isSigned = (text: string, signature: string, key: KeyObject, saltLength = 32): boolean =>
  verify(
    'sha256',
    Buffer.from(text),
    { key: key.type === 'public' ? key : createPublicKey(key), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength },
    Buffer.from(signature, 'base64url'),
  );
