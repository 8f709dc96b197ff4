// What stands in a collection file that must not: private keys and tokens; and which of its requests go to endpoints of the
// authorization server. Pure, on the machine.

import {
  ENDPOINT_NAMES,
  type EndpointName,
  type Endpoints,
  findEndpoint,
  METADATA_VARIABLE,
} from '../../client-auth/authorization-server.ts';
import type { ReadVariable } from '../../client-auth/settings.ts';
import { resolveReferences } from '../client/client-options.ts';
import { findSecret, judgeNamed } from '../secrets/find-secrets.ts';
import { isPrivateJwk, type SecretKind } from '../secrets/looks.ts';

/** A secret and where it stands; never the secret itself. */
export interface Finding {
  kind: SecretKind;
  /** Path in the JSON, `$.item[0].request.body.raw`. */
  path: string;
  /** Names of the folders and of the request that it is in, and of the variable, field or header; empty if there are none. */
  names: string[];
}

/** A place in the document: how names lead there is a list from the inside out. */
interface Place {
  value: unknown;
  path: string;
  /** The name of the member whose value this is; '' in an array. */
  member: string;
  names: Names | undefined;
}
type Names = { name: string; outer: Names | undefined };

/**
 * Finds private keys, private JWKs, tokens and other secrets in a JSON document: by their form, or by the name of the
 * member, variable, field or header.
 *
 * @returns each with its place, in the order of the document
 */
export function findSecrets(root: unknown): Finding[] {
  const findings: Finding[] = [];
  const add = (kind: SecretKind, { path, names }: Place) => findings.push({ kind, path, names: toList(names) });
  // Not by recursion: a file may be nested deeper than the stack.
  const open: Place[] = [{ value: root, path: '$', member: '', names: undefined }];
  for (let place = open.pop(); place; place = open.pop()) {
    const { value, path, member, names } = place;
    if (typeof value === 'string') {
      const kind = judgeNamed(member, value) ?? findSecret(value);
      if (kind) add(kind, place);
    } else if (Array.isArray(value)) {
      // A key of several lines is spread over the elements of a script or a list.
      const isText = value.every(one => typeof one === 'string');
      const kind = isText && !value.some(one => findSecret(one)) ? findSecret(value.join('\n')) : undefined;
      if (kind) add(kind, place);
      else {
        for (let index = value.length - 1; index >= 0; index--)
          open.push({ value: value[index], path: `${path}[${index}]`, member: '', names });
      }
    } else if (isObject(value)) {
      if (isPrivateJwk(value)) add('private JWK', place);
      else for (const inner of membersOf(value, place).reverse()) open.push(inner);
    }
  }
  return findings;
}

/** The members of an object as places; a member `value` has the name that stands beside it. */
function membersOf(object: Json, { path, names }: Place): Place[] {
  const own = [object.name, object.key].find(name => typeof name === 'string' && name !== '') as string | undefined;
  const inside = own === undefined ? names : { name: own, outer: names };
  return Object.entries(object).map(([key, value]) => {
    const isNamed = key === 'value' && typeof object.key === 'string';
    return { value, path: path + toStep(key), member: isNamed ? toSecretName(object) : key, names: inside };
  });
}

/** The name of a pair of key and value: Postman's API key is called "value", and any variable may be of type secret. */
const toSecretName = ({ key, type }: Json): string =>
  type === 'secret' || key === 'value' ? `${key} secret` : String(key);

/** A name to show; people also put secrets into names. */
const toShown = (name: string): string => (findSecret(name) ? '…' : name);

function toList(names: Names | undefined): string[] {
  const list: string[] = [];
  for (let one = names; one; one = one.outer) list.push(toShown(one.name));
  return list.reverse();
}

const toStep = (key: string): string => (/^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(toShown(key))}]`);

/** A request of the collection that goes to an endpoint of the authorization server. */
export interface EndpointRequest {
  endpoint: EndpointName;
  /** Name of the request, behind those of its folders. */
  name: string;
}

/**
 * Finds the requests to endpoints of the authorization server.
 *
 * @param endpoints those that are known; one that is not is found by its variable, `{{token_endpoint}}`
 * @param read gives the value of a variable
 */
export function findEndpointRequests(root: unknown, endpoints: Endpoints, read: ReadVariable): EndpointRequest[] {
  const own = readVariables(root);
  const found: EndpointRequest[] = [];
  for (const { request, name } of requestsOf(root)) {
    if (typeof request.method !== 'string' || request.method.toUpperCase() !== 'POST') continue;
    const template = toUrl(request.url);
    const endpoint =
      ENDPOINT_NAMES.find(one => template.includes(`{{${one}}}`)) ??
      // The variables of the environment go before those of the collection.
      findEndpoint(
        resolveReferences(template, variable => read(variable) || own.get(variable)),
        endpoints,
      );
    if (endpoint) found.push({ endpoint, name });
  }
  return found;
}

/**
 * Finds the variables of a collection that say where assertions go, as far as the environment does not say it.
 *
 * @param read gives the value of a variable of the environment
 */
export function findServerVariables(root: unknown, read: ReadVariable): string[] {
  const own = readVariables(root);
  return [...ENDPOINT_NAMES, 'issuer', METADATA_VARIABLE].filter(name => own.get(name)?.trim() && read(name) === '');
}

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** The requests of a collection in the order of the file, in folders however deep, with the names of these before theirs. */
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
