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
 * Refuses a request that is plainly one of OAuth's, and goes nobody knows where, or by no known method.
 *
 * @param place of the text in the request
 * @throws ClientAuthError `variable_unresolved`
 */
export const checkKnownNow = (place: string, text: string, request: ReadableRequest, resolve: Resolve): void => {
  const name = findUnresolvedReference(text);
  if (!name || !isPlainlyOAuth(readNames(request, resolve, true) ?? [])) return;
  const remedy = name.startsWith('vault:')
    ? 'It is filled in after all scripts. Use a variable of the environment.'
    : 'Set that variable before this request, in an earlier request or in the environment. Or inject with "inject --last": this script runs after those of folder and request then.';
  checkResolved(place, text, remedy);
};

/**
 * Refuses a request that goes to no known endpoint and was meant for one.
 *
 * @throws ClientAuthError `variable_missing` for an endpoint that is not known; `variable_unresolved`
 * for a reference that no host resolves, or not yet
 */
export const checkNearMiss = (
  target: Target,
  server: KnownServer,
  request: ReadableRequest,
  resolve: Resolve,
): void => {
  const unknown = findUnknownEndpoint(target, server);
  if (unknown) {
    const got = server.isDiscovered ? 'nothing, and the metadata of "issuer" has none' : 'nothing';
    const remedy = server.isDiscovered ? 'Set it.' : 'Set it, or set "issuer", and select the environment.';
    throw mustBe('variable_missing', unknown, 'an https URL', got, remedy);
  }
  // No host resolves {{ token_endpoint }}, with whitespace.
  const path = withoutQuery(target.written);
  const names = path.replace(/\s/g, '');
  if (ENDPOINT_NAMES.some(name => names.includes(`{{${name}}}`))) checkResolved('The URL', path);
  checkKnownNow('The URL', findUnresolvedPath(target), request, resolve);
};
