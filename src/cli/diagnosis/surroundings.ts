// What is the same for all requests of a client, for a diagnosis: the server as known, the transport certificate, the registered
// subject and the JWKS. What can't be read stays unknown, with the reason. On the machine.

import { ClientAuthError, shapeOf, toPlain } from '../../client-auth/errors.ts';
import { type KnownServer, toKnownServer } from '../../client-auth/known-server.ts';
import type { ReadVariable } from '../../client-auth/settings.ts';
import { type CertificateFacts, readCertificate } from '../client/certificate-facts.ts';
import type { Client } from '../client/client-options.ts';
import type { Tls } from '../client/transport.ts';
import { CommandError } from '../command.ts';
import { toConnectionCode } from '../server/connection-faults.ts';
import { type Jwk, readJwks } from '../server/jwks.ts';
import { type FetchServer, OtherIssuerError, type ServerFacts } from '../server/metadata.ts';
import type { ReadingFault } from './causes.ts';

/** What is the same for all requests of a client; undefined is what is not known. */
export interface Surroundings {
  known: KnownServer;
  server: ServerFacts | undefined;
  /** Why the metadata could not be read; undefined if it was, or if no issuer is known. */
  serverFault: ReadingFault | undefined;
  certificate: CertificateFacts | 'none' | 'unreadable';
  registeredSubject: string | undefined;
  /** Seconds, from the variable `clock_offset`. */
  clockOffset: number;
  jwks: { source: string; keys: Jwk[] } | undefined;
  /** Why the JWKS could not be read; undefined if it was, or if none is known. */
  jwksFault: ReadingFault | undefined;
}

/** Reads and fetches what is the same for all requests. Never throws. */
export async function readSurroundings(
  { read, tls }: Pick<Client, 'read' | 'tls'>,
  fetchServer: FetchServer,
): Promise<Surroundings> {
  const [issuer, jwks] = [read('issuer'), read('jwks_uri')];
  const [{ value: server, fault: serverFault }, { value: keys, fault: jwksFault }]: [
    Reading<ServerFacts>,
    Reading<Jwk[]>,
  ] = await Promise.all([
    issuer === '' ? {} : readOrFault(() => fetchServer(issuer)),
    jwks === '' ? {} : readOrFault(() => readJwksOf(jwks, tls)),
  ]);
  return {
    known: toKnownServer(read, server?.metadata),
    server,
    serverFault,
    certificate: readCertificateOf(tls),
    registeredSubject: toRegisteredSubject(read),
    clockOffset: toClockOffset(read),
    jwks: keys && { source: jwks, keys },
    jwksFault,
  };
}

/** The subject that the client is registered with; undefined if the variable is not a distinguished name. */
export function toRegisteredSubject(read: ReadVariable): string | undefined {
  const value = read('tls_client_auth_subject_dn');
  return /^[a-z\d.]+ *=/i.test(value) && !value.includes('-----') ? value : undefined;
}

/** The variable `clock_offset` in seconds; 0 if it is not a number, as no assertion is made then. */
export const toClockOffset = (read: ReadVariable): number => Number(read('clock_offset')) || 0;

/** Why something could not be read, in words that can be shown. */
export function toReadingFault(error: unknown): ReadingFault {
  const isOurs = error instanceof ClientAuthError || error instanceof CommandError;
  const reason = isOurs ? toPlain(error.message, 400) : `the connection failed (${toConnectionCode(error)})`;
  return { reason, ...(error instanceof OtherIssuerError && { statedIssuer: toPlain(error.statedIssuer) }) };
}

/** A value, or why there is none; neither if nothing was to be read. */
type Reading<T> = { value?: T; fault?: ReadingFault };

const readOrFault = async <T>(work: () => Promise<T>): Promise<Reading<T>> => {
  try {
    return { value: await work() };
  } catch (error) {
    return { fault: toReadingFault(error) };
  }
};

/** Reads a JWKS. Text that is neither a file nor a URL may be a key: nothing of it is shown. */
async function readJwksOf(source: string, tls: Tls): Promise<Jwk[]> {
  if (/[\r\n{}]|-----/.test(source) || source.length > 500) {
    throw new CommandError(`"jwks_uri" must be a URL or a file, got ${shapeOf(source)}.`);
  }
  return readJwks(source, tls);
}

function readCertificateOf({ certificate, ca }: Tls): Surroundings['certificate'] {
  if (!certificate) return 'none';
  try {
    return readCertificate({ ...certificate, ca }, new Date());
  } catch {
    return 'unreadable';
  }
}
