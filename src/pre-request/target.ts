// Where a request goes, inside the sandbox: to which endpoint of the authorization server, at which URL; or that it misses one
// that it was meant for. Pure: the text of the URL and the resolver of references are arguments.

import {
  ENDPOINT_NAMES,
  type EndpointName,
  type Endpoints,
  findEndpoint,
  withoutQuery,
} from '../client-auth/authorization-server.ts';
import { mustBe } from '../client-auth/errors.ts';
import type { KnownServer } from '../client-auth/known-server.ts';
import { authenticatedTwice, checkResolved, type Resolve } from './form.ts';
import { type ReadableRequest, readForm } from './request.ts';

/** The URL of a request: as written, with references resolved, and as the host will send it. */
export type Target = { template: string; written: string; url: string };

/** An endpoint, and the URL at which the request reaches it. */
export type Destination = { endpoint: EndpointName; url: string };

/** Reads where a request goes. */
export const toTarget = (template: string, resolve: Resolve): Target => {
  const written = resolve(template);
  // Hosts put http in front of what has no scheme.
  return { template, written, url: /^\s*[a-z][a-z\d+.-]*:\/\//i.test(written) ? written : `http://${written}` };
};

/** The endpoint that the URL is; as it is written too, so that an endpoint without scheme is found, and refused. */
const toEndpoint = ({ written, url }: Target, endpoints: Endpoints): EndpointName | undefined =>
  findEndpoint(url, endpoints) ?? (url === written ? undefined : findEndpoint(written, endpoints));

/** The alias with the query of the URL that it replaces. */
const toAlias = (url: string, alias: string): string => {
  const rest = url.slice(withoutQuery(url).length);
  return alias + (alias.includes('?') ? rest.replace(/^\?/, '&') : rest);
};

/** Finds the endpoint that a request goes to; undefined when it goes to none that is known. */
export const findDestination = (target: Target, server: KnownServer): Destination | undefined => {
  const { url } = target;
  // "a client intending to do mutual TLS … MUST use the alias URL of the endpoint" (RFC 8705 section 5)
  const replaced = findEndpoint(url, server.replaced);
  if (replaced) return { endpoint: replaced, url: toAlias(url, server.endpoints[replaced] as string) };
  const endpoint = toEndpoint(target, server.endpoints);
  return endpoint && { endpoint, url: url.trim() };
};

/** Finds an endpoint that the URL names as {{variable}}, directly or through another variable, and that is not known. */
export const findUnknownEndpoint = ({ template, written }: Target, server: KnownServer): EndpointName | undefined => {
  const texts = withoutQuery(template) + withoutQuery(written);
  return ENDPOINT_NAMES.find(name => texts.includes(`{{${name}}}`) && !server.endpoints[name]);
};

/**
 * Refuses a request that goes to no known endpoint and was meant for one.
 *
 * @throws ClientAuthError `request_authenticated_twice` for a user name in the URL of an endpoint; `request_body_invalid`,
 * `variable_missing` for an endpoint that is not known; `variable_unresolved` for a reference that no host resolves
 */
export const checkNearMiss = (target: Target, server: KnownServer, request: ReadableRequest): void => {
  const { url, written } = target;
  // User information in the URL becomes Basic.
  const bare = url.replace(/^(\s*https?:\/\/)[^/?#]*@/i, '$1');
  if (bare !== url && findEndpoint(bare, { ...server.replaced, ...server.endpoints })) {
    throw authenticatedTwice('The URL', 'a user name');
  }
  const unknown = findUnknownEndpoint(target, server);
  if (unknown) {
    const form = readForm(request);
    if (form instanceof Error) throw form;
    const got = server.isDiscovered ? 'nothing, and the metadata of "issuer" has none' : 'nothing';
    const remedy = server.isDiscovered ? 'Set it.' : 'Set it, or set "issuer", and select the environment.';
    throw mustBe('variable_missing', unknown, 'an https URL', got, remedy);
  }
  // No host resolves {{ token_endpoint }}, with whitespace.
  const path = withoutQuery(written);
  const names = path.replace(/\s/g, '');
  if (ENDPOINT_NAMES.some(name => names.includes(`{{${name}}}`))) checkResolved('The URL', path);
};
