// The part of `check` that needs no network: variables, signing key, transport certificate. Pure, on the machine.

import type { ReadVariable } from '../../client-auth/settings.ts';
import type { Environment } from '../client/environment.ts';
import type { Tls } from '../server/send.ts';
import { type CheckedCertificate, checkCertificate } from './certificate.ts';
import type { Line } from './line.ts';
import { type CheckedVariables, checkVariableNames, checkVariables } from './settings.ts';
import { type CheckedSigningKey, checkSigningKey } from './signing-key.ts';

/** What can be said of a client without the network. */
export interface OfflineCheck {
  variables: CheckedVariables;
  /** Lines for names of variables that nothing reads. */
  names: Line[];
  signingKey: CheckedSigningKey;
  certificate: CheckedCertificate;
}

/**
 * Checks a client without the network.
 *
 * @param hasAuthorities whether the last authority in `files` is from a file of the user
 * @param now by the local clock
 */
export function checkOffline(
  environment: Environment,
  read: ReadVariable,
  files: Tls,
  hasAuthorities: boolean,
  now: Date,
): OfflineCheck {
  const variables = checkVariables(read);
  return {
    variables,
    names: checkVariableNames(environment, read),
    signingKey: checkSigningKey(variables),
    certificate: checkCertificate(files, hasAuthorities, now, variables.settings.method, read),
  };
}
