// The form of a request, on both sides: which bodies are one or can become one, and how the parameters of client
// authentication are put into it (RFC 6749 appendix B), and a request object where the form holds its claims. Pure: bodies
// come and go as plain data.

import { PARAMETER_NAMES, type Parameter } from './client-authentication.ts';
import { decodePercent } from './encoding.ts';
import { ClientAuthError, findUnresolvedReference, toUnresolved } from './errors.ts';
import { isClaims } from './request-object.ts';

export const CONTENT_TYPE = 'application/x-www-form-urlencoded';

/** A body as Postman stores it. */
export type PostmanBody = {
  mode?: string;
  disabled?: boolean;
  raw?: string;
  urlencoded?: PostmanField[];
  formdata?: MultipartField[];
};
export type PostmanField = { key?: string | null; value?: unknown; disabled?: boolean };
type MultipartField = PostmanField & { type?: string; src?: unknown };

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

/** Whether a header Content-Type is that of a form, or of nothing. */
export const isFormType = (contentType: string): boolean =>
  ['', CONTENT_TYPE].includes(contentType.replace(/;.*/s, '').trim().toLowerCase());

/**
 * Reads the form that a body is; a missing one is an empty form.
 *
 * @param contentTypes values of the header; of several the hosts send the last
 */
export const toForm = (body: PostmanBody | undefined, contentTypes: string[]): Form | BodyFault => {
  const { mode, raw = '', urlencoded = [] } = toSent(body);
  const isForm = mode === 'urlencoded';
  const choose = isForm ? '' : 'Choose "x-www-form-urlencoded" in the tab Body';
  if (!contentTypes.every(isFormType)) {
    const remedy = `${choose && `${choose}. `}Remove the header Content-Type`;
    return { got: 'the header Content-Type of something else', remedy };
  }
  if (isForm) return { mode, fields: urlencoded };
  if (mode === 'raw' && contentTypes.some(type => type.trim())) return { mode, text: raw };
  return { got: `a body of mode "${mode}"`, remedy: choose };
};

/**
 * Makes a form of a body that is none: of the fields of a multipart form, or of the members of a JSON object.
 *
 * @returns undefined when the body has other values than text, numbers and booleans, like files or objects, or is neither
 */
export const toPlainForm = (body: PostmanBody | undefined, resolve: Resolve): Form | undefined => {
  const { mode, raw, urlencoded = [], formdata = [] } = toSent(body);
  if (mode === 'urlencoded') return { mode, fields: urlencoded };
  const fields: MultipartField[] | undefined =
    mode === 'raw' ? toMembers(resolve(raw)) : mode === 'formdata' ? formdata.filter(one => !one.disabled) : undefined;
  return fields?.every(({ type, src, value }) => type !== 'file' && !src && PLAIN_TYPES.test(typeof value))
    ? { mode: 'urlencoded', fields: fields.map(({ key = '', value }) => ({ key, value: `${value}` })) }
    : undefined;
};

const PLAIN_TYPES = /^(string|number|boolean)$/;

/** The members of a JSON object; undefined for other text. */
const toMembers = (text: string): PostmanField[] | undefined => {
  try {
    return Object.entries(JSON.parse(/^\s*\{/.test(text) ? text : '')).map(([key, value]) => ({ key, value }));
  } catch {
    return undefined;
  }
};

/** A field of a form, as it is and as it is sent. */
type Entry = { item: PostmanField | string; isOff: boolean | undefined; name: string; value: string };

const toEntries = (form: Form, resolve: Resolve): Entry[] =>
  form.mode === 'urlencoded'
    ? form.fields.map(item => ({
        item,
        isOff: item.disabled,
        name: resolve(item.key).trim(),
        value: resolve(item.value),
      }))
    : toPairs(resolve(form.text)).map(item => ({
        item,
        isOff: false,
        name: nameOf(item),
        value: decode(item.replace(/^[^=]*=?/, '')),
      }));

/** Gives the names of the fields that are sent. */
export const namesOf = (form: Form, resolve: Resolve): string[] =>
  toEntries(form, resolve).flatMap(({ isOff, name }) => (isOff ? [] : name));

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
  const isRaw = form.mode === 'raw';
  const toItem = (key: string, value: string) => (isRaw ? `${key}=${encodeURIComponent(value)}` : { key, value });
  const others = toEntries(form, resolve).flatMap(({ item, isOff, name, value }) => {
    if (isAuthentication(name)) return [];
    if (isOff) return item;
    checkResolved('The form', isRaw ? `${item}` : `${name} ${value}`);
    return name === 'request' && isClaims(value.trim()) ? toItem(name, signRequest(value)) : item;
  });
  const items = [...others, ...parameters.map(({ key, value }) => toItem(key, value))];
  return isRaw ? { mode: 'raw', raw: items.join('&') } : { mode: 'urlencoded', urlencoded: items as PostmanField[] };
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
export const toPairs = (text: string): string[] => text.split('&').flatMap(pair => pair.trim() || []);

/** The name in a pair. */
export const nameOf = (pair: string): string => decode(pair.replace(/=.*$/s, ''));

/** Undoes the encoding of a form (RFC 6749 appendix B). */
const decode = (text: string): string => decodePercent(text.replace(/\+/g, ' ')).trim();
