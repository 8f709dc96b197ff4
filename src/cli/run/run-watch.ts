// Watches a run of Newman: hands its secrets to the redaction before any reporter sees them, and keeps what was posted.
// On the machine.

import type { Redaction } from '../secrets/redaction.ts';
import { addFrom, addNamed } from '../secrets/run-secrets.ts';
import type { PostedForm } from './run-refusals.ts';

/** The members of Newman's events that are used. */
interface Exchange {
  request?: Request;
  response?: {
    code: number;
    responseTime?: number;
    headers: Headers;
    text(): string;
  };
  cursor?: { iteration: number };
}

interface Request {
  method: string;
  url: { toString(): string };
  body?: {
    mode?: string;
    raw?: string;
    urlencoded?: List<Field>;
    formdata?: List<Field>;
    graphql?: unknown;
  };
  headers: Headers;
  certificate?: object;
}

interface Headers extends List<{ key?: string; value?: string }> {
  get(name: string): string | undefined;
}

interface List<T> {
  all(): T[];
}

type Field = { key?: string; value?: unknown; disabled?: boolean };

/** What the event `script` tells: the scopes and the request as the script left them, and the request of the collection. */
interface Script {
  execution?: Partial<Record<(typeof SCOPES)[number], { values?: List<{ key: string; value: unknown }> }>> & {
    data?: Record<string, unknown>;
    request?: Request;
  };
  item?: { setProtocolProfileBehavior(name: string, value: unknown): void };
}

const SCOPES = ['environment', 'globals', 'collectionVariables', '_variables'] as const;

/** The fields that are sent of a request with a form. */
function toForm({ body }: Request): [string, string][] {
  if (body?.mode === 'raw') return [...new URLSearchParams(body.raw ?? '')];
  if (body?.mode !== 'urlencoded') return [];
  return (body.urlencoded?.all() ?? [])
    .filter(({ disabled }) => !disabled)
    .map(({ key, value }) => [key ?? '', String(value ?? '')]);
}

function addRequest(redaction: Redaction, request: Request): void {
  const { body, headers, url } = request;
  const fields = [...(body?.urlencoded?.all() ?? []), ...(body?.formdata?.all() ?? [])];
  for (const { key = '', value } of fields) addNamed(redaction, key, value);
  if (body?.mode === 'raw') for (const [name, value] of toForm(request)) addNamed(redaction, name, value);
  addNamed(redaction, '', body?.raw);
  addNamed(redaction, '', body?.graphql);
  addFrom(redaction, url.toString());
  addHeaders(redaction, headers);
}

function addHeaders(redaction: Redaction, headers: Headers): void {
  for (const { key = '', value = '' } of headers.all()) {
    const token = /^authorization$/i.test(key) && /^(?:Bearer|DPoP)\s+(\S+)\s*$/i.exec(value.trim())?.[1];
    if (token) addNamed(redaction, 'access_token', token);
    const basic = /^authorization$/i.test(key) && /^Basic\s+(\S+)\s*$/i.exec(value.trim())?.[1];
    // RFC 7617 section 2: name and password with a colon between them.
    if (basic)
      for (const one of [basic, decodeBase64(basic).replace(/^[^:]*:/, '')]) addNamed(redaction, 'password', one);
    addNamed(redaction, key, value);
  }
}

const decodeBase64 = (text: string): string => Buffer.from(text, 'base64').toString();

/** The passphrase of the transport certificate, which may be too short to be found in a text: Newman shows it with a request. */
function hidePassphrase({ certificate }: Request): void {
  if (certificate && 'passphrase' in certificate) {
    Object.defineProperty(certificate, 'passphrase', { enumerable: false });
  }
}

/**
 * Begins to watch.
 *
 * @returns the forms with a client_id that are posted, to be read when the run is over
 */
export function watch(emitter: NodeJS.EventEmitter, redaction: Redaction): PostedForm[] {
  const posted: PostedForm[] = [];
  // Most variables are the same after a script as before it.
  const known = new Map<string, unknown>();
  const addVariable = (scope: string, name: string, value: unknown) => {
    if (known.get(`${scope} ${name}`) === value) return;
    known.set(`${scope} ${name}`, value);
    addNamed(redaction, name, value);
  };
  emitter.prependListener('console', (_error: unknown, { messages = [] }: { messages?: unknown[] } = {}) => {
    for (const message of messages) addNamed(redaction, '', message);
  });
  emitter.prependListener('beforeRequest', (_error: unknown, { request }: Exchange) => {
    if (!request) return;
    addRequest(redaction, request);
    hidePassphrase(request);
  });
  emitter.prependListener('request', (error: unknown, { request, response, cursor }: Exchange = {}) => {
    if (request) {
      addRequest(redaction, request);
      hidePassphrase(request);
    }
    // Newman gives a response without a status beside the error of a connection.
    const body = response?.code ? response.text() : undefined;
    if (body) addFrom(redaction, body);
    if (response?.headers) addHeaders(redaction, response.headers);
    if (request?.method !== 'POST') return;
    const form = new URLSearchParams(toForm(request));
    if (!form.has('client_id')) return;
    posted.push({
      url: request.url.toString(),
      form: form.toString(),
      status: response?.code,
      body,
      date: response?.headers?.get('date'),
      age: response?.headers?.get('age'),
      iteration: cursor?.iteration ?? 0,
      receivedAt: Date.now(),
      duration: response?.responseTime,
      connectionError: error,
    });
  });
  // The first script of a request is ours, which logs no secret: what others log of their variables is known before.
  emitter.prependListener('script', (_error: unknown, { execution = {}, item }: Script = {}) => {
    const { request, data = {} } = execution;
    if (request) addRequest(redaction, request);
    // A redirect could take the form, and the assertion in it, to another host.
    if (request && toForm(request).some(([name]) => name === 'client_id')) {
      item?.setProtocolProfileBehavior('followRedirects', false);
    }
    for (const scope of SCOPES) {
      for (const { key, value } of execution[scope]?.values?.all() ?? []) addVariable(scope, key, value);
    }
    for (const [name, value] of Object.entries(data)) addVariable('data', name, value);
  });
  return posted;
}
