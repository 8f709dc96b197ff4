// The request object of a pushed authorization request: parameters as claims, signed by the client (RFC 9101, RFC 9126
// section 3). On both sides.

import { mustBe } from './errors.ts';
import { checkServerUrl } from './server-url.ts';
import type { Signer } from './signer.ts';

/** https://www.rfc-editor.org/rfc/rfc9101#section-9.4.1 */
export const REQUEST_OBJECT_TYP = 'oauth-authz-req+jwt';

/** Whether the form parameter `request` holds claims, and not a request object that exists already. */
export const isClaims = (value: string): boolean => value.startsWith('{');

/**
 * Makes a request object from claims. Those of the client, the audience and the time are replaced.
 *
 * @param text the claims as a JSON object
 * @param issuer of the authorization server, its audience (RFC 9101 section 4)
 * @returns a compact JWS
 * @throws ClientAuthError `request_body_invalid`; `variable_missing`, `variable_unresolved`, `variable_invalid` of the
 * issuer; `signature_invalid`
 * @see RFC 9101 section 4, RFC 9126 section 3
 */
export const createRequestObject = (text: string, clientId: string, issuer: string, signer: Signer): string => {
  const invalid = (got: string) =>
    mustBe('request_body_invalid', 'request', 'a JSON object of claims', got, 'Correct it in the tab Body.');
  let claims: Record<string, unknown>;
  try {
    claims = JSON.parse(text);
  } catch {
    throw invalid('text that is not JSON');
  }
  // It could be taken for a client assertion, "never use the client ID as the "sub" value" (RFC 9101 section 10.8).
  if (claims.sub === clientId) throw invalid('one with the client as "sub"');
  checkServerUrl('issuer', issuer, 'It is the audience of the request object.');
  const { iat, exp, jti } = signer.freshClaims();
  return signer.sign(
    { ...claims, iss: clientId, client_id: clientId, aud: issuer, iat, nbf: iat, exp, jti },
    REQUEST_OBJECT_TYP,
  );
};
