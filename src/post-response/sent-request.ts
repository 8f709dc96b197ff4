// A request as it was sent, inside the sandbox: how its form authenticates the client, and what is wrong with that. Pure.

import { ASSERTION_TYPE, PARAMETER_NAMES } from '../client-auth/client-authentication.ts';
import { fromBase64url, fromHex } from '../client-auth/encoding.ts';
import type { Trace } from '../client-auth/trace.ts';
import { toWireUrl } from './wire-url.ts';

/** References are resolved. */
export type SentRequest = {
  url: string;
  headers: { name: string; value: string }[];
  body:
    | {
        mode?: string;
        disabled?: boolean;
        raw?: string;
        urlencoded?: { key?: string | null; value?: string | null; disabled?: boolean }[];
      }
    | undefined;
  /** Whether the host had a transport certificate for it. */
  hasCertificate: boolean;
};

/** Header and claims of an assertion that was sent; whatever is in them. */
export type SentAssertion = { header: Record<string, unknown>; claims: Record<string, unknown> };

type Field = { name: string; value: string };

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text.replace(/\+/g, ' ')).trim();
  } catch {
    return text;
  }
};

/** The fields as a server reads them; none where the body is no form. */
export const readFields = ({ body, headers }: SentRequest): Field[] => {
  // Of several headers hosts send the last.
  const type = headers.filter(({ name }) => name === 'content-type').pop()?.value ?? '';
  if (!body || body.disabled || (type && !/^\s*application\/x-www-form-urlencoded\s*(;|$)/i.test(type))) return [];
  if (body.mode === 'urlencoded') {
    const fields = (body.urlencoded ?? []).filter(({ disabled }) => !disabled);
    return fields.map(({ key, value }) => ({ name: decode(String(key)), value: String(value ?? '') }));
  }
  return (body.raw ?? '').split('&').map(pair => {
    const [name = '', ...rest] = pair.split('=');
    return { name: decode(name), value: decode(rest.join('=')) };
  });
};

const parse = (part: string | undefined): Record<string, unknown> | undefined => {
  try {
    const value = JSON.parse(fromHex(fromBase64url(part ?? '') ?? ''));
    return typeof value === 'object' && value ? value : undefined;
  } catch {
    return undefined;
  }
};

/** Reads a whole assertion signed with PS256; undefined when it is none. The signature is not verified. */
export const readAssertion = (jws: string): SentAssertion | undefined => {
  // 256 bytes of signature are 342 characters.
  const match = /^([\w-]+)\.([\w-]+)\.[\w-]{342,}$/.exec(jws);
  const [header, claims] = [parse(match?.[1]), parse(match?.[2])];
  return header?.alg === 'PS256' && claims ? { header, claims } : undefined;
};

/**
 * Says how a request to an endpoint fails to authenticate the client by exactly one method.
 *
 * @returns undefined when it does authenticate it
 */
export const findFault = (
  request: SentRequest,
  fields: Field[],
  clientId: string,
  method: string,
  trace: Trace | undefined,
): string | undefined => {
  const count = (name: string) => fields.filter(field => field.name === name).length;
  const expected = method === 'tls_client_auth' ? [1, 0, 0] : [1, 1, 1];
  for (const [index, name] of PARAMETER_NAMES.entries()) {
    if (count(name) !== expected[index])
      return `its form has ${name} ${count(name)} times instead of ${expected[index]}`;
  }
  const textOf = (name: string) => fields.find(field => field.name === name)?.value ?? '';
  if (textOf('client_id') !== clientId) return 'its client_id is not that of the variable';
  if (count('client_secret')) return 'its form has a client_secret';
  const { headers, url } = request;
  const isBasic = headers.some(
    ({ name, value }) => name === 'authorization' && /^\s*(basic|digest|ntlm)\b/i.test(value),
  );
  if (isBasic) return 'it has a header Authorization';
  if (/^[^/]*\/\/[^/?#]*@/.test(url)) return 'its URL has a user name';
  // What hosts send is as long as this or longer.
  const length = fields.reduce((sum, { name, value }) => sum + name.length + value.length + 2, -1);
  if (headers.some(({ name, value }) => name === 'content-length' && Number(value) < length)) {
    return 'a header Content-Length cuts its form';
  }
  if (method === 'tls_client_auth') return undefined;
  const assertion = readAssertion(textOf('client_assertion'));
  if (!assertion || textOf('client_assertion_type') !== ASSERTION_TYPE)
    return 'its client_assertion is not a whole one';
  return assertion.claims.jti === trace?.jti ? undefined : 'its client_assertion was not made for this request';
};

/**
 * Says what has kept the pre-request script from authenticating a request, and what to move.
 *
 * @param endpoint URL of the endpoint
 */
export const explainFault = (request: SentRequest, trace: Trace | undefined, endpoint: string): string => {
  const last = 'or inject the script with "inject --last"';
  if (!trace) {
    return `The pre-request script did not see a POST: it is not in front of this request, or a script after it has changed the method. Set the method in the request itself, ${last}.`;
  }
  const name = /\{\{([^{}]*)\}\}/.exec(trace.url)?.[1];
  if (name !== undefined) {
    return `The variable ${name} of its URL was not set when the pre-request script ran: a script of a folder or of the request sets it. Set it before this request, ${last}.`;
  }
  if (trace.isAuthenticated)
    return `A script after the pre-request script has changed the request. Remove what it does there, ${last}.`;
  if (toWireUrl(trace.url) === toWireUrl(request.url))
    return `Write the URL exactly as the endpoint has it: ${endpoint}.`;
  return `Its URL was another one when the pre-request script ran, ${trace.url}. Change it before this request, ${last}.`;
};
