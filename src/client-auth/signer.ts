// What signs in the name of the client: the signing key with its ID, and the clock and random bytes of one execution. Gives
// JWTs as compact JWS (RFC 7519, RFC 7515 section 7.1). Pure and synchronous, on both sides.

import { toBase64url, toHex } from './encoding.ts';
import { mustBe } from './errors.ts';
import { type RandomBytes, uuidv4 } from './random.ts';
import { checkKid, EXPECTED_KID, type Signing } from './settings.ts';
import { importSigningKey, type RsaPrivateKey } from './signing-key.ts';

/** The claims that differ from JWT to JWT; times are whole seconds since the Unix epoch. */
export type FreshClaims = { iat: number; exp: number; jti: string };

export type Signer = {
  kid: string;
  /** `iat` and `exp` of now, and a `jti` of its own each time. */
  freshClaims: () => FreshClaims;
  /**
   * Signs claims, with a salt of its own each time.
   *
   * @param typ media type of the JWT without "application/"; left out of the header where there is none
   * @throws ClientAuthError `signature_invalid`
   */
  sign: (claims: object, typ?: string) => string;
};

/** base64url of JSON in ASCII; other characters are escaped, as RFC 8259 section 7 allows. */
const encodePart = (part: object): string => {
  const toEscape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return toBase64url(toHex(JSON.stringify(part).replace(/[\u007f-\uffff]/g, toEscape)));
};

/** What signs: PS256 over ASCII text, in base64url; and random bytes for the `jti`. */
type SigningTools = { randomBytes: RandomBytes; sign: (text: string) => string };

/** Makes the tools of a key: jsrsasign in the sandbox, node:crypto on the machine. */
export type UseKey = (key: RsaPrivateKey) => SigningTools;

/** An opened signing key; `kid` is there when it was a JWK that has one. */
export type OpenedKey = SigningTools & { kid: string | undefined };

/** Opens what the variable `signing_key` holds. */
export type OpenKey = (signingKey: string) => OpenedKey;

/** Opens a signing key as it was pasted. What it makes throws what {@link importSigningKey} throws. */
export const openPasted =
  (useKey: UseKey): OpenKey =>
  signingKey => {
    const { key, kid } = importSigningKey(signingKey);
    return { kid, ...useKey(key) };
  };

/** The text that is signed: header and claims of a compact JWS (RFC 7515 section 5.1). */
export const toSigningInput = (kid: string, claims: object, typ: string | undefined): string =>
  `${encodePart({ alg: 'PS256', kid, typ })}.${encodePart(claims)}`;

/**
 * Makes the signer of one execution.
 *
 * @param now seconds since the Unix epoch, by the local clock
 * @throws ClientAuthError what `openKey` throws; `variable_missing`, `variable_invalid` of the `kid`
 */
export const createSigner = (signing: Signing, openKey: OpenKey, now: number): Signer => {
  const { kid: kidOfKey, randomBytes, sign } = openKey(signing.signingKey);
  const kid = signing.kid || checkKid(kidOfKey ?? '');
  if (!kid) {
    const remedy = 'Copy it from the JWKS.';
    throw mustBe('variable_missing', 'kid', EXPECTED_KID, 'nothing', remedy);
  }
  // "the iat and exp are NumericDate" (RFC 7519 section 2): whole seconds, though fractions would be allowed.
  const iat = Math.floor(now + signing.clockOffset);
  return {
    kid,
    freshClaims: () => ({ iat, exp: iat + signing.lifetime, jti: uuidv4(randomBytes) }),
    sign: (claims, typ) => {
      const signingInput = toSigningInput(kid, claims, typ);
      return `${signingInput}.${sign(signingInput)}`;
    },
  };
};
