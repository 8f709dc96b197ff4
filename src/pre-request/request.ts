// A request as the steps of the script read it, inside the sandbox: its form, and what it must not hold beside client
// authentication. Pure: the request is an argument.

import type { ClientAuthError } from '../client-auth/errors.ts';
import { authenticatedTwice, checkQuery, checkResolved, type Form, noForm, type PostmanBody, toForm } from './form.ts';

/** References are resolved, but for those of URL and body; what is disabled is left out, but for that of the body. */
export type ReadableRequest = {
  readonly method: string;
  /** As written, with its references. */
  readonly url: string;
  readonly headers: { name: string; value: string }[];
  readonly body: PostmanBody | undefined;
  /** Type of the request's own authorization, `noauth` where it has none. */
  readonly authorization: string;
};

const valuesOf = ({ headers }: ReadableRequest, name: string): string[] =>
  headers.filter(header => header.name.trim().toLowerCase() === name).map(({ value }) => value);

/** Reads the form of a request, or the refusal of a body that is none. */
export const readForm = (request: ReadableRequest): Form | ClientAuthError => {
  const form = toForm(request.body, valuesOf(request, 'content-type'));
  return typeof form === 'string' ? noForm(form) : form;
};

/**
 * Refuses authorization of the user's beside ours: "The client MUST NOT use more than one authentication method in each
 * request". Digest and the like would also send the request, and the assertion in it, a second time.
 */
const checkAuthorization = (request: ReadableRequest): void => {
  const { authorization } = request;
  if (authorization !== 'noauth') {
    const what = `authorization of type "${authorization}"`;
    throw authenticatedTwice('The request', what, 'Set "No Auth" in its tab Authorization.');
  }
  const isBasic = valuesOf(request, 'authorization').some(value => /^\s*basic\b/i.test(value));
  if (isBasic) throw authenticatedTwice('The request', '"Authorization: Basic"', 'Remove the header.');
};

/**
 * Checks a request to an endpoint before it is authenticated.
 *
 * @param url of the request, references resolved
 * @returns its form
 * @throws ClientAuthError `request_authenticated_twice`, `request_body_invalid`, `variable_unresolved`
 * @see RFC 6749 section 2.3
 */
export const checkRequest = (request: ReadableRequest, url: string): Form => {
  checkQuery(url);
  checkResolved('The URL', url);
  for (const { name, value } of request.headers) checkResolved('A header', `${name}: ${value}`);
  const form = readForm(request);
  if (form instanceof Error) throw form;
  checkAuthorization(request);
  return form;
};
