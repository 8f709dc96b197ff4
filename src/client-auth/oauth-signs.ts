// By what a form shows that it is one of OAuth's, where its URL does not say so. Pure, on both sides.

/**
 * Parameters that nearly no form has but those that go to an endpoint which authenticates the client: of token requests
 * (RFC 6749), pushed authorization requests (RFC 9126, RFC 9101), introspection and revocation (RFC 7662, RFC 7009), and
 * of client assertions (RFC 7521). A request with one of them is refused where it can't be known where it goes.
 */
const PLAIN = /^(grant_type|response_type|request|token_type_hint|client_assertion(_type)?)$/;

/**
 * Parameters that such forms have too, and forms of others may have: `token` may be that of any API. They are reason enough
 * to look for the endpoint, not to refuse (RFC 8628 section 3.1, OpenID Connect CIBA section 7.1).
 */
const LIKELY = /^(token|client_id|scope|.*_hint(_token)?)$/;

/** Whether a form with these parameters is plainly one of OAuth's. */
export const isPlainlyOAuth = (names: string[]): boolean => names.some(name => PLAIN.test(name));

/** Whether a form with these parameters, none of them plain, may be one of OAuth's. */
export const mayBeOAuth = (names: string[]): boolean => names.some(name => LIKELY.test(name));
