// The form of a request, on both sides: which bodies are one or can become one, and how the parameters of client
// authentication are put into it (RFC 6749 appendix B), and a request object where the form holds its claims. Pure: bodies
// come and go as plain data.

import { PARAMETER_NAMES, type Parameter } from './client-authentication.ts';
import { ClientAuthError, findUnresolvedReference, toUnresolved } from './errors.ts';
import { isClaims } from './request-object.ts';

export const CONTENT_TYPE = 'application/x-www-form-urlencoded';

/** A body as Postman stores it. */
export type PostmanBody = {
  mode?: string;
  disabled?: boolean;
  raw?: string;
  urlencoded?: PostmanField[];
  formdata?: (PostmanField & { type?: string; src?: unknown })[];
};
export type PostmanField = { key?: string | null; value?: unknown; disabled?: boolean };

/** Replaces {{NAME}} by the value of the variable, as the host will do before it sends. */
export type Resolve = (template: unknown) => string;

/** Makes a request object of its claims. */
export type SignRequest = (claims: string) => string;

export type Form = { mode: 'urlencoded'; fields: PostmanField[] } | { mode: 'raw'; text: string };

/** What a body is that is no form, and what to do, as a sentence without its end. */
export type BodyFault = { got: string; remedy: string };

/** The parts of a body that Postman would send; those of an empty form where it would send none. */
const toSent = (body: PostmanBody | undefined): PostmanBody =>
  !body?.mode || body.disabled || (body.mode === 'raw' && !body.raw?.trim()) ? { mode: 'urlencoded' } : body;

/** The media type in a header Content-Type. */
const toMediaType = (contentType: string): string => contentType.replace(/;.*/s, '').trim().toLowerCase();

/** Whether a header Content-Type is that of a form. */
export const isFormType = (contentType: string): boolean => toMediaType(contentType) === CONTENT_TYPE;

/**
 * Reads the form that a body is; a missing one is an empty form.
 *
 * @param contentTypes values of the header; of several the hosts send the last
 */
export const toForm = (body: PostmanBody | undefined, contentTypes: string[]): Form | BodyFault => {
  const types = contentTypes.filter(toMediaType);
  const isOther = !types.every(isFormType);
  const { mode, raw = '', urlencoded = [] } = toSent(body);
  const remove = 'emove the header Content-Type';
  const choose = 'Choose "x-www-form-urlencoded" in the tab Body';
  const got = 'the header Content-Type of something else';
  if (mode === 'urlencoded') return isOther ? { got, remedy: `R${remove}` } : { mode, fields: urlencoded };
  if (isOther) return { got, remedy: `${choose}, and r${remove}` };
  if (mode !== 'raw') return { got: `a body of mode "${mode}"`, remedy: choose };
  if (types.length > 0) return { mode, text: raw };
  return { got: 'a raw body without the header Content-Type of a form', remedy: choose };
};

/**
 * Makes a form of a body that is none: of the fields of a multipart form, or of the members of a JSON object.
 *
 * @returns undefined when the body has other values than text, numbers and booleans, like files or objects, or is neither
 */
export const toPlainForm = (body: PostmanBody | undefined, resolve: Resolve): Form | undefined => {
  const { mode, raw, urlencoded, formdata = [] } = toSent(body);
  if (mode === 'urlencoded') return { mode, fields: urlencoded ?? [] };
  const fields: PostmanField[] = [];
  /** Whether the value could be added. */
  const add = (key: unknown, value: unknown): boolean =>
    /^(string|number|boolean)$/.test(typeof value) && fields.push({ key: String(key ?? ''), value: String(value) }) > 0;
  const members = () => {
    const text = resolve(raw);
    const object: unknown = JSON.parse(text);
    // A number that is not in the text as it would be sent has been rounded.
    const isRounded = (value: unknown) => typeof value === 'number' && !text.includes(String(value));
    return (
      /^\s*\{/.test(text) &&
      Object.entries(object as object).every(([key, value]) => !isRounded(value) && add(key, value))
    );
  };
  try {
    const isPlain =
      mode === 'raw'
        ? members()
        : mode === 'formdata' &&
          formdata.every(
            ({ key, value, type, src, disabled }) => disabled || (type !== 'file' && !src && add(key, value ?? '')),
          );
    return isPlain ? { mode: 'urlencoded', fields } : undefined;
  } catch {
    return undefined;
  }
};

/** Gives the names of the fields that are sent. */
export const namesOf = (form: Form, resolve: Resolve): string[] =>
  form.mode === 'urlencoded'
    ? form.fields.filter(({ disabled }) => !disabled).map(({ key }) => resolve(key).trim())
    : toPairs(resolve(form.text)).map(nameOf);

/**
 * Puts the parameters into a form, each exactly once and enabled, whatever the form had under their names; what else
 * authenticates a client is removed.
 *
 * @returns the new body
 * @throws ClientAuthError `variable_unresolved`, or what `signRequest` throws
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
      if (isAuthentication(name)) return [];
      if (field.disabled) return [field];
      const value = resolve(field.value);
      checkResolved('The form', `${name} ${value}`);
      const request = toRequest(name, value);
      return [request ? { key: name, value: request } : field];
    });
    return { mode: 'urlencoded', urlencoded: [...others, ...parameters] };
  }
  const others = toPairs(resolve(form.text)).flatMap(pair => {
    const name = nameOf(pair);
    if (pair === '' || isAuthentication(name)) return [];
    checkResolved('The form', pair);
    const request = toRequest(name, decode(pair.replace(/^[^=]*=?/, '')));
    return [request ? `${name}=${request}` : pair];
  });
  const ours = parameters.map(({ key, value }) => `${key}=${encodeURIComponent(value)}`);
  return { mode: 'raw', raw: [...others, ...ours].join('&') };
};

/**
 * Refuses to send a reference that nothing has resolved.
 *
 * @param place where in the request the text is, as the message begins
 * @throws ClientAuthError `variable_unresolved`
 */
export const checkResolved = (place: string, text: string, remedy = 'Set that variable, or remove it.'): void => {
  const name = findUnresolvedReference(text);
  if (!name) return;
  throw new ClientAuthError('variable_unresolved', `${place} holds ${toUnresolved(name)}. ${remedy}`, name);
};

/** Whether a parameter authenticates a client, or says which. */
export const isAuthentication = (name: string): boolean =>
  name === 'client_secret' || (PARAMETER_NAMES as readonly string[]).includes(name);

/** The pairs of a form. Whitespace between them comes from one that was pasted in several lines; a form has none. */
export const toPairs = (text: string): string[] => text.split('&').map(pair => pair.trim());

/** The name in a pair. */
export const nameOf = (pair: string): string => decode(pair.replace(/=.*$/s, ''));

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text.replace(/\+/g, ' ')).trim();
  } catch {
    return text;
  }
};
