// The few members of Postman's sandbox that are used; the shapes are those that Newman 6.2.2 and the current
// postman-runtime share. https://learning.postman.com/docs/tests-and-scripts/write-scripts/postman-sandbox-reference/overview/

type PostmanHeader = { key: string; value: string; disabled?: boolean };
type PostmanBody = import('./form.ts').PostmanBody;
type PostmanResponse = { code: number; text(): string };

declare const pm: {
  readonly info: { readonly iteration: number; readonly requestId: string };
  readonly request: {
    readonly method: string;
    readonly url: { toString(): string; update(url: string): void };
    readonly headers: { all(): PostmanHeader[] };
    /** Assigned as plain data; read as an object that gives plain data. */
    body: { toJSON(): PostmanBody } | PostmanBody | undefined;
    auth: { readonly type?: string } | undefined;
  };
  readonly variables: {
    get(name: string): unknown;
    set(name: string, value: string): void;
    unset(name: string): void;
    replaceIn(template: string): unknown;
  };
  readonly execution: { skipRequest(): void };
  sendRequest(
    request: { url: string; method: 'GET'; header: { Accept: string } },
    callback: (error: unknown, response?: PostmanResponse) => void,
  ): void;
  test(name: string, assertions: () => void): void;
};

declare const console: { log(line: string): void };
declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (timer: unknown) => void;

/** Not there in Newman's sandbox. */
declare const crypto: { getRandomValues?(array: Uint8Array): Uint8Array } | undefined;
