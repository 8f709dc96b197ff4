// A request as script and command line read it: its form, and what it holds that does not go with client authentication,
// which is refused or replaced. Pure, on both sides: the request is an argument.

import { ClientAuthError, mustBe } from './errors.ts';
import {
  type BodyFault,
  CONTENT_TYPE,
  checkResolved,
  type Form,
  isAuthentication,
  isFormType,
  nameOf,
  namesOf,
  type PostmanBody,
  type Resolve,
  toForm,
  toPairs,
  toPlainForm,
} from './form.ts';

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

/** Something of a request that does not go with client authentication. */
export type Obstacle = {
  /** In words, for a line that says what was replaced. */
  what: string;
  /** Whether it can be taken out, or made a form of. */
  canReplace: boolean;
  /** `request_authenticated_twice` or `request_body_invalid` */
  refusal: ClientAuthError;
};

const toLower = (name: string): string => name.trim().toLowerCase();

/**
 * Whether a header is not sent with the form that is written: its length is another, its type that of a form, and the client
 * is not authenticated by Basic.
 *
 * @see RFC 9110 section 8.6
 */
export const isDropped = (name: string, value: string): boolean => {
  const lower = toLower(name);
  if (lower === 'authorization') return /^\s*basic\b/i.test(value);
  return lower === 'content-length' || (lower === 'content-type' && !isFormType(value));
};

/** Reads the body of a request as the form that it is. */
const readBody = ({ headers, body }: ReadableRequest): Form | BodyFault =>
  toForm(
    body,
    headers.filter(({ name }) => toLower(name) === 'content-type').map(({ value }) => value),
  );

/**
 * Reads the names of the parameters that a request sends; of a form without its Content-Type too. None where the body can't become a
 * form.
 */
export const readNames = (request: ReadableRequest, resolve: Resolve): string[] => {
  const body = readBody(request);
  const form = 'mode' in body ? body : toPlainForm(request.body, resolve);
  return namesOf(form ?? { mode: 'raw', text: request.body?.raw ?? '' }, resolve);
};

/** Whether the body of a request is a form. */
export const hasForm = (request: ReadableRequest): boolean => 'mode' in readBody(request);

/** Cuts user information out of a URL. Hosts make Basic of it. */
export const withoutUser = (url: string): string => url.replace(/^(\s*https?:\/\/)[^/?#]*@/i, '$1');

/** Cuts out of a URL what authenticates a client; the other parameters stay as they are. */
export const withoutAuthentication = (url: string): string =>
  withoutUser(url).replace(/\?[^#]*/, query => {
    const others = query
      .slice(1)
      .split('&')
      .filter(pair => !isAuthentication(nameOf(pair)));
    return others.length > 0 ? `?${others.join('&')}` : '';
  });

const OR_REPLACE = ', or set existing_client_authentication to replace.';

/** "The client MUST NOT use more than one authentication method in each request" (RFC 6749 section 2.3). */
const twice = (place: string, what: string, remedy = 'Remove it'): Obstacle => {
  const message = `${place} must not hold ${what}: a request is authenticated by one method. ${remedy}${OR_REPLACE}`;
  return { what, canReplace: true, refusal: new ClientAuthError('request_authenticated_twice', message) };
};

/**
 * Finds all that does not go with client authentication in a request to an endpoint: other authentication of the client, in
 * the query too, where servers and proxies write it down, and a body that is no form. Digest and the like would also send the
 * request, and the assertion in it, a second time.
 *
 * @param url of the request, references resolved
 * @returns also the form that the body is, or becomes; undefined when it can't
 * @see RFC 6749 section 2.3
 */
export const findObstacles = (
  request: ReadableRequest,
  url: string,
  resolve: Resolve,
): [obstacles: Obstacle[], form: Form | undefined] => {
  const { authorization, headers } = request;
  const obstacles = toPairs(url.replace(/^[^?#]*\??|#.*$/gs, ''))
    .map(nameOf)
    .filter(isAuthentication)
    .map(name => twice('The URL', `"${name}"`));
  if (withoutUser(url) !== url) obstacles.push(twice('The URL', 'a user name'));
  let form: Form | undefined;
  const body = readBody(request);
  if ('mode' in body) form = body;
  else {
    const { got, remedy } = body;
    form = toPlainForm(request.body, resolve);
    const refusal = mustBe('request_body_invalid', 'body', CONTENT_TYPE, got, remedy + (form ? OR_REPLACE : '.'));
    obstacles.push({ what: got, canReplace: !!form, refusal });
  }
  if (authorization !== 'noauth') {
    const remedy = 'Set "No Auth" in its tab Authorization';
    obstacles.push(twice('The request', `authorization of type "${authorization}"`, remedy));
  }
  if (headers.some(({ name, value }) => toLower(name) === 'authorization' && isDropped(name, value))) {
    obstacles.push(twice('The request', 'Basic in a header', 'Remove the header'));
  }
  if (form && namesOf(form, resolve).includes('client_secret')) obstacles.push(twice('The form', '"client_secret"'));
  return [obstacles, form];
};

/**
 * Checks a request to an endpoint before it is authenticated.
 *
 * @param url of the request, references resolved
 * @param replaces whether what can be replaced is
 * @returns its form, and notes of what was replaced, for the console
 * @throws ClientAuthError `request_authenticated_twice`, `request_body_invalid`, `variable_unresolved`
 */
export const checkRequest = (
  request: ReadableRequest,
  url: string,
  resolve: Resolve,
  replaces: boolean,
): [form: Form, notes: string[]] => {
  const [obstacles, form] = findObstacles(request, url, resolve);
  const refused = obstacles.find(({ canReplace }) => !(replaces && canReplace));
  if (refused) throw refused.refusal;
  checkResolved('The URL', withoutAuthentication(url));
  for (const { name, value } of request.headers) {
    if (!isDropped(name, value)) checkResolved('A header', `${name}: ${value}`);
  }
  return [form as Form, obstacles.map(({ what }) => `replaced ${what}`)];
};
