// The public half of a signing key as the JWKS that a client registers (RFC 7517). Its key ID is the thumbprint of the key
// (RFC 7638), if it has no other. Pure, on the machine.

import { createHash, type KeyObject } from 'node:crypto';
import { mustBe } from '../../client-auth/errors.ts';
import { checkKid, EXPECTED_KID } from '../../client-auth/settings.ts';
import { importSigningKey } from '../../client-auth/signing-key.ts';
import { toBase64url } from '../secrets/private-key.ts';

/** A public key of a JWKS, for signatures by PS256. */
export interface PublicJwk {
  kty: 'RSA';
  n: string;
  e: string;
  kid: string;
  use: 'sig';
  alg: 'PS256';
}

/**
 * Makes the public JWK of a signing key.
 *
 * @param key the text of the private key, in any form in which the script takes one; or the public key, RSA
 * @param kid the key ID; if undefined that of a JWK, else the thumbprint
 * @throws ClientAuthError when it is not such a key, or the key ID can't be one
 * @see RFC 7517 section 4, RFC 7518 section 6.3.1
 */
export function toPublicJwk(key: string | KeyObject, kid?: string): PublicJwk {
  if (kid === '') throw mustBe('variable_missing', 'kid', EXPECTED_KID, 'nothing', 'Name one, or leave out --kid.');
  const { n, e, own } = typeof key === 'string' ? readPrivate(key) : readPublic(key);
  return { kty: 'RSA', n, e, kid: checkKid(kid ?? own ?? toThumbprint(n, e)), use: 'sig', alg: 'PS256' };
}

function readPrivate(text: string) {
  const { key, kid: own } = importSigningKey(text);
  return { n: toBase64url(key.n), e: toBase64url(key.e), own };
}

function readPublic(key: KeyObject) {
  const { n = '', e = '' } = key.export({ format: 'jwk' });
  return { n, e, own: undefined };
}

/** "The required members for an RSA public key are e, kty, n", in this order and without whitespace (RFC 7638 section 3.2). */
const toThumbprint = (n: string, e: string): string =>
  createHash('sha256')
    .update(JSON.stringify({ e, kty: 'RSA', n }))
    .digest('base64url');
