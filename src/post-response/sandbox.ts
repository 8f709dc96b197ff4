// The sandbox of Postman and Newman: the only file of the post-response script that names `pm`. It reads the variables, the
// request as it was sent and the answer, and records the one test.

import type { ReadVariable } from '../client-auth/settings.ts';
import { TRACE_VARIABLE, type Trace } from '../client-auth/trace.ts';
import type { Answer } from './refusal.ts';
import type { SentRequest } from './sent-request.ts';

type Header = { key: string; value: string };
type Field = { key?: string | null; value?: string | null; disabled?: boolean };

declare const pm: {
  readonly info: { readonly iteration: number; readonly requestId: string };
  readonly request: {
    readonly method: string;
    readonly url: { toString(): string };
    readonly headers: { all(): Header[] };
    readonly body: { toJSON(): { mode?: string; disabled?: boolean; raw?: string; urlencoded?: Field[] } } | undefined;
    /** Set where the host has a certificate for this URL. */
    readonly certificate: unknown;
  };
  /** Without a code where there was no answer. */
  readonly response:
    | { code?: number; responseTime: number; headers: { get(name: string): string }; text(): string }
    | undefined;
  readonly variables: {
    get(name: string): unknown;
    unset(name: string): void;
    replaceIn(template: string): unknown;
  };
  readonly visualizer: { set(template: string, data: object): void };
  test(name: string, assertions: () => void): void;
};

/** Reads a variable of any scope. */
export const readVariable: ReadVariable = name => {
  const value = pm.variables.get(name) ?? '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.includes('{{') ? String(pm.variables.replaceIn(text)) : text;
};

export const getMethod = (): string => pm.request.method;

/** The request as it was sent. */
export const readRequest = (): SentRequest => {
  const { url, headers, body, certificate } = pm.request;
  return {
    url: url.toString(),
    headers: headers.all().map(({ key, value }) => ({ name: key.trim().toLowerCase(), value: String(value) })),
    body: body?.toJSON(),
    hasCertificate: Boolean(certificate),
  };
};

/** The answer; undefined where there was none. */
export const readAnswer = (): Answer | undefined => {
  const { response } = pm;
  return response?.code
    ? {
        status: response.code,
        date: response.headers.get('Date'),
        text: response.text(),
        receivedAt: Date.now() / 1000,
        duration: response.responseTime / 1000,
      }
    : undefined;
};

/** Takes what the pre-request script has left for this request. */
export const takeTrace = (): Trace | undefined => {
  const text = String(pm.variables.get(TRACE_VARIABLE) ?? '');
  if (!text) return undefined;
  pm.variables.unset(TRACE_VARIABLE);
  const trace = JSON.parse(text) as Trace;
  return trace.execution === `${pm.info.requestId} ${pm.info.iteration}` ? trace : undefined;
};

/** Records the test that fails with this message. */
export const fail = (message: string): void =>
  pm.test('client authentication', () => {
    throw new Error(message);
  });

export const show = (template: string, data: object): void => pm.visualizer.set(template, data);
