// URLs of the authorization server, on both sides. Newman's sandbox has no URL parser, and an assertion must never go to
// a URL that two parsers understand differently. So only the plain form is accepted that all of them read alike (RFC 3986
// section 3, without user information, percent-encoding, dot segments, or characters outside ASCII).

import { type ClientAuthError, findUnresolvedReference, mustBe, shapeOf, toUnresolved } from './errors.ts';

/** Characters that come along when a URL is copied: quotes and brackets, whitespace, and those beyond ASCII. */
export const ODD_CHARACTERS = /[^!-~]|[\x22\x27\x60<>]/g;

/** Scheme, host, optional port, path; then what may follow. */
const PLAIN = /^(https?):\/\/([a-z0-9.-]+|\[::1\])(?::([0-9]{1,5}))?(\/[\w.~!$&()*+,;=:/-]*)?(\?[^#\s]*)?(#.*)?$/i;

/**
 * Gives scheme, host, port and path in one form. Scheme and host are in lower case; the default port, the query and the
 * fragment are dropped.
 *
 * @returns undefined when the URL is not of the plain form
 * @see RFC 3986 section 6.2
 */
export const toPlainUrl = (url: string): string | undefined => {
  const lower = url.replace(/^[^/]*\/\/[^/?#]*/, start => start.toLowerCase());
  const [, scheme, host, port, path] = PLAIN.exec(lower) ?? [];
  if (!host) return undefined;
  const defaultPort = scheme === 'https' ? 443 : 80;
  if (port !== undefined && (Number(port) > 65535 || Number(port) < 1)) return undefined;
  if (host !== '[::1]' && !isPlainHost(host)) return undefined;
  // "." and ".." are resolved by some and sent by others; Postman fills in a segment that begins with ":".
  if (path && /\/(\.{1,2}|:[^/]*)(\/|$)/.test(path)) return undefined;
  return `${scheme}://${host}${port && Number(port) !== defaultPort ? `:${Number(port)}` : ''}${path ?? '/'}`;
};

/** Host names in which every label is plain; a host that ends in a number is an IPv4 address written in full. */
const isPlainHost = (host: string): boolean => {
  const labels = host.split('.');
  if (!labels.every(label => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label))) return false;
  // A URL parser turns "127.1" or "0x7f000001" into another host than the one that is written.
  if (!/^(\d+|0x[\da-f]*)$/.test(labels[labels.length - 1] as string)) return true;
  return labels.length === 4 && labels.every(label => /^(0|[1-9]\d{0,2})$/.test(label) && Number(label) < 256);
};

const isLoopback = (plainUrl: string): boolean => /^http:\/\/(127(\.\d+){3}|localhost|\[::1\])(:\d+)?\//.test(plainUrl);

/** The shape of a URL that is there, resolved, and not of the plain form; undefined when it is. */
const faultOf = (url: string): string | undefined => {
  if (url !== url.trim()) return 'one with whitespace around it';
  if (url.replace(ODD_CHARACTERS, '') !== url) return 'one with quotes, brackets or invisible characters';
  const plain = toPlainUrl(url);
  if (plain === undefined) return /^https?:\/\//i.test(url) ? 'one of another form' : shapeOf(url);
  if (url.includes('#')) return 'one with a fragment';
  return plain.startsWith('https:') || isLoopback(plain) ? undefined : shapeOf(url);
};

/**
 * Refuses a URL that is not https, or http on a loopback host, in the plain form.
 *
 * @param name of the variable, or of the member of the metadata, that holds it
 * @param code of a URL of another form
 * @throws ClientAuthError with that code, or `variable_missing`, `variable_unresolved`
 * @see CVE-2025-27370, CVE-2025-27371
 */
export const checkServerUrl = (
  name: string,
  url: string,
  remedy = `Write it as the authorization server's metadata has it.`,
  code: 'variable_invalid' | 'metadata_invalid' = 'variable_invalid',
): void => {
  const refuse = (as: ClientAuthError['code'], got: string): never => {
    throw mustBe(as, name, 'an https URL (plain: no user name, "%", ".." or "#")', got, remedy);
  };
  if (url === '') refuse('variable_missing', 'nothing');
  const reference = findUnresolvedReference(url);
  if (reference) refuse('variable_unresolved', toUnresolved(reference));
  const fault = faultOf(url);
  if (fault) refuse(code, fault);
};
