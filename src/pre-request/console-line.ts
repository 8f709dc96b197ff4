// The line on the console that says how a request was authenticated, inside the sandbox. No key and no assertion is in it.

import type { Authentication } from '../client-auth/client-authentication.ts';

/**
 * Describes the authentication of a request.
 *
 * @param where method and endpoint
 * @param hasRequestObject whether a request object was signed too
 * @param replaced what the request held before, in words
 */
export const toConsoleLine = (
  where: string,
  { assertion }: Authentication,
  hasRequestObject: boolean,
  replaced: string[],
): string => {
  let line = `client authentication: ${where}`;
  if (assertion) {
    const { kid, claims } = assertion;
    line += ` kid=${kid} aud=${claims.aud} iss=${claims.iss} jti=${claims.jti} for ${claims.exp - claims.iat} s`;
  }
  if (hasRequestObject) line += ', with a request object';
  return replaced.length > 0 ? `${line}; replaced: ${replaced.join(', ')}` : line;
};
