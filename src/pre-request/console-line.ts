// The line on the console that says how a request was authenticated, inside the sandbox. No key and no assertion is in it.

import type { ClientAssertionClaims } from '../client-auth/client-assertion.ts';

/**
 * Describes the authentication of a request.
 *
 * @param where method and endpoint
 * @param shown what can be shown of the assertion, in words
 * @param notes what else was done
 */
export const toConsoleLine = (
  where: string,
  shown: string | undefined,
  claims: ClientAssertionClaims | undefined,
  notes: string[],
): string => {
  const line = `client authentication: ${where}`;
  const made = claims ? ` ${shown} jti=${claims.jti} for ${claims.exp - claims.iat} s` : '';
  return [line + made, ...notes].join(', ');
};
