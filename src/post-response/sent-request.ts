// A request as it was sent, inside the sandbox: what in it fails to authenticate the client, and why that is. Pure.

import { ASSERTION_TYPE, PARAMETER_NAMES } from '../client-auth/client-authentication.ts';
import { decodePercent } from '../client-auth/encoding.ts';
import type { PostmanBody } from '../client-auth/form.ts';
import type { ReadVariable } from '../client-auth/settings.ts';
import { type Trace, toTail } from '../client-auth/trace.ts';

/** References are resolved. */
export type SentRequest = {
  url: string;
  /** Each as `name:value`, the name in lower case. */
  headers: string[];
  body: PostmanBody;
  /** Bytes of the body that a server reads; NaN where that is not known. */
  length: number;
  /** Whether the host had a transport certificate for it. */
  hasCertificate: boolean;
};

/** The form as text, as a server gets it; empty where the body is none. */
export const readForm = ({ body, headers }: SentRequest): string => {
  const { mode, disabled, raw = '', urlencoded = [] } = body;
  const isFields = mode === 'urlencoded';
  // Of several headers hosts send the last.
  const type = headers.filter(line => line.startsWith('content-type:')).pop();
  const isForm = type ? /:\s*application\/x-www-form-urlencoded\s*(;|$)/i.test(type) : isFields;
  if (disabled || !isForm) return '';
  // The members of other modes are there too, once a script has changed the mode.
  if (!isFields) return mode === 'raw' ? raw : '';
  const fields = urlencoded.filter(one => !one.disabled);
  return fields.map(({ key, value }) => `${key}=${encodeURIComponent((value ?? '') as string)}`).join('&');
};

/**
 * Whether the host shows the body of the file instead of the sent one, as Postman's command line does for a folder of YAML: what was
 * sent is longer, at least by what the pre-request script has put in: the signature and the parameters around it, or `client_id`.
 */
const isHidden = ({ body, length }: SentRequest, form: string, trace: Trace | undefined): unknown =>
  // What is shown as another body than a form is what was sent.
  (form || !body.mode) && trace?.isAuthenticated && length > form.length + (trace.assertion ? 600 : 9);

/**
 * Says how a request to an endpoint fails to authenticate the client by exactly one method.
 *
 * @param form {@link readForm}
 * @returns undefined when it does authenticate it
 */
export const findFault = (
  request: SentRequest,
  form: string,
  read: ReadVariable,
  trace: Trace | undefined,
): string | undefined => {
  const { headers, url, length } = request;
  const isSecond = headers.some(line => /^authorization.\s*(basic|digest|ntlm)\b/i.test(line));
  if (isSecond || /^[^/]*\/\/[^/?#]*@/.test(url)) return 'it has Basic or the like too';
  if (isHidden(request, form, trace)) return undefined;
  // Servers look into the query too.
  const pairs = `${form}&${url.split('?')[1]}`
    .split('&')
    .map(pair => pair.replace(/\+/g, ' ').split('=').map(decodePercent));
  const valuesOf = (name: string) => pairs.filter(([key]) => key?.trim() === name).map(([, value]) => value?.trim());
  const isByCertificate = read('token_endpoint_auth_method').trim() === 'tls_client_auth';
  for (const name of [...PARAMETER_NAMES, 'client_secret']) {
    const count = valuesOf(name).length;
    const expected = name === 'client_id' || (name !== 'client_secret' && !isByCertificate) ? 1 : 0;
    if (count !== expected) return `its form has ${name} ${count} times, not ${expected}`;
  }
  const [id, type, assertion] = PARAMETER_NAMES.map(name => valuesOf(name)[0]);
  if (id !== read('client_id').trim()) return 'its client_id is another';
  // What is sent is as long as this or longer.
  if (length < decodePercent(form).length) return 'its Content-Length cuts it';
  if (isByCertificate) return undefined;
  const tail = toTail(assertion);
  if (!tail || type !== ASSERTION_TYPE) return 'its client_assertion is not whole';
  return tail === trace?.assertion?.tail ? undefined : 'its client_assertion was not made for it';
};

/**
 * Says what has kept the pre-request script from authenticating a request, and what to do.
 *
 * @param endpointUrl of the endpoint that it was sent to
 */
export const explainFault = (trace: Trace | undefined, endpointUrl: string): string => {
  const later = 'A later script has set';
  const name = /\{\{([^{}]*)\}\}/.exec(trace?.url ?? '')?.[1];
  const [cause, remedy] = !trace
    ? [`The pre-request script saw no POST: it is missing, or the method is set later`, 'Set it in the request']
    : name !== undefined
      ? [`${later} "${name}" of its URL`, 'Set it by a request before']
      : trace.isAuthenticated
        ? [`${later} something else`, 'Remove that']
        : [`The pre-request script saw ${trace.url}, which is not ${endpointUrl}`, 'Write that'];
  return `${cause}. ${remedy}, or use "inject --last".`;
};
