// The few members of Postman's sandbox that are used, as types; the shapes are those that Newman 6.2.2 and the current
// postman-runtime share. https://learning.postman.com/docs/tests-and-scripts/write-scripts/postman-sandbox-reference/overview/

import type { HttpAnswer } from '../client-auth/discovery.ts';
import type { PostmanBody } from '../client-auth/form.ts';

type PostmanHeader = { key: string; value: string; disabled?: boolean };
type PostmanResponse = { code: number; text(): string };

/** A request of a script's own. */
type PostmanRequest = {
  url: string;
  method: 'GET' | 'POST';
  header: { Accept: string; 'Content-Type'?: string };
  body?: { mode: 'raw'; raw: string };
};

/** Sends one; calls back once, without an answer when there was none in so many milliseconds. */
export type Ask = (
  request: PostmanRequest,
  milliseconds: number,
  receive: (answer: HttpAnswer | undefined) => void,
) => void;

/** Variables; what is set is a variable of this run, not of the user's environment. */
export type PostmanVariables = {
  get(name: string): unknown;
  has(name: string): boolean;
  set(name: string, value: string): void;
  unset(name: string): void;
  replaceIn(template: string): unknown;
};

export type Pm = {
  readonly info: { readonly iteration: number; readonly requestId: string };
  readonly request: {
    readonly method: string;
    readonly url: { toString(): string; update(url: string): void };
    readonly headers: {
      all(): PostmanHeader[];
      has(name: string): boolean;
      add(header: PostmanHeader): void;
      remove(matches: (header: PostmanHeader) => boolean): void;
    };
    /** Assigned as plain data; read as an object that gives plain data. */
    body: { toJSON(): PostmanBody } | PostmanBody | undefined;
    auth: { readonly type?: string } | undefined;
  };
  readonly variables: PostmanVariables;
  readonly execution: { skipRequest(): void };
  /** In the Postman app; Newman has none, Postman CLI an empty one. */
  readonly vault?: { get(name: string): unknown };
  sendRequest(request: PostmanRequest, callback: (error: unknown, response?: PostmanResponse) => void): void;
  test(name: string, assertions: () => void): void;
};
