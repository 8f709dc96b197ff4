// The form of a request, inside the sandbox: which bodies are one, and how the parameters of client authentication are put
// into it (RFC 6749 appendix B), and a request object where the form holds its claims. Pure: bodies come and go as plain data.

import { PARAMETER_NAMES, type Parameter } from '../client-auth/client-authentication.ts';
import { ClientAuthError, findUnresolvedReference, mustBe, toUnresolved } from '../client-auth/errors.ts';
import { isClaims } from '../client-auth/request-object.ts';

const CONTENT_TYPE = 'application/x-www-form-urlencoded';

/** A body as Postman stores it. */
export type PostmanBody = { mode?: string; disabled?: boolean; raw?: string; urlencoded?: PostmanField[] };
export type PostmanField = { key?: string | null; value?: string | null; disabled?: boolean };

/** Replaces {{NAME}} by the value of the variable, as the host will do before it sends. */
export type Resolve = (template: unknown) => string;

/** Makes a request object of its claims. */
export type SignRequest = (claims: string) => string;

export type Form = { mode: 'urlencoded'; fields: PostmanField[] } | { mode: 'raw'; text: string };

/**
 * Reads the form that a body is; a missing one is an empty form.
 *
 * @param contentTypes values of the header; of several the hosts send the last
 * @returns the form, or the shape of a body that is none
 */
export const toForm = (body: PostmanBody | undefined, contentTypes: string[]): Form | string => {
  const mediaTypes = contentTypes.map(type => type.replace(/;.*/s, '').trim().toLowerCase()).filter(type => type);
  if (mediaTypes.some(type => type !== CONTENT_TYPE)) return 'the header Content-Type of something else';
  if (!body || body.disabled || !body.mode) return { mode: 'urlencoded', fields: [] };
  if (body.mode === 'urlencoded') return { mode: 'urlencoded', fields: body.urlencoded ?? [] };
  if (body.mode !== 'raw') return `a body of mode "${body.mode}"`;
  if (!body.raw?.trim()) return { mode: 'urlencoded', fields: [] };
  return mediaTypes.length > 0
    ? { mode: 'raw', text: body.raw }
    : 'a raw body without the header Content-Type of a form';
};

/** Makes the error of a body that is no form: `request_body_invalid`. */
export const noForm = (got: string): ClientAuthError =>
  mustBe('request_body_invalid', 'body', CONTENT_TYPE, got, 'Choose "x-www-form-urlencoded" in the tab Body.');

/**
 * Puts the parameters into a form, each exactly once and enabled, whatever the form had under their names; parameters of
 * client authentication that are not given are removed.
 *
 * @returns the new body
 * @throws ClientAuthError `request_authenticated_twice`, `variable_unresolved`, or what `signRequest` throws
 * @see RFC 7523 section 2.2, RFC 6749 section 2.3
 */
export const putParameters = (
  form: Form,
  parameters: Parameter[],
  resolve: Resolve,
  signRequest: SignRequest,
): PostmanBody => {
  /** The request object that a parameter has to become, if it has to. */
  const toRequest = (name: string, value: string): string | undefined =>
    name === 'request' && isClaims(value.trim()) ? signRequest(value) : undefined;
  if (form.mode === 'urlencoded') {
    const others = form.fields.flatMap(field => {
      const name = resolve(field.key).trim();
      if (isParameter(name)) return [];
      if (field.disabled) return [field];
      const value = resolve(field.value);
      checkOther(name, `${name} ${value}`);
      const request = toRequest(name, value);
      return [request ? { key: name, value: request } : field];
    });
    return { mode: 'urlencoded', urlencoded: [...others, ...parameters] };
  }
  // Whitespace between the pairs comes from a form that was pasted in several lines; a form of its own has none.
  const others = resolve(form.text)
    .split('&')
    .map(pair => pair.trim())
    .flatMap(pair => {
      const name = decode(pair.replace(/=.*$/s, ''));
      if (pair === '' || isParameter(name)) return [];
      checkOther(name, pair);
      const request = toRequest(name, decode(pair.replace(/^[^=]*=?/, '')));
      return [request ? `${name}=${request}` : pair];
    });
  const ours = parameters.map(({ key, value }) => `${key}=${encodeURIComponent(value)}`);
  return { mode: 'raw', raw: [...others, ...ours].join('&') };
};

/** Makes the error of a request that would authenticate the client a second time: `request_authenticated_twice`. */
export const authenticatedTwice = (place: string, what: string, remedy = 'Remove it.'): ClientAuthError =>
  new ClientAuthError(
    'request_authenticated_twice',
    `${place} must not hold ${what}: a request is authenticated by one method. ${remedy}`,
  );

/**
 * Refuses to send a reference that nothing has resolved.
 *
 * @param place where in the request the text is, as the message begins
 * @throws ClientAuthError `variable_unresolved`
 */
export const checkResolved = (place: string, text: string): void => {
  const name = findUnresolvedReference(text);
  if (!name) return;
  const message = `${place} holds ${toUnresolved(name)}. Set that variable, or remove it.`;
  throw new ClientAuthError('variable_unresolved', message, name);
};

/**
 * Refuses parameters of client authentication in the query of a URL, where servers and proxies write them down.
 *
 * @throws ClientAuthError `request_authenticated_twice`
 * @see RFC 6749 section 2.3.1
 */
export const checkQuery = (url: string): void => {
  const names = url
    .replace(/^[^?#]*\??|#.*$/gs, '')
    .split('&')
    .map(pair => decode(pair.replace(/=.*$/s, '')));
  const found = names.find(name => name === 'client_secret' || isParameter(name));
  if (found) throw authenticatedTwice('The URL', `"${found}"`);
};

const isParameter = (name: string): boolean => (PARAMETER_NAMES as readonly string[]).includes(name);

/** What else is sent must not authenticate the client a second time, nor hold a variable that is not set. */
const checkOther = (name: string, text: string): void => {
  if (name === 'client_secret') throw authenticatedTwice('The form', '"client_secret"');
  checkResolved('The form', text);
};

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text.replace(/\+/g, ' ')).trim();
  } catch {
    return text;
  }
};
