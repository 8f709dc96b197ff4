// Where the random bytes come from, inside the sandbox: the generator of the host where there is one, and a hash over the private
// key and all that changes, since a script of the collection may have replaced that generator.

import type { CreateRandomBytes } from '../client-auth/ps256.ts';
import { hedgedRandomBytes } from '../client-auth/random.ts';

/** What Math.random gives; a script may have replaced it by something that throws. */
const draw = (): string => {
  try {
    return Math.random().toString(36);
  } catch {
    return '';
  }
};

/**
 * Gives what makes the generator of one execution.
 *
 * @param randomValues of the host, as text; empty where it has no generator
 * @param nameExecution gives a text that differs for every execution of the script
 */
export const toRandomBytes =
  (randomValues: string, nameExecution: () => string): CreateRandomBytes =>
  (key, sha256) =>
    hedgedRandomBytes(key, sha256, [Date.now(), nameExecution(), draw(), draw(), draw(), draw(), randomValues]);
