// The sandbox of Postman and Newman: the only file of the post-response script that names `pm`. It reads the variables, the
// request as it was sent and the answer, and records the one test.

import type { PostmanBody } from '../client-auth/form.ts';
import type { ReadVariable } from '../client-auth/settings.ts';
import { TRACE_VARIABLE, type Trace } from '../client-auth/trace.ts';
import type { Answer } from './refusal.ts';
import type { SentRequest } from './sent-request.ts';

type Header = { key: string; value: string; disabled?: boolean };

declare const pm: {
  readonly info: { readonly iteration: number; readonly requestId: string };
  readonly request: {
    readonly method: string;
    readonly url: { toString(): string };
    readonly headers: { all(): Header[]; get(name: string): string | undefined };
    readonly body: { toJSON(): PostmanBody } | undefined;
    /** Set where the host has a certificate for this URL. */
    readonly certificate: unknown;
  };
  /** Without a code where there was no answer. */
  readonly response: { code?: number; responseTime?: number; headers: { get(name: string): string }; text(): string };
  readonly variables: {
    get(name: string): unknown;
    unset(name: string): void;
    replaceIn(template: string): unknown;
  };
  readonly visualizer: { set(template: string, data: object): void };
  sendRequest(url: string, callback: (error: unknown, response?: { code?: number; text(): string }) => void): void;
  test(name: string, assertions: () => void): void;
};

/** Reads a variable of any scope. */
export const readVariable: ReadVariable = name => {
  const text = String(pm.variables.get(name) ?? '');
  return text.includes('{{') ? String(pm.variables.replaceIn(text)) : text;
};

export const getMethod = (): string => pm.request.method;

/** The request as it was sent. */
export const readRequest = (): SentRequest => {
  const { url, headers, body, certificate } = pm.request;
  return {
    url: url.toString(),
    headers: headers
      .all()
      .filter(({ disabled }) => !disabled)
      .map(({ key, value }) => `${key.trim().toLowerCase()}:${value}`),
    body: body?.toJSON() ?? {},
    // The host shows the header that it has sent; where there is none, servers read no body.
    length: Number(headers.get('Content-Length') ?? (pm.response.code ? 0 : NaN)),
    hasCertificate: Boolean(certificate),
  };
};

/** The answer, with status 0 where there was none. */
export const readAnswer = (): Answer => {
  const { code = 0, headers, responseTime = 0 } = pm.response;
  return {
    status: code,
    date: headers.get('Date'),
    text: pm.response.text(),
    receivedAt: Date.now() / 1000,
    duration: responseTime / 1000,
  };
};

/** Takes what the pre-request script has left for this request. */
export const takeTrace = (): Trace | undefined => {
  const text = pm.variables.get(TRACE_VARIABLE) as string | undefined;
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

/** Runs the script, or a callback of it; an error of its own is a failed test too. */
export const guard = (step: () => void): void => {
  try {
    step();
  } catch (error) {
    fail(`The post-response script failed (${(error as Error).name}).`);
  }
};

/** Reads a text from a URL; calls back without it where there is none. */
export const ask = (url: string, receive: (text?: string) => void): void =>
  pm.sendRequest(url, (_error, response) => guard(() => receive(response?.code === 200 ? response.text() : undefined)));

/** Fills the tab Visualize. */
export const show = (template: string, data: object): void => pm.visualizer.set(template, data);
