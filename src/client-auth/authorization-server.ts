// The authorization server: its issuer, the endpoints at which a client authenticates, and its metadata (RFC 8414, OpenID
// Connect Discovery 1.0). Pure, on both sides.

import { ClientAuthError, mustBe, shapeOf } from './errors.ts';
import { checkServerUrl, toPlainUrl } from './server-url.ts';

/** Endpoints that authenticate the client, by their metadata names. */
export const ENDPOINT_NAMES = [
  'token_endpoint',
  'pushed_authorization_request_endpoint',
  'introspection_endpoint',
  'revocation_endpoint',
  'device_authorization_endpoint',
  'backchannel_authentication_endpoint',
] as const;

export type EndpointName = (typeof ENDPOINT_NAMES)[number];
export type Endpoints = Partial<Record<EndpointName, string>>;

/** A variable of the run, not of the user's environment: the result of discovery, so that Newman asks once a run. */
export const METADATA_VARIABLE = 'paynet_client_auth_metadata';

/** What is used of the metadata. */
export type Metadata = {
  issuer: string;
  /** Where requests go: the alias for mutual TLS where there is one. */
  endpoints: Endpoints;
  /** The endpoints that an alias replaces, as the metadata has them. */
  replaced: Endpoints;
};

/**
 * Finds the endpoint that a request URL is: scheme, host, port and path are equal; the query is ignored. An endpoint that
 * is not a plain URL matches its own text, so that {@link checkServerUrl} can refuse it.
 */
export const findEndpoint = (url: string, endpoints: Endpoints): EndpointName | undefined => {
  const toComparable = (text: string) => toPlainUrl(text) ?? text;
  const target = withoutQuery(url.trim());
  const comparable = toComparable(target);
  return ENDPOINT_NAMES.find(name => {
    const endpoint = endpoints[name];
    if (!endpoint) return false;
    const trimmed = endpoint.trim();
    // Whitespace around an endpoint ends up in the middle of a URL that adds a query to it.
    const sought = trimmed === endpoint ? comparable : toComparable(target.trim());
    return sought === toComparable(withoutQuery(trimmed));
  });
};

/** Cuts a URL before its query or fragment. */
export const withoutQuery = (url: string): string => url.replace(/[?#].*/s, '');

/** Whether two URLs have the same origin: scheme, host and port. */
export const isSameOrigin = (one: string, other: string): boolean => {
  const origin = (url: string) => toPlainUrl(url)?.split('/', 3).join('/');
  return origin(one) !== undefined && origin(one) === origin(other);
};

/**
 * Gives the URLs where an issuer may have its metadata, in the order to ask them: that of OpenID Connect Discovery, then
 * that of RFC 8414.
 *
 * @throws ClientAuthError `variable_missing`, `variable_unresolved`, `variable_invalid`
 * @see OpenID Connect Discovery 1.0 section 4, RFC 8414 section 3
 */
export const metadataUrls = (issuer: string): [string, string] => {
  checkServerUrl('issuer', issuer);
  if (issuer.includes('?')) {
    throw mustBe('variable_invalid', 'issuer', 'a URL without query', shapeOf(issuer), 'Remove what follows the "?".');
  }
  // "any terminating "/" MUST be removed" (Discovery section 4.1, RFC 8414 section 3.1)
  const [, origin, path] = /^([a-z]+:\/\/[^/]+)(.*?)\/?$/i.exec(issuer) as unknown as [string, string, string];
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ];
};

/**
 * Reads the metadata of an authorization server.
 *
 * @param text the body of the answer
 * @param issuer the configured one
 * @throws ClientAuthError `metadata_invalid`; for a URL in it also `variable_missing`, `variable_unresolved`
 * @see RFC 8414 section 2
 */
export const readMetadata = (text: string, issuer: string): Metadata => {
  let document: Record<string, unknown> | null = null;
  try {
    document = JSON.parse(text);
  } catch {
    // Refused below, without the excerpt that JSON.parse would quote.
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw invalid(`The metadata of "issuer" must be a JSON object, got ${shapeOf(text.slice(0, 1000))}.`);
  }
  // "The "issuer" value returned MUST be identical to the authorization server's issuer identifier value"; else "the data
  // contained in the response MUST NOT be used" (RFC 8414 section 3.3).
  if (document.issuer !== issuer) {
    const stated = typeof document.issuer === 'string' ? shapeOf(document.issuer) : 'none';
    throw invalid(
      `"issuer" must be exactly the issuer in its own metadata, got ${shapeOf(issuer)}; the metadata has ${stated}.`,
    );
  }
  const aliases = (document.mtls_endpoint_aliases ?? {}) as Record<string, unknown>;
  const metadata: Metadata = { issuer, endpoints: {}, replaced: {} };
  for (const name of ENDPOINT_NAMES) {
    const main = readEndpoint(name, document[name]);
    // "a client intending to do mutual TLS … MUST use the alias URL of the endpoint within the mtls_endpoint_aliases, when
    // present" (RFC 8705 section 5)
    const alias = readEndpoint(`mtls_endpoint_aliases.${name}`, aliases[name]);
    const used = alias ?? main;
    if (used) metadata.endpoints[name] = used;
    if (alias && main) metadata.replaced[name] = main;
  }
  return metadata;
};

const invalid = (message: string) =>
  new ClientAuthError('metadata_invalid', `${message} Check "issuer", or set the endpoint variables.`, 'issuer');

const readEndpoint = (name: string, value: unknown): string | undefined => {
  if (value === undefined || value === null) return undefined;
  const remedy = 'Inform the operator of the server, or set the endpoint variables.';
  if (typeof value !== 'string') throw mustBe('metadata_invalid', name, 'an https URL', `a ${typeof value}`, remedy);
  checkServerUrl(name, value, remedy, 'metadata_invalid');
  return value;
};
