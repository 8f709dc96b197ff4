// What the pre-request script leaves for the post-response script, in a variable of the run: what it saw of a request and what
// it made for it. Inside the sandbox, on both of its sides.

/** A variable of the run, not of the user's environment. */
export const TRACE_VARIABLE = 'paynet_client_auth_trace';

/** No key and no assertion is in it. */
export type Trace = {
  /** The execution that it belongs to: the id of the request and the iteration. */
  execution: string;
  /** The URL as far as it could be resolved then, without query. */
  url: string;
  /** Of the assertion that was made; undefined when none was. */
  jti: string | undefined;
  /** Whether the client was authenticated. */
  isAuthenticated: boolean;
};
