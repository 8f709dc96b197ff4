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

/** A secret and where it stands; never the secret itself. */
export interface Finding {
  kind: 'private key' | 'private JWK' | 'token';
  /** Path in the JSON, `$.item[0].request.body.raw`. */
  path: string;
}

const PEM = /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:\s|\\+[rn]|[\w-]+: [\w, -]+)*[A-Za-z0-9+/]{20}/;
const JWT = /\bey[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/;
const BEARER = /\bBearer\s+[\w.~+/-]{20,}/i;
const BASE64 = /[A-Za-z0-9+/]{200,}={0,2}/g;

/**
 * Finds private keys, private JWKs and tokens in the values of a JSON document.
 *
 * @returns each with its path, in the order of the document
 */
export function findSecrets(root: unknown): Finding[] {
  const findings: Finding[] = [];
  const visit = (value: unknown, path: string): boolean => {
    const before = findings.length;
    if (typeof value === 'string') {
      const kind = kindOf(value);
      if (kind) findings.push({ kind, path });
    } else if (Array.isArray(value)) {
      for (const [index, one] of value.entries()) visit(one, `${path}[${index}]`);
      // A key of several lines is spread over the elements of a script or a list.
      const kind = value.every(one => typeof one === 'string') ? kindOf(value.join('\n')) : undefined;
      if (kind && findings.length === before) findings.push({ kind, path });
    } else if (typeof value === 'object' && value !== null) {
      if (isPrivateJwk(value)) findings.push({ kind: 'private JWK', path });
      else for (const [key, one] of Object.entries(value)) visit(one, path + toStep(key));
    }
    return findings.length > before;
  };
  visit(root, '$');
  return findings;
}

const toStep = (key: string): string => (/^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`);

function kindOf(text: string): Finding['kind'] | undefined {
  if (PEM.test(text)) return 'private key';
  if (/"kty"|\\"kty\\*"/.test(text) && /"(?:d|k)\\*"\s*:\s*\\*"[\w-]{20,}/.test(text)) return 'private JWK';
  for (const [base64] of text.matchAll(BASE64)) if (isPrivateKey(base64)) return 'private key';
  return JWT.test(text) || BEARER.test(text) ? 'token' : undefined;
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

interface Item {
  name?: unknown;
  item?: unknown;
  request?: { method?: unknown; url?: unknown } | string;
}

/**
 * Finds the requests to endpoints of the authorization server.
 *
 * @param endpoints those that are known; one that is not is found by its variable, `{{token_endpoint}}`
 * @param read gives the value of a variable
 */
export function findEndpointRequests(root: unknown, endpoints: Endpoints, read: ReadVariable): EndpointRequest[] {
  const variables = readVariables(root, read);
  const found: EndpointRequest[] = [];
  const visit = (items: unknown, path: string) => {
    if (!Array.isArray(items)) return;
    for (const item of items as (Item | null)[]) {
      const name = `${path}${String(item?.name ?? 'without a name')}`;
      visit(item?.item, `${name} / `);
      const request = item?.request;
      if (!request || typeof request === 'string' || String(request.method ?? 'GET').toUpperCase() !== 'POST') continue;
      const template = toUrl(request.url);
      const endpoint =
        ENDPOINT_NAMES.find(one => template.includes(`{{${one}}}`)) ??
        findEndpoint(resolve(template, variables), endpoints);
      if (endpoint) found.push({ endpoint, name });
    }
  };
  visit((root as Item).item, '');
  return found;
}

/** A URL is a string, or an object whose member `raw` is what Postman shows. */
const toUrl = (url: unknown): string => {
  const raw = typeof url === 'object' && url !== null ? (url as { raw?: unknown }).raw : url;
  return typeof raw === 'string' ? raw : '';
};

/** The variables of the environment, which go before those of the collection. */
function readVariables(root: unknown, read: ReadVariable): ReadVariable {
  const { variable } = root as { variable?: unknown };
  const own = new Map<string, string>();
  for (const one of Array.isArray(variable) ? (variable as ({ key?: unknown; value?: unknown } | null)[]) : []) {
    if (typeof one?.key === 'string' && typeof one.value === 'string') own.set(one.key, one.value);
  }
  return name => read(name) || own.get(name) || '';
}

function resolve(template: string, read: ReadVariable): string {
  let text = template;
  for (let round = 0; round < 20 && text.includes('{{'); round++) {
    text = text.replace(/\{\{([^{}]+)\}\}/g, (reference, name) => read(name) || reference);
  }
  return text;
}
