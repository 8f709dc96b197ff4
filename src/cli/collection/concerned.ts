// Which requests of a collection may go to an endpoint of the authorization server, by their text alone: variables may be set later.
// Pure, on the machine.

import { type Holder, readMember } from './collection.ts';
import { isObject, type Json } from './findings.ts';
import { toSource } from './script-source.ts';

/**
 * Words of OAuth in a URL, a body, or the name of a variable in them, and the Content-Type of a form. One too many costs a copy of the
 * script, no more.
 */
const WORDS =
  /x-www-form-urlencoded|token|oauth|grant_type|response_type|request_uri|client_(?:id|secret|assertion)|introspect|revo[ck]|\bpar\b|pushed|backchannel|bc-authorize|device_?auth/i;

/** Whether a script sets the method of its request, or all of it. */
const SETS_METHOD = /\bpm\s*\.\s*request\s*\.\s*(?:method\s*=[^=]|update\s*\()/;

/**
 * Whether a request may be one to an endpoint: a POST, or what a variable or its script makes one, with a form, without a body,
 * or with a word of OAuth; or the dry run of the settings.
 */
export function isConcerned({ request, event }: Json): boolean {
  const { method, url, body, header } = isObject(request) ? request : ({ method: 'GET', url: request } as Json);
  const address = JSON.stringify(url ?? '');
  if (/#check-my-setup\s*"/.test(address)) return true;
  const isPost = /^\s*post\s*$|\{\{/i.test(String(method));
  if (!isPost && !SETS_METHOD.test(toSource(event, 'prerequest'))) return false;
  const mode = isObject(body) ? body.mode : undefined;
  return mode === undefined || mode === 'urlencoded' || WORDS.test(address + JSON.stringify([body, header]));
}

/** The requests among the holders that {@link isConcerned} names. */
export const concernedRequests = (text: string, holders: Holder[]): Holder[] =>
  holders.filter(({ object }) => {
    const request = readMember(text, object, 'request');
    return request !== undefined && isConcerned({ request, event: readMember(text, object, 'event') });
  });
