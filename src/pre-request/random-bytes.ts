// Where the random bytes come from, inside the sandbox: the generator of the host; or where it has none, as Newman, a hash
// over the private key and all that changes.

import { hedgedRandomBytes, systemRandomBytes } from '../client-auth/random.ts';
import type { CreateRandomBytes } from '../client-auth/signer.ts';

/**
 * Gives what makes the generator of one execution.
 *
 * @param getRandomValues of the host, if it has one
 * @param nameExecution gives a text that differs for every execution of the script
 */
export const toRandomBytes =
  (getRandomValues: ((array: Uint8Array) => Uint8Array) | undefined, nameExecution: () => string): CreateRandomBytes =>
  (key, sha256) => {
    if (getRandomValues) return systemRandomBytes(getRandomValues);
    // 330 bits of a prime: more than the hash takes in as a secret, and fewer blocks to hash than the whole.
    const secret = key.p.toString(36).slice(-64);
    const draws = Array.from({ length: 4 }, () => Math.random().toString(36));
    return hedgedRandomBytes(sha256, secret, [String(Date.now()), nameExecution(), ...draws]);
  };
