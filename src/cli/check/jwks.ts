// Checks the client's JWKS: whether it has the public half of the signing key under its key ID (RFC 7517). On the machine.

import { toPlain } from '../../client-auth/errors.ts';
import { checkServerUrl } from '../../client-auth/server-url.ts';
import type { Tls } from '../client/transport.ts';
import type { Method } from '../diagnosis/causes.ts';
import type { Surroundings } from '../diagnosis/surroundings.ts';
import { readJwks } from '../server/jwks.ts';
import { compareWithJwks, isPublicHalf, type JwksFacts } from '../server/jwks-facts.ts';
import { failure, type Line, line, notChecked } from './line.ts';
import type { CheckedSigningKey } from './signing-key.ts';

const NAME = 'jwks';

/** The JWKS; undefined if none is needed, known or readable. */
export interface CheckedJwks {
  line: Line;
  jwks: Surroundings['jwks'];
}

/**
 * Reads the client's JWKS and looks for the signing key in it.
 *
 * @param named file or URL, from the command line
 * @param variable the value of the variable `jwks_uri`, used if nothing is named
 */
export async function checkJwks(
  named: string | undefined,
  variable: string,
  tls: Tls,
  method: Method,
  { key, kid, obstacle }: CheckedSigningKey,
): Promise<CheckedJwks> {
  const skip = (because: string) => notChecked('jwks_not_checked', NAME, because);
  if (method !== 'private_key_jwt') return { line: skip(`${method} needs none`), jwks: undefined };
  const source = named ?? variable;
  if (source === '') return { line: skip('give --jwks, or set jwks_uri'), jwks: undefined };
  try {
    if (named === undefined) checkServerUrl('jwks_uri', source, 'Name the URL that is registered.');
    const jwks = { source, keys: await readJwks(source, tls) };
    if (obstacle !== '') return { line: skip(obstacle), jwks };
    if (!key) return { line: skip('the public key of --sign-command is not known'), jwks };
    return { line: describeJwks(compareWithJwks(source, jwks.keys, kid, one => isPublicHalf(one, key))), jwks };
  } catch (error) {
    return { line: failure(NAME, error, 'jwks_unreadable'), jwks: undefined };
  }
}

/** The line for a JWKS that could be read. */
export function describeJwks(facts: JwksFacts): Line {
  const { count, isSame, sameUnder, kids, otherUse, exposed, source } = facts;
  const kid = toPlain(facts.kid);
  const elsewhere = sameUnder[0]
    ? ` It has the public half of signing_key under ${toPlain(sameUnder[0])}: set kid to that.`
    : '';
  if (exposed.length > 0) {
    const names = toPlain(exposed.join(', ')) || 'a key';
    return line('jwks_private_key', NAME, `${source} has the private members of ${names}. Replace that key at once.`);
  }
  if (count === 0) {
    const list = kids.length > 0 ? toPlain(kids.join(', ')) : 'no key IDs';
    const remedy = elsewhere || ' Register the public half of signing_key under it.';
    return line('jwks_kid_missing', NAME, `"kid" must be in ${source}, which has ${list}; got ${kid}.${remedy}`);
  }
  if (!isSame) {
    const expected = `"signing_key" must be the key under the kid ${kid} of ${source}`;
    const remedy = elsewhere || ' Use the signing key that belongs to it.';
    return line('jwks_other_key', NAME, `${expected}, got another key.${remedy}`);
  }
  if (count > 1) {
    const message = `${count} keys of ${source} have the kid ${kid}. Give every key its own kid.`;
    return line('jwks_kid_duplicate', NAME, message);
  }
  if (otherUse) {
    const message = `the key of this kid in ${source} has ${toPlain(otherUse)}. Register it for PS256 signatures.`;
    return line('jwks_key_other_use', NAME, message);
  }
  const message = `${source} has the public half of signing_key under this kid, and no other key`;
  return line('jwks_key_registered', NAME, message);
}
