// URLs that nearly are an endpoint, inside the sandbox: such a request is not authenticated, and nobody would see why. Pure.

import { ENDPOINT_NAMES, withoutQuery } from '../client-auth/authorization-server.ts';
import type { KnownServer } from '../client-auth/known-server.ts';
import { withoutUser } from '../client-auth/request.ts';
import { checkServerUrl } from '../client-auth/server-url.ts';

/** What is easily mistaken in a URL, and what is left of it; one after another. */
const MISTAKES: [difference: string, pattern: RegExp, toRest: (found: string, hex?: string) => string][] = [
  ['quotes or invisible characters', /[^!-~]|["'`<>]/g, () => ''],
  ['the scheme', /^[a-z]+:\/\//i, () => ''],
  ['the port', /^([^/]*?):\d*(?=\/|$)/, (_, host = '') => host],
  ['percent-encoding', /%([2-7][\da-f])/gi, (_, hex) => String.fromCharCode(Number(`0x${hex}`))],
  ['upper and lower case', /[A-Z]+/g, letters => letters.toLowerCase()],
  ['dot segments', /\/\.(?=\/|$)|\/[^/]+\/\.\.(?=\/|$)/g, () => ''],
  ['a slash', /\/+(?=\/|$)/g, () => ''],
];

/**
 * Describes how the URL of a request that goes to no endpoint nearly is one.
 *
 * @returns one line, without the query of the URL; undefined when it is not
 * @throws ClientAuthError `variable_invalid`, `variable_unresolved` when the fault is that of the variable
 */
export const describeLookAlike = (requestUrl: string, server: KnownServer): string | undefined => {
  const url = withoutQuery(withoutUser(requestUrl));
  for (const name of ENDPOINT_NAMES) {
    for (const endpoint of [server.endpoints[name], server.replaced[name]]) {
      let [one, other] = [url, withoutQuery(endpoint ?? '')];
      for (const [difference, pattern, toRest] of MISTAKES) {
        [one, other] = [one.replace(pattern, toRest), other.replace(pattern, toRest)];
        if (one !== other) continue;
        if (endpoint === server.configured[name]) checkServerUrl(name, endpoint as string, 'variable_invalid');
        return `client authentication: none at ${url}, which differs from ${name} in ${difference}. Correct one of them.`;
      }
    }
  }
  return undefined;
};
