// What a strict authorization server refuses beyond what oidc-provider refuses by itself. Each rule is a function that
// returns the fault in words, or undefined. Pure; runs on the machine, in Node.

/** A JWT of the client: as it was sent, and its header and claims. */
export type ClientJwt = { text: string; header: Record<string, unknown>; claims: Record<string, unknown> };

const maxLifetime = 600;
const maxSkew = 60;

/** From `nbf` to `exp` of a request object: FAPI 2.0 Message Signing section 5.3.1. */
const maxRequestLifetime = 3600;

// RFC 7515 section 2: base64url "with all trailing '=' characters omitted … and without the inclusion of any line breaks,
// whitespace, or other additional characters". jose reads over them.
const isCompact = (text: string) =>
  text.split('.').every(part => Buffer.from(part, 'base64url').toString('base64url') === part);

const isWholeSeconds = (value: unknown): value is number => Number.isSafeInteger(value);

/**
 * Finds what is wrong with a client assertion that oidc-provider would let pass.
 *
 * @param audiences - what this server takes as `aud`
 * @param now - the server's clock, in seconds since the Unix epoch
 * @see {@link https://www.rfc-editor.org/rfc/rfc7523#section-3}
 */
export function findAssertionFault({ text, header, claims }: ClientJwt, audiences: readonly string[], now: number) {
  const { aud, exp, iat, nbf } = claims;
  if (!isCompact(text)) return 'the assertion must be base64url without padding, whitespace or bits left over';
  if (typeof header.kid !== 'string' || header.kid === '') return 'kid is missing';
  // RFC 10070: a client SHOULD say what kind of JWT it is.
  if (header.typ !== undefined && header.typ !== 'client-authentication+jwt') {
    return 'typ must be client-authentication+jwt or missing';
  }
  // FAPI 2.0 section 5.3.2.1 and RFC 10070 take only the issuer, PayNet's guide names the token endpoint: one string for both.
  if (typeof aud !== 'string') return 'aud must be one string';
  if (!audiences.includes(aud)) return `aud must be ${audiences.join(' or ')}, got ${aud}`;
  if (!isWholeSeconds(iat)) return 'iat must be there, in whole seconds';
  if (!isWholeSeconds(exp)) return 'exp must be there, in whole seconds';
  if (nbf !== undefined && !isWholeSeconds(nbf)) return 'nbf must be in whole seconds';
  // FAPI 2.0 section 5.3.2.1: iat or nbf more than 60 seconds in the future is refused.
  if (iat > now + maxSkew) return `iat is more than ${maxSkew} seconds in the future`;
  if (nbf !== undefined && nbf > now + maxSkew) return `nbf is more than ${maxSkew} seconds in the future`;
  if (exp <= now) return 'the assertion has expired';
  if (exp > now + maxLifetime + maxSkew) return `exp is more than ${maxLifetime} seconds ahead`;
  if (exp <= iat || exp - iat > maxLifetime) return `exp must be 1 to ${maxLifetime} seconds after iat`;
  return undefined;
}

/**
 * Finds what is wrong with the request object of a pushed authorization request that oidc-provider would let pass.
 *
 * @param now - the server's clock, in seconds since the Unix epoch
 * @see {@link https://www.rfc-editor.org/rfc/rfc9101#section-4}
 */
export function findRequestObjectFault({ text, header, claims }: ClientJwt, clientId: string, now: number) {
  const { sub, exp, iat, nbf } = claims;
  if (!isCompact(text)) return 'the request object must be base64url without padding, whitespace or bits left over';
  if (typeof header.kid !== 'string' || header.kid === '') return 'kid of the request object is missing';
  // RFC 9101 section 10.8: explicit typing keeps a JWT of another kind from being taken for a request object.
  if (header.typ !== 'oauth-authz-req+jwt') return 'typ of the request object must be oauth-authz-req+jwt';
  if (sub === clientId) return 'sub of the request object must not be the client_id';
  if (!isWholeSeconds(iat)) return 'iat of the request object must be there, in whole seconds';
  if (!isWholeSeconds(nbf)) return 'nbf of the request object must be there, in whole seconds';
  if (!isWholeSeconds(exp)) return 'exp of the request object must be there, in whole seconds';
  if (iat > now + maxSkew || nbf > now + maxSkew) {
    return `iat or nbf of the request object is more than ${maxSkew} seconds in the future`;
  }
  if (nbf < now - maxRequestLifetime) return `nbf of the request object is more than ${maxRequestLifetime} seconds ago`;
  if (exp <= now) return 'the request object has expired';
  if (exp <= nbf || exp - nbf > maxRequestLifetime) {
    return `exp of the request object must be 1 to ${maxRequestLifetime} seconds after nbf`;
  }
  return undefined;
}

const clientParameters = ['client_id', 'client_secret', 'client_assertion_type', 'client_assertion'];

/**
 * Finds what is wrong with the form of a request that authenticates its client, before any cryptography.
 *
 * @param query - of the URL, as sent
 * @param body - the request body as sent
 * @param usesCertificate - whether the client with this `client_id` is registered for `tls_client_auth`
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-2.3} one method a request
 * @see {@link https://www.rfc-editor.org/rfc/rfc8705#section-2} `client_id` is always sent
 */
export function findFormFault(query: string, body: string, usesCertificate: (clientId: string) => boolean) {
  // RFC 6749 section 2.3.1: parameters of client authentication "MUST NOT be included in the request URI".
  const inUrl = [...new URLSearchParams(query).keys()].find(name => clientParameters.includes(name));
  if (inUrl !== undefined) return `${inUrl} must not be in the URL`;
  const form = new URLSearchParams(body);
  if (form.has('client_secret')) return 'client_secret must not be there, no client has one';
  const [clientId, ...otherClientIds] = form.getAll('client_id');
  if (clientId === undefined || clientId === '') return 'client_id is missing';
  if (otherClientIds.length > 0) return 'client_id must not be provided twice';
  if (usesCertificate(clientId) && (form.has('client_assertion') || form.has('client_assertion_type'))) {
    return 'client_assertion must not be there with tls_client_auth';
  }
  if (form.has('client_assertion_type') && !form.has('client_assertion')) return 'client_assertion is missing';
  return undefined;
}
