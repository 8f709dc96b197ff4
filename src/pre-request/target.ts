// Where a request goes, inside the sandbox: to which endpoint of the authorization server, at which URL; or that it misses one
// that it was meant for. Pure: the text of the URL and the resolver of references are arguments.

import { ENDPOINT_NAMES, type EndpointName, findEndpoint, withoutQuery } from '../client-auth/authorization-server.ts';
import { findUnresolvedReference, mustBe } from '../client-auth/errors.ts';
import { checkResolved, type Resolve } from '../client-auth/form.ts';
import type { KnownServer } from '../client-auth/known-server.ts';
import { isPlainlyOAuth } from '../client-auth/oauth-signs.ts';
import { type ReadableRequest, readNames, withoutAuthentication } from '../client-auth/request.ts';

/** The URL of a request: as written, with references resolved, and as the host will send it. */
export type Target = { template: string; written: string; url: string };

/** An endpoint, and the URL at which the request reaches it, without other authentication. */
export type Destination = { endpoint: EndpointName; url: string };

/** Reads where a request goes. */
export const toTarget = (template: string, resolve: Resolve): Target => {
  const written = resolve(template);
  // Hosts put http in front of what has no scheme.
  return { template, written, url: /^\s*[a-z][a-z\d+.-]*:\/\//i.test(written) ? written : `http://${written}` };
};

/** The alias with the query of the URL that it replaces. */
const toAlias = (url: string, alias: string): string => {
  const rest = url.slice(withoutQuery(url).length);
  return alias + (alias.includes('?') ? rest.replace(/^\?/, '&') : rest);
};

/** Finds the endpoint that a request goes to; undefined when it goes to none that is known. */
export const findDestination = ({ url, written }: Target, server: KnownServer): Destination | undefined => {
  const cleaned = withoutAuthentication(url);
  // "a client intending to do mutual TLS … MUST use the alias URL of the endpoint" (RFC 8705 section 5)
  const replaced = findEndpoint(cleaned, server.replaced);
  if (replaced) return { endpoint: replaced, url: toAlias(cleaned, server.endpoints[replaced] as string) };
  // As it is written too, so that an endpoint with a user name, or without scheme, is found, and refused.
  const [endpoint] = [cleaned, url, written].flatMap(text => findEndpoint(text, server.endpoints) ?? []);
  return endpoint && { endpoint, url: cleaned.trim() };
};

/** Finds an endpoint that the URL names as {{variable}}, directly or through another variable, and that is not known. */
export const findUnknownEndpoint = ({ template, written }: Target, server: KnownServer): EndpointName | undefined => {
  const texts = withoutQuery(template) + withoutQuery(written);
  return ENDPOINT_NAMES.find(name => texts.includes(`{{${name}}}`) && !server.endpoints[name]);
};

/** What of the URL says where the request goes, if there is a reference in it that nothing has resolved; else nothing. */
export const findUnresolvedPath = ({ written }: Target): string => {
  const [before = '', reference = ''] = written.split(/(\{\{[^{}]*\}\})/, 2);
  return /[?#]/.test(before) ? '' : reference;
};

/**
 * Refuses a request that was meant for an endpoint, or is plainly one of OAuth's, when where it goes or its method is not known
 * yet. {{ token_endpoint }}, with whitespace, is resolved by no host.
 *
 * @param place of the text in the request
 * @throws ClientAuthError `variable_unresolved`
 */
export const checkKnownNow = (place: string, text: string, request: ReadableRequest, resolve: Resolve): void => {
  const name = findUnresolvedReference(text)?.trim();
  if (!name || !((ENDPOINT_NAMES as readonly string[]).includes(name) || isPlainlyOAuth(readNames(request, resolve))))
    return;
  const remedy =
    'Scripts of folder and request run later. Set that variable before this request, in an earlier one or in the environment, or use "inject --last".';
  checkResolved(place, text, remedy);
};

/**
 * Refuses a request that goes to no known endpoint and was meant for one.
 *
 * @throws ClientAuthError `variable_missing` for an endpoint that is not known, `variable_unresolved`
 */
export const checkNearMiss = (
  target: Target,
  server: KnownServer,
  request: ReadableRequest,
  resolve: Resolve,
): void => {
  const unknown = findUnknownEndpoint(target, server);
  if (unknown) {
    const [got, remedy] = server.isDiscovered
      ? ['nothing, and the metadata of "issuer" has none', 'Set it.']
      : ['nothing', 'Set it, or set "issuer", and select the environment.'];
    throw mustBe('variable_missing', unknown, 'an https URL', got as string, remedy as string);
  }
  checkKnownNow('The URL', findUnresolvedPath(target), request, resolve);
};
