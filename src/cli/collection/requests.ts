// What a collection does with the authorization server: its requests to endpoints, and its variables that say where those are.
// Pure, on the machine.

import {
  ENDPOINT_NAMES,
  type EndpointName,
  type Endpoints,
  findEndpoint,
  METADATA_VARIABLE,
} from '../../client-auth/authorization-server.ts';
import { withoutUser } from '../../client-auth/request.ts';
import type { ReadVariable } from '../../client-auth/settings.ts';
import { resolveReferences } from '../client/environment.ts';
import { isObject, type Json, toShown } from './findings.ts';

/** A request of the collection to an endpoint of the authorization server. */
export interface EndpointRequest {
  endpoint: EndpointName;
  /** Name of the request, after those of its folders. */
  name: string;
  request: Json;
  /** References are resolved, as far as their variables are known. */
  url: string;
  /** Resolves references, in the same way. */
  resolve: (template: unknown) => string;
}

/**
 * Finds the requests to endpoints of the authorization server.
 *
 * @param endpoints the known ones; an unknown one is found by its variable, `{{token_endpoint}}`
 * @param read gives the value of a variable of the environment
 */
export function findEndpointRequests(root: unknown, endpoints: Endpoints, read: ReadVariable): EndpointRequest[] {
  const own = readVariables(root);
  // The variables of the environment override those of the collection.
  const find = (name: string) => read(name) || own.get(name);
  const resolve = (template: unknown) => resolveReferences(isObject(template) ? '' : String(template ?? ''), find);
  const found: EndpointRequest[] = [];
  for (const { request, name } of requestsOf(root)) {
    if (resolve(request.method).toUpperCase() !== 'POST') continue;
    const template = toUrl(request.url);
    const url = resolve(template);
    const endpoint =
      ENDPOINT_NAMES.find(one => template.includes(`{{${one}}}`)) ??
      findEndpoint(url, endpoints) ??
      findEndpoint(withoutUser(url), endpoints);
    if (endpoint) found.push({ endpoint, name, request, url, resolve });
  }
  return found;
}

/**
 * Finds the variables of a collection that say where assertions go, and that the environment does not override.
 *
 * @param read gives the value of a variable of the environment
 * @returns their names
 */
export function findServerVariables(root: unknown, read: ReadVariable): string[] {
  const own = readVariables(root);
  return [...ENDPOINT_NAMES, 'issuer', METADATA_VARIABLE].filter(name => own.get(name)?.trim() && read(name) === '');
}

/** The requests of a collection in the order of the file, at any depth; a name begins with those of the folders. */
function* requestsOf(root: unknown): Generator<{ request: Json; name: string }> {
  const open: [item: unknown, name: string][] = [[root, '']];
  for (let next = open.pop(); next; next = open.pop()) {
    const [item, name] = next;
    if (!isObject(item)) continue;
    if (isObject(item.request)) yield { request: item.request, name };
    const items = Array.isArray(item.item) ? item.item : [];
    const prefix = name === '' ? '' : `${name} / `;
    for (const one of items.toReversed()) open.push([one, prefix + toName(one)]);
  }
}

const toName = (item: unknown): string =>
  isObject(item) && typeof item.name === 'string' && item.name !== '' ? toShown(item.name) : 'without a name';

/** A URL is a string, or an object with its text in `raw`, or with its parts alone. */
function toUrl(url: unknown): string {
  if (typeof url === 'string') return url;
  if (!isObject(url)) return '';
  if (typeof url.raw === 'string') return url.raw;
  const join = (parts: unknown, separator: string) =>
    (Array.isArray(parts) ? parts : [parts]).filter(part => typeof part === 'string').join(separator);
  const scheme = typeof url.protocol === 'string' ? `${url.protocol}://` : '';
  const port = typeof url.port === 'string' ? `:${url.port}` : '';
  return `${scheme}${join(url.host, '.')}${port}/${join(url.path, '/').replace(/^\//, '')}`;
}

function readVariables(root: unknown): Map<string, string> {
  const variables = isObject(root) && Array.isArray(root.variable) ? root.variable : [];
  const own = new Map<string, string>();
  for (const one of variables) {
    if (isObject(one) && typeof one.key === 'string' && typeof one.value === 'string') own.set(one.key, one.value);
  }
  return own;
}
