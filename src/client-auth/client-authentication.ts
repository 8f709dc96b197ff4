// Client authentication: private_key_jwt or tls_client_auth becomes form parameters (RFC 7521 section 4.2, RFC 8705
// section 2). Pure and synchronous, on both sides: clock and random bytes are the signer's.

import { type EndpointName, isSameOrigin } from './authorization-server.ts';
import { type ClientAssertionClaims, createClientAssertion } from './client-assertion.ts';
import { mustBe } from './errors.ts';
import type { KnownServer } from './known-server.ts';
import { checkServerUrl } from './server-url.ts';
import type { Audience, Settings, Signing } from './settings.ts';
import type { Signer } from './signer.ts';

/** The parameters that belong to client authentication; a form keeps none of them from elsewhere. */
export const PARAMETER_NAMES = ['client_id', 'client_assertion_type', 'client_assertion'] as const;

/** https://www.rfc-editor.org/rfc/rfc7523#section-2.2 */
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export type Parameter = { key: (typeof PARAMETER_NAMES)[number]; value: string };

/** What was done. All but the parameters can be shown: no key, no assertion. */
export type Authentication = {
  parameters: Parameter[];
  assertion: { kid: string; claims: ClientAssertionClaims } | undefined;
};

/**
 * Gives the `aud` of an assertion for one endpoint.
 *
 * @throws ClientAuthError when the variable it comes from is not set, or the metadata can't be trusted with it
 */
const toAudience = (audience: Audience, endpoint: EndpointName, server: KnownServer): string => {
  const { configured, endpoints, issuer } = server;
  if (audience.from === 'issuer') {
    checkServerUrl('issuer', issuer, '"client_assertion_audience" refers to it.');
    return issuer;
  }
  const isUrl = audience.from === 'url';
  const aud = isUrl ? audience.url : (endpoints.token_endpoint ?? '');
  if (!isUrl) checkServerUrl('token_endpoint', aud, 'It is the audience of every assertion.');
  // A hostile issuer could collect, at an endpoint of its own, an assertion that is meant for an honest server and that
  // this one accepts (CVE-2025-27370): by naming its token endpoint, say. The audience's own host may have it, and an
  // audience on the issuer's host is the issuer's own.
  const url = endpoints[endpoint] as string;
  const isFromMetadata = !configured[endpoint] || !(isUrl || configured.token_endpoint);
  if (isFromMetadata && !isSameOrigin(url, aud) && !(isUrl && isSameOrigin(issuer, aud))) {
    const remedy = 'If the server accepts the issuer as audience, set "client_assertion_audience" to issuer.';
    throw mustBe('metadata_invalid', endpoint, 'on the host of the audience', `"${url}"`, remedy);
  }
  return aud;
};

/**
 * Authenticates the client for one request.
 *
 * @param getSigner called only where something is signed
 * @returns the parameters of the form, and of the assertion what can be shown
 * @throws ClientAuthError `variable_missing`, `variable_unresolved`, `variable_invalid` of an endpoint or the issuer;
 * `metadata_invalid` when the assertion could reach another server than its audience; `signature_invalid`; and what
 * `getSigner` throws
 * @see RFC 7523 section 2.2, RFC 8705 section 2
 */
export const authenticateClient = (
  settings: Settings,
  server: KnownServer,
  endpoint: EndpointName,
  getSigner: (signing: Signing) => Signer,
): Authentication => {
  // Where it goes; unknown where only the assertion is wanted.
  const url = server.endpoints[endpoint];
  if (url !== undefined) checkServerUrl(endpoint, url);
  // "the client MUST include the "client_id" parameter" (RFC 8705 section 2), and with an assertion it names the same client
  // (RFC 7521 section 4.2).
  const clientId: Parameter = { key: 'client_id', value: settings.clientId };
  if (settings.method === 'tls_client_auth') return { parameters: [clientId], assertion: undefined };

  const audience = toAudience(settings.audience, endpoint, server);
  const signer = getSigner(settings);
  const { assertion, claims } = createClientAssertion(settings.clientId, audience, settings.typ, signer);
  return {
    parameters: [
      clientId,
      { key: 'client_assertion_type', value: ASSERTION_TYPE },
      { key: 'client_assertion', value: assertion },
    ],
    assertion: { kid: signer.kid, claims },
  };
};
