// What stands in a collection file that must not: private keys and tokens; and which of its requests go to endpoints of the
// authorization server. Pure, on the machine.

import { createPrivateKey } from 'node:crypto';
import {
  ENDPOINT_NAMES,
  type EndpointName,
  type Endpoints,
  findEndpoint,
} from '../client-auth/authorization-server.ts';
import type { ReadVariable } from '../client-auth/settings.ts';
import { resolveReferences } from './client-options.ts';

/** A secret and where it stands; never the secret itself. */
export interface Finding {
  kind: 'private key' | 'private JWK' | 'token';
  /** Path in the JSON, `$.item[0].request.body.raw`. */
  path: string;
}

// Files come from anywhere: each pattern begins only where a word does, can read a text in one way, and repeats nothing
// without end, or a text of megabytes that repeats itself would take minutes or overflow the stack.
const HEADER = String.raw`[\w-]{1,40}:(?: [\w,-]{1,100}(?![\w,:-])){1,9}`;
const PEM = new RegExp(
  String.raw`-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:\s|\\{1,40}[rn]|${HEADER}){0,500}[A-Za-z0-9+/]{20}`,
);
const JWT_HEADER = /(?<![\w-])[\w-]{12,9999}(?=\.[\w-]{10,99999}\.[\w-]{10})/g;
const BEARER = /\bBearer\s{1,9}[\w.~+/-]{20}/i;
const BASE64 = /(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{200,99999}={0,2}/g;

/**
 * Finds private keys, private JWKs and tokens in the values of a JSON document.
 *
 * @returns each with its path, in the order of the document
 */
export function findSecrets(root: unknown): Finding[] {
  const findings: Finding[] = [];
  // Not by recursion: a file may be nested deeper than the stack.
  const open: [value: unknown, path: string][] = [[root, '$']];
  for (let next = open.pop(); next; next = open.pop()) {
    const [value, path] = next;
    if (typeof value === 'string') {
      const kind = kindOf(value);
      if (kind) findings.push({ kind, path });
    } else if (Array.isArray(value)) {
      // A key of several lines is spread over the elements of a script or a list.
      const isText = value.every(one => typeof one === 'string');
      const kind = isText && !value.some(one => kindOf(one)) ? kindOf(value.join('\n')) : undefined;
      if (kind) findings.push({ kind, path });
      else for (let index = value.length - 1; index >= 0; index--) open.push([value[index], `${path}[${index}]`]);
    } else if (typeof value === 'object' && value !== null) {
      if (isPrivateJwk(value)) findings.push({ kind: 'private JWK', path });
      else for (const [key, one] of Object.entries(value).reverse()) open.push([one, path + toStep(key)]);
    }
  }
  return findings;
}

const toStep = (key: string): string => (/^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`);

function kindOf(text: string): Finding['kind'] | undefined {
  if (PEM.test(text)) return 'private key';
  if (/"kty\\{0,40}"/.test(text) && /"[dk]\\{0,40}"\s{0,99}:\s{0,99}\\{0,40}"[\w-]{20}/.test(text))
    return 'private JWK';
  for (const [base64] of text.matchAll(BASE64)) if (isPrivateKey(base64)) return 'private key';
  return hasJwt(text) || BEARER.test(text) ? 'token' : undefined;
}

/** Whether three parts stand there of which the first, from some word in it on, is Base64 of JSON: it begins with "ey". */
function hasJwt(text: string): boolean {
  for (const [header] of text.matchAll(JWT_HEADER)) if (/\bey/.test(header.slice(0, -10))) return true;
  return false;
}

/** Whether Base64 is that of a PEM with a private key, or of its DER. */
function isPrivateKey(base64: string): boolean {
  const bytes = Buffer.from(base64, 'base64');
  if (PEM.test(bytes.toString('latin1'))) return true;
  if (bytes[0] !== 0x30) return false;
  return (['pkcs8', 'pkcs1', 'sec1'] as const).some(type => {
    try {
      return Boolean(createPrivateKey({ key: bytes, format: 'der', type }));
    } catch {
      return false;
    }
  });
}

function isPrivateJwk(value: object): boolean {
  const { kty, d, k } = value as Record<string, unknown>;
  return typeof kty === 'string' && [d, k].some(member => typeof member === 'string' && member.length >= 20);
}

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
  isObject(item) && typeof item.name === 'string' && item.name !== '' ? item.name : 'without a name';

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
