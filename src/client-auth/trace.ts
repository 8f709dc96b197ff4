// What the pre-request script leaves for the post-response script, in a variable of the run: what it saw of a request and what
// it made for it. Both are inside the sandbox.

import type { Authentication } from './client-authentication.ts';

/** A variable of the run, not of the user's environment. */
export const TRACE_VARIABLE = 'paynet_client_auth_trace';

/** No key and no assertion is in it. */
export type Trace = {
  /** The execution that it belongs to: the id of the request and the iteration. */
  execution: string;
  /** The URL as far as it could be resolved then, without query. */
  url: string;
  /** Whether the client was authenticated. */
  isAuthenticated: boolean;
  /** What was made with `private_key_jwt`; times in seconds since the Unix epoch. */
  assertion: TracedAssertion | undefined;
};

export type TracedAssertion = {
  kid: string;
  aud: string;
  iat: number;
  /** What can be shown of it, in words. */
  text: string;
  /** The last characters of its claims, in base64url: most of the `jti`. */
  tail: string;
};

/** Gives what is left of an authentication. */
export const toTraced = ({ parameters, assertion }: Authentication): TracedAssertion | undefined => {
  if (!assertion) return undefined;
  const { kid, claims } = assertion;
  const { iss, aud, iat } = claims;
  return { kid, aud, iat, text: `kid=${kid} aud=${aud} iss=${iss}`, tail: toTail(parameters[2]?.value) };
};

/** Gives the last characters of the claims of a whole assertion, whose signature has 256 bytes or more; else nothing. */
export const toTail = (assertion = ''): string => /^[\w-]+\.[\w-]*([\w-]{40})\.[\w-]{342,}$/.exec(assertion)?.[1] ?? '';
