// Watches a run of Newman: hands its secrets to the redaction before any reporter sees them, and keeps what was posted.
// On the machine.

import type { Redaction } from './redaction.ts';
import type { PostedForm } from './run-refusals.ts';
import { addAuthorization, addForm, addJson, addNamed } from './run-secrets.ts';

/** The members of Newman's events that are used. */
interface Exchange {
  request?: {
    method: string;
    url: { toString(): string };
    body?: {
      mode?: string;
      raw?: string;
      urlencoded?: { all(): { key?: string; value?: string; disabled?: boolean }[] };
    };
    headers: { get(name: string): string | undefined };
  };
  response?: {
    code: number;
    responseTime?: number;
    headers: { get(name: string): string | undefined };
    text(): string;
  };
  cursor?: { iteration: number };
}

/** What the event `script` tells: the scopes and the request as the script left them, and the request of the collection. */
interface Script {
  execution?: Record<string, unknown>;
  item?: { setProtocolProfileBehavior(name: string, value: unknown): void };
}

interface Scope {
  values?: { key: string; value: unknown }[];
}

/** The fields that are sent of a request with a form. */
function toForm(request: NonNullable<Exchange['request']>): [string, string][] {
  const { body } = request;
  if (body?.mode === 'raw') return [...new URLSearchParams(body.raw ?? '')];
  if (body?.mode !== 'urlencoded') return [];
  return (body.urlencoded?.all() ?? [])
    .filter(({ disabled }) => !disabled)
    .map(({ key, value }) => [key ?? '', value ?? '']);
}

/**
 * Begins to watch.
 *
 * @returns the forms with a client_id that are posted, to be read when the run is over
 */
export function watch(emitter: NodeJS.EventEmitter, redaction: Redaction): PostedForm[] {
  const posted: PostedForm[] = [];
  emitter.prependListener('beforeRequest', (_error: unknown, { request }: Exchange) => {
    if (!request) return;
    addForm(redaction, toForm(request));
    addAuthorization(redaction, request.headers.get('authorization') ?? '');
  });
  emitter.prependListener('request', (error: unknown, { request, response, cursor }: Exchange = {}) => {
    // Newman gives a response without a status beside the error of a connection.
    const body = response?.code ? response.text() : undefined;
    if (body) addJson(redaction, body);
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
  emitter.prependListener('script', (_error: unknown, { execution, item }: Script = {}) => {
    // A redirect could take the form, and the assertion in it, to another host.
    const request = execution?.request as Exchange['request'];
    if (request && toForm(request).some(([name]) => name === 'client_id')) {
      item?.setProtocolProfileBehavior('followRedirects', false);
    }
    // Variables that scripts set: the verifier of a flow that is not over, a token that was not sent.
    for (const name of ['environment', 'globals', 'collectionVariables', '_variables']) {
      const { values } = (execution?.[name] ?? {}) as Scope;
      for (const { key, value } of Array.isArray(values) ? values : []) addNamed(redaction, key, value);
    }
  });
  return posted;
}
