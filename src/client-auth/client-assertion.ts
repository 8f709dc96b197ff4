// The client assertion (RFC 7523 section 3), on both sides.

import type { FreshClaims, Signer } from './signer.ts';

/** The claims of an assertion. */
export type ClientAssertionClaims = FreshClaims & { iss: string; sub: string; aud: string };

/**
 * Makes one client assertion.
 *
 * @param typ of the header; empty for none
 * @returns a compact JWS, and the claims in it
 * @throws ClientAuthError `signature_invalid`
 * @see RFC 7523 section 3
 */
export const createClientAssertion = (
  clientId: string,
  audience: string,
  typ: string,
  signer: Signer,
): { assertion: string; claims: ClientAssertionClaims } => {
  // "For client authentication, the subject MUST be the client_id" (RFC 7523 section 3), and the issuer is the client.
  const claims = { iss: clientId, sub: clientId, aud: audience, ...signer.freshClaims() };
  return { assertion: signer.sign(claims, typ || undefined), claims };
};
