// The client assertion: header and claims as compact JWS, on both sides (RFC 7523 section 3, RFC 7515 section 7.1).

import { toBase64url, toHex } from './encoding.ts';
import { signPS256 } from './ps256.ts';
import { type RandomBytes, uuidv4 } from './random.ts';
import type { RsaPrivateKey } from './signing-key.ts';

/** What an assertion says; times are whole seconds since the Unix epoch. */
export type ClientAssertionClaims = {
  iss: string;
  sub: string;
  aud: string;
  iat: number;
  exp: number;
  jti: string;
};

/** base64url of JSON in ASCII; letters beyond it are escaped, as RFC 8259 section 7 allows. */
const encodePart = (part: object): string => {
  const toEscape = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return toBase64url(toHex(JSON.stringify(part).replace(/[\u007f-\uffff]/g, toEscape)));
};

/**
 * Makes one client assertion, with a `jti` and a salt of its own.
 *
 * @param now seconds since the Unix epoch, by the server's clock as far as known
 * @param lifetime seconds
 * @throws ClientAuthError `signature_invalid`
 */
export const createClientAssertion = (options: {
  clientId: string;
  kid: string;
  audience: string;
  now: number;
  lifetime: number;
  key: RsaPrivateKey;
  randomBytes: RandomBytes;
}): { assertion: string; claims: ClientAssertionClaims } => {
  const { clientId, kid, audience, now, lifetime, key, randomBytes } = options;
  // "the iat and exp are NumericDate" (RFC 7519 section 2): whole seconds, though fractions would be allowed.
  const iat = Math.floor(now);
  const claims = {
    // "For client authentication, the subject MUST be the client_id" (RFC 7523 section 3), and the issuer is the client.
    iss: clientId,
    sub: clientId,
    aud: audience,
    iat,
    exp: iat + lifetime,
    jti: uuidv4(randomBytes),
  };
  const signingInput = `${encodePart({ alg: 'PS256', kid })}.${encodePart(claims)}`;
  return { assertion: `${signingInput}.${signPS256(signingInput, key, randomBytes(32))}`, claims };
};
