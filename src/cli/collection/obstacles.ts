// What requests of a collection to endpoints hold that does not go with client authentication: what the script will refuse, or
// replace, by the text of the collection. Pure, on the machine.

import type { EndpointName } from '../../client-auth/authorization-server.ts';
import type { PostmanBody, PostmanField } from '../../client-auth/form.ts';
import { findObstacles, type ReadableRequest } from '../../client-auth/request.ts';
import { isObject, type Json } from './findings.ts';
import type { EndpointRequest } from './requests.ts';

/** A request to an endpoint, and what the script finds in it. */
export interface RequestFinding {
  code: 'request_refused' | 'request_replaced';
  endpoint: EndpointName;
  /** Name of the request, after those of its folders. */
  name: string;
  /** Each in words. */
  found: string[];
  /** Whether the script can replace it, if it is told to. */
  canReplace: boolean;
}

type Resolve = (template: unknown) => string;

const toList = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** Headers are a list, or the text of all. */
function toHeaders(header: unknown, resolve: Resolve): ReadableRequest['headers'] {
  const all = typeof header === 'string' ? header.split('\n').map(toHeader) : toList(header);
  return all
    .filter(({ disabled }) => !disabled)
    .map(({ key, value }) => ({ name: resolve(key), value: resolve(value) }));
}

const toHeader = (line: string): Json => {
  const [key = '', ...value] = line.split(':');
  return { key, value: value.join(':') };
};

/** A body without what is not as the format has it. */
function toBody(body: unknown): PostmanBody | undefined {
  if (!isObject(body) || typeof body.mode !== 'string') return undefined;
  return {
    mode: body.mode,
    disabled: Boolean(body.disabled),
    raw: typeof body.raw === 'string' ? body.raw : '',
    urlencoded: toList(body.urlencoded) as PostmanField[],
    formdata: toList(body.formdata) as PostmanField[],
  };
}

/** Finds the requests to endpoints that the script will refuse, or replace something of. */
export function findRequestFindings(requests: EndpointRequest[]): RequestFinding[] {
  return requests.flatMap(({ endpoint, name, request: { header, body, auth }, url, resolve }) => {
    const readable: ReadableRequest = {
      method: 'POST',
      url,
      headers: toHeaders(header, resolve),
      body: toBody(body),
      // What a request inherits is never sent beside client authentication.
      authorization: isObject(auth) && typeof auth.type === 'string' ? auth.type : 'noauth',
    };
    const [obstacles] = findObstacles(readable, url, resolve);
    if (obstacles.length === 0) return [];
    const canReplace = obstacles.every(one => one.canReplace);
    const isReplaced = canReplace && resolve('{{existing_client_authentication}}').trim() === 'replace';
    const found = obstacles.map(({ what }) => what);
    return { code: isReplaced ? 'request_replaced' : 'request_refused', endpoint, name, found, canReplace };
  });
}
