// What a run posted to an authorization server: the forms with a client_id, and what came back. On the machine.

import type { EventEmitter } from 'node:events';

/** A form that was posted, and what came back. */
export interface PostedForm {
  url: string;
  form: string;
  /** HTTP status; undefined when the connection failed. */
  status: number | undefined;
  body: string | undefined;
  /** Headers `Date` and `Age` of the answer. */
  date: string | undefined;
  age: string | undefined;
  /** The iteration of the run it was in, from 0. */
  iteration: number;
  /** Milliseconds since the Unix epoch. */
  receivedAt: number;
  /** Milliseconds from sending to the answer. */
  duration: number | undefined;
  /** The error of a connection that failed. */
  connectionError: unknown;
  /** Whether it went to an endpoint of the authorization server, with client authentication. */
  isAuthenticated: boolean;
}

/** The members of Newman's events that are used. */
interface Exchange {
  request?: PostedRequest;
  response?: {
    code: number;
    responseTime?: number;
    headers: { get(name: string): string | undefined };
    text(): string;
  };
  cursor?: { iteration: number };
}

/** The members of a request that are used. */
export interface PostedRequest {
  method: string;
  url: { toString(): string };
  headers?: { get(name: string): unknown };
  body?: { mode?: string; raw?: string; urlencoded?: { all(): Field[] } };
}

type Field = { key?: string; value?: unknown; disabled?: boolean };

/** The fields that are sent of a request with a form. */
export function toForm({ body }: PostedRequest): URLSearchParams {
  if (body?.mode === 'raw') return new URLSearchParams(body.raw ?? '');
  const fields = body?.mode === 'urlencoded' ? (body.urlencoded?.all() ?? []) : [];
  const sent = fields.filter(({ disabled }) => !disabled);
  return new URLSearchParams(sent.map(({ key, value }): [string, string] => [key ?? '', String(value ?? '')]));
}

/**
 * Collects the forms with a client_id that Newman posts.
 *
 * @param isAuthenticated whether a request goes to an endpoint, and authenticates the client
 * @returns the forms, to be read when the run is over
 */
export function collectPostedForms(
  newman: EventEmitter,
  isAuthenticated: (request: PostedRequest) => boolean,
): PostedForm[] {
  const posted: PostedForm[] = [];
  newman.on('request', (error: unknown, { request, response, cursor }: Exchange = {}) => {
    if (request?.method !== 'POST') return;
    const form = toForm(request);
    if (!form.has('client_id')) return;
    posted.push({
      url: request.url.toString(),
      form: form.toString(),
      // Newman gives a response without a status beside the error of a connection.
      status: response?.code,
      body: response?.code ? response.text() : undefined,
      date: response?.headers?.get('date'),
      age: response?.headers?.get('age'),
      iteration: cursor?.iteration ?? 0,
      receivedAt: Date.now(),
      duration: response?.responseTime,
      connectionError: error,
      isAuthenticated: isAuthenticated(request),
    });
  });
  return posted;
}
