// The part of `check` that needs no network: variables, signing key, transport certificate; and what of it is surely wrong before a
// run. Pure, on the machine.

import { ENDPOINT_NAMES, metadataUrls } from '../../client-auth/authorization-server.ts';
import { findUnresolvedReference } from '../../client-auth/errors.ts';
import { toKnownServer } from '../../client-auth/known-server.ts';
import type { ReadVariable } from '../../client-auth/settings.ts';
import type { Beginning } from '../client/beginning.ts';
import type { Client } from '../client/client-options.ts';
import { findEndpointRequests } from '../collection/requests.ts';
import { type CheckedCertificate, checkCertificate } from './certificate.ts';
import { findUrlFault } from './endpoints.ts';
import { missingIssuer } from './issuer.ts';
import { failure, type Line } from './line.ts';
import { findSettable } from './settable.ts';
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
 * @param now by the local clock
 */
export function checkOffline({ environment, read, signCommand, tls }: Client, now: Date): OfflineCheck {
  const variables = checkVariables(read);
  return {
    variables,
    names: checkVariableNames(environment, read),
    signingKey: checkSigningKey(variables, signCommand),
    certificate: checkCertificate(tls, now, variables.settings.method, read),
  };
}

/** Codes of a certificate that can't be used at all. Any other fault of it a test may be about. */
const UNUSABLE = ['certificate_unreadable', 'certificate_key_unusable'];

/**
 * Finds what is surely wrong before a run: each request to an endpoint would fail by it. Where the collection has no such request
 * nothing is wrong; and a variable is not wrong if something in the collection may still set it.
 */
export function findSureFaults(checked: OfflineCheck, run: Beginning): Line[] {
  const { read, keyFile } = run;
  const known = toKnownServer(read, undefined);
  if (findEndpointRequests(run.part, known.endpoints, read).length === 0) return [];
  const maySet = findSettable(run.collection, run.data);
  const isSure = (name: string): boolean => {
    if (name === 'signing_key' && keyFile !== undefined) return true;
    const reference = findUnresolvedReference(read(name));
    return !maySet(name) && !(reference && (reference === '…' || reference.startsWith('$') || maySet(reference)));
  };
  const lines = [...checked.variables.lines, ...checked.signingKey.lines, ...findServerFaults(read)];
  const faults = lines.filter(({ status, name }) => status === 'fail' && isSure(name));
  const ofCertificate = checked.certificate.lines.filter(({ code }) => UNUSABLE.includes(code));
  const names = checked.names.filter(({ status }) => status === 'fail');
  return faults.length > 0 ? [...faults, ...names, ...ofCertificate] : ofCertificate;
}

/** What is wrong with the issuer or an endpoint, as text. */
function findServerFaults(read: ReadVariable): Line[] {
  const { configured, issuer } = toKnownServer(read, undefined);
  const endpoints = ENDPOINT_NAMES.flatMap(name => {
    const url = configured[name];
    return (url && findUrlFault(name, url)) || [];
  });
  if (issuer === '') return Object.keys(configured).length > 0 ? endpoints : [missingIssuer()];
  try {
    metadataUrls(issuer);
    return endpoints;
  } catch (error) {
    return [...endpoints, failure('issuer', error)];
  }
}
