// The few members of Postman's sandbox that are used, as types; the shapes are those that Newman 6.2.2 and the current
// postman-runtime share. https://learning.postman.com/docs/tests-and-scripts/write-scripts/postman-sandbox-reference/overview/

import type { PostmanBody } from '../client-auth/form.ts';

type PostmanHeader = { key: string; value: string; disabled?: boolean };
type PostmanResponse = { code: number; text(): string };

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
    readonly headers: { all(): PostmanHeader[]; remove(matches: (header: PostmanHeader) => boolean): void };
    /** Assigned as plain data; read as an object that gives plain data. */
    body: { toJSON(): PostmanBody } | PostmanBody | undefined;
    auth: { readonly type?: string } | undefined;
  };
  readonly variables: PostmanVariables;
  readonly execution: { skipRequest(): void };
  /** In the Postman app; Newman has none, Postman CLI an empty one. */
  readonly vault?: { get(name: string): unknown };
  sendRequest(
    request: { url: string; method: 'GET'; header: { Accept: string } },
    callback: (error: unknown, response?: PostmanResponse) => void,
  ): void;
  test(name: string, assertions: () => void): void;
};
