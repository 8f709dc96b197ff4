// A request as the steps of the script read it, and what it must not carry beside client authentication (RFC 6749 section
// 2.3). Inside the sandbox; pure.

import { ClientAuthError } from '../client-auth/errors.ts';
import { checkResolved, type Form, type PostmanBody, toForm } from './form.ts';

/** References are resolved, but for the URL and the body; what is disabled is left out, but for the body. */
export type ReadableRequest = {
  readonly method: string;
  /** As written, references and all. */
  readonly url: string;
  readonly headers: { name: string; value: string }[];
  readonly body: PostmanBody | undefined;
  /** Type of the request's own authorization, `noauth` where it has none. */
  readonly authorization: string;
};

const valuesOf = ({ headers }: ReadableRequest, name: string): string[] =>
  headers.filter(header => header.name.trim().toLowerCase() === name).map(({ value }) => value);

/** Reads the form of a request, or the shape of a body that is none. */
export const readForm = (request: ReadableRequest): Form | string =>
  toForm(request.body, valuesOf(request, 'content-type'));

/**
 * Refuses to send a header with a reference that nothing has resolved.
 *
 * @throws ClientAuthError `variable_unresolved`
 */
export const checkHeaders = ({ headers }: ReadableRequest): void => {
  for (const { name, value } of headers) checkResolved('A header', `${name}: ${value}`);
};

/**
 * Refuses authorization of the user's beside ours: "The client MUST NOT use more than one authentication method in each
 * request". Digest and the like would also send the request, and the assertion in it, a second time.
 *
 * @throws ClientAuthError `request_authenticated_twice`
 * @see RFC 6749 section 2.3
 */
export const checkAuthorization = (request: ReadableRequest): void => {
  const refuse = (what: string, remedy: string) => {
    const message = `The request must not carry ${what}: it is authenticated by one method. ${remedy}`;
    throw new ClientAuthError('request_authenticated_twice', message);
  };
  const { authorization } = request;
  if (authorization !== 'noauth') {
    refuse(`authorization of type "${authorization}"`, 'Set "No Auth" in its tab Authorization.');
  }
  const isBasic = valuesOf(request, 'authorization').some(value => /^\s*basic\b/i.test(value));
  if (isBasic) refuse('"Authorization: Basic"', 'Remove the header.');
};
