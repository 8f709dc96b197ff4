// Checks the settings of a client before anything is sent with them: the order of the steps. Each subject has its own file. On
// the machine.

import { toKnownServer } from '../../client-auth/known-server.ts';
import type { Settings } from '../../client-auth/settings.ts';
import type { Client } from '../client/client-options.ts';
import type { Tls } from '../client/transport.ts';
import { type Surroundings, toClockOffset, toRegisteredSubject } from '../diagnosis/surroundings.ts';
import { checkClock } from './clock.ts';
import { checkConnection } from './connection.ts';
import { checkAliases, checkAssertions, checkEndpoints } from './endpoints.ts';
import { checkIssuer } from './issuer.ts';
import { checkJwks } from './jwks.ts';
import type { Line } from './line.ts';
import { checkOffline } from './offline.ts';

/** What was checked, and the facts behind the lines. */
export interface Preflight {
  lines: Line[];
  /** Undefined when a variable is missing or not valid. */
  settings: Settings | undefined;
  tls: Tls;
  signCommand: Client['signCommand'];
  surroundings: Surroundings;
  /** Whether a host of the endpoints could not be reached. */
  isUnreachable: boolean;
}

/**
 * Checks all that needs no request of the client itself.
 *
 * @param jwks file or URL of the client's JWKS; the variable `jwks_uri` if undefined
 * @param now by the local clock
 */
export async function runPreflight(client: Client, jwks: string | undefined, now: Date): Promise<Preflight> {
  const { read } = client;
  const offline = checkOffline(client, now);
  const { variables, signingKey, certificate } = offline;
  const { settings, atFault } = variables;
  const { method } = settings;
  const { tls } = certificate;

  const withoutServer: Surroundings = {
    known: toKnownServer(read, undefined),
    server: undefined,
    serverFault: undefined,
    certificate: certificate.facts,
    registeredSubject: toRegisteredSubject(read),
    clockOffset: toClockOffset(read),
    jwks: undefined,
    jwksFault: undefined,
  };
  const issuer = await checkIssuer(read('issuer'), tls, withoutServer);
  const registered = await checkJwks(jwks, read('jwks_uri'), tls, method, signingKey);
  const surroundings: Surroundings = {
    ...withoutServer,
    known: toKnownServer(read, issuer.server?.metadata),
    server: issuer.server,
    serverFault: issuer.fault,
    jwks: registered.jwks,
  };
  const connection = await checkConnection(tls, surroundings);

  const obstacle = atFault.size > 0 ? 'a variable above is not valid' : signingKey.obstacle;
  return {
    lines: [
      ...variables.lines,
      ...offline.names,
      ...signingKey.lines,
      ...certificate.lines,
      issuer.line,
      ...checkEndpoints(method, surroundings),
      checkAliases(surroundings),
      ...(method === 'private_key_jwt' ? [checkAssertions(settings, surroundings, obstacle)] : []),
      registered.line,
      connection.line,
      checkClock(settings, connection.clockDifference ?? issuer.server?.clockDifference),
    ],
    settings: atFault.size === 0 ? settings : undefined,
    tls,
    signCommand: client.signCommand,
    surroundings,
    isUnreachable: connection.hasFailed,
  };
}
