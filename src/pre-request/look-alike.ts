// URLs that nearly are an endpoint, inside the sandbox: such a request is not authenticated, and nobody would see why. Pure.

import { ENDPOINT_NAMES, withoutQuery } from '../client-auth/authorization-server.ts';
import type { KnownServer } from '../client-auth/known-server.ts';
import { withoutUser } from '../client-auth/request.ts';
import { checkServerUrl, ODD_CHARACTERS } from '../client-auth/server-url.ts';

/** What is easily mistaken in a URL: in words, and where it is found once what comes before it is taken out. */
const MISTAKES: [difference: string, pattern: RegExp][] = [
  ['quotes or invisible characters', ODD_CHARACTERS],
  ['the scheme', /^[a-z]+:\/\//i],
  ['the port', /:\d*(?=\/|$)/],
  ['a slash', /\/+(?=\/|$)/g],
  ['upper and lower case', /[A-Z]+/g],
];

/** What is left of a mistake: letters in lower case. */
const toRest = (found: string): string => (/^[A-Z]+$/.test(found) ? found.toLowerCase() : '');

/**
 * Describes how the URL of a request that goes to no endpoint nearly is one.
 *
 * @returns one line, without the query of the URL; undefined when it is not
 * @throws ClientAuthError `variable_invalid`, `variable_unresolved` when the fault is that of the variable
 */
export const describeLookAlike = (requestUrl: string, server: KnownServer): string | undefined => {
  const url = withoutQuery(withoutUser(requestUrl));
  for (const name of ENDPOINT_NAMES) {
    const endpoint = server.endpoints[name];
    if (!endpoint) continue;
    let [one, other] = [url, withoutQuery(endpoint)];
    for (const [difference, pattern] of MISTAKES) {
      [one, other] = [one.replace(pattern, toRest), other.replace(pattern, toRest)];
      if (one !== other) continue;
      checkServerUrl(name, endpoint);
      return `client authentication: none at ${url}, which differs from ${name} in ${difference}. Correct one of them.`;
    }
  }
  return undefined;
};
