// Gathers what `diagnosis.ts` judges by: the environment, the certificate files, the server's metadata and the JWKS once,
// then each refused request. Nothing here throws: what can't be read stays unknown, with the reason. On the machine.

import type { EndpointName } from '../../client-auth/authorization-server.ts';
import type { KnownServer } from '../../client-auth/client-authentication.ts';
import { ClientAuthError, shapeOf } from '../../client-auth/errors.ts';
import type { ReadVariable } from '../../client-auth/settings.ts';
import { type CertificateFacts, readCertificate } from '../client/certificate-facts.ts';
import type { Client } from '../client/client-options.ts';
import { CommandError } from '../command.ts';
import { compareWithJwks, hasSigned } from '../server/jwks-facts.ts';
import {
  compareClocks,
  fetchServerFacts,
  type Jwk,
  OtherIssuerError,
  parseObject,
  readJwks,
  readTls,
  type ServerFacts,
  type Tls,
  toConnectionCode,
  toKnownServer,
} from '../server/server-facts.ts';
import { type AssertionFacts, type Facts, type ReadingFault, toPlain, type Way } from './causes.ts';

/** What is the same for all requests of a client. */
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
  jwksFault: ReadingFault | undefined;
}

/** A request that an endpoint of the authorization server refused, or that did not reach it. */
export interface RefusedRequest {
  endpoint: EndpointName;
  url: string;
  /** The form as it was sent, `application/x-www-form-urlencoded`. */
  form: string;
  /** HTTP status; undefined when there was no answer. */
  status?: number | undefined;
  /** Body of the answer. */
  body?: string | undefined;
  /** Headers `Date` and `Age` of the answer. */
  date?: string | undefined;
  age?: string | undefined;
  /** When the answer arrived, in milliseconds since the Unix epoch. */
  receivedAt?: number | undefined;
  /** Milliseconds from sending to the answer; 0 if not known. */
  duration?: number | undefined;
  /** Code of a failed connection, see `toConnectionCode`. */
  connectionCode?: string | undefined;
}

const orUndefined = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
  try {
    return await work();
  } catch {
    return undefined;
  }
};

/** The value, or why there is none; neither if nothing was asked for. */
type Reading<T> = { value?: T; fault?: ReadingFault };

const readOrFault = async <T>(work: () => Promise<T>): Promise<Reading<T>> => {
  try {
    return { value: await work() };
  } catch (error) {
    return { fault: toReadingFault(error) };
  }
};

/** Why something could not be read, in words fit to be shown. */
export function toReadingFault(error: unknown): ReadingFault {
  const isOurs = error instanceof ClientAuthError || error instanceof CommandError;
  const reason = isOurs ? toPlain(error.message, 400) : `the connection failed (${toConnectionCode(error)})`;
  return { reason, ...(error instanceof OtherIssuerError && { statedIssuer: toPlain(error.statedIssuer) }) };
}

/** Reads a JWKS; of what is neither a file nor a URL, a key maybe, nothing is shown. */
async function readJwksOf(source: string, tls: Tls): Promise<Jwk[]> {
  if (/[\r\n{}]|-----/.test(source) || source.length > 500) {
    throw new CommandError(`"jwks_uri" must be a URL or a file, got ${shapeOf(source)}.`);
  }
  return readJwks(source, tls);
}

/**
 * Reads and fetches what is the same for all requests; never throws.
 *
 * @param jwks file or URL of the client's JWKS; the variable `jwks_uri` if undefined
 */
export async function readSurroundings(
  { read, transport }: Pick<Client, 'read' | 'transport'>,
  jwks = read('jwks_uri'),
): Promise<Surroundings> {
  const tls = (await orUndefined(() => readTls(transport))) ?? { ca: [] };
  const issuer = read('issuer');
  const [{ value: server, fault: serverFault }, { value: keys, fault: jwksFault }]: [
    Reading<ServerFacts>,
    Reading<Jwk[]>,
  ] = await Promise.all([
    issuer === '' ? {} : readOrFault(() => fetchServerFacts(issuer, tls)),
    jwks === '' ? {} : readOrFault(() => readJwksOf(jwks, tls)),
  ]);
  return {
    known: toKnownServer(read, server),
    server,
    serverFault,
    certificate: transport.cert ? await readCertificateOf(tls) : 'none',
    registeredSubject: toRegisteredSubject(read),
    clockOffset: toClockOffset(read),
    jwks: keys && { source: jwks, keys },
    jwksFault,
  };
}

/** The subject that the client is registered with; undefined when the variable is not set, or holds no distinguished name. */
export function toRegisteredSubject(read: ReadVariable): string | undefined {
  const value = read('tls_client_auth_subject_dn');
  return /^[a-z\d.]+ *=/i.test(value) && !value.includes('-----') ? value : undefined;
}

/** Seconds; of what is no number the script makes no assertion. */
export const toClockOffset = (read: ReadVariable): number => Number(read('clock_offset')) || 0;

const readCertificateOf = async (tls: Tls): Promise<CertificateFacts | 'unreadable'> => {
  const { cert, key } = tls;
  if (!cert || !key) return 'unreadable';
  const files = { ...tls, cert, key };
  return (await orUndefined(() => readCertificate(files, new Date()))) ?? 'unreadable';
};

/** The way in which a form authenticates. */
export function toWay(form: URLSearchParams): Way {
  const jws = form.get('client_assertion');
  if (jws === null) return { method: 'tls_client_auth', aud: undefined };
  return { method: 'private_key_jwt', aud: decodeAssertion(jws)?.aud };
}

/** Error of OAuth: RFC 6749 section 5.2 and its kin. A gateway has words like "Unauthorized" there. */
const OAUTH_ERROR = /^[a-z]+(_[a-z]+)+$/;

/** What the body of an answer says of the refusal. */
export function readAnswer(body: string) {
  // RFC 9457 has "detail" for words of its own.
  const { error, error_description: description, detail } = parseObject(body);
  return {
    error: OAUTH_ERROR.test(String(error)) ? String(error) : undefined,
    errorDescription: toText(description) ?? toText(detail),
    // The words of nginx.
    saysCertificateMissing: /no required ssl certificate/i.test(body),
    saysCertificateRefused: /the ssl certificate error/i.test(body),
  };
}

/**
 * Puts together what is known of one refused request; never throws.
 *
 * @param accepted ways in which the server took the same client
 */
export function toFacts(surroundings: Surroundings, request: RefusedRequest, accepted: Way[] = []): Facts {
  const { known, server, serverFault, certificate, registeredSubject, clockOffset, jwks, jwksFault } = surroundings;
  const { endpoint, url, status, body = '', date, age, receivedAt, duration = 0, connectionCode } = request;
  const form = new URLSearchParams(request.form);
  const jws = form.get('client_assertion');
  const assertion = jws === null ? undefined : decodeAssertion(jws);
  const sentAt = receivedAt === undefined ? undefined : receivedAt - duration;
  const measured =
    sentAt === undefined ? undefined : compareClocks({ date, age, sentAt, receivedAt: sentAt + duration });
  const tokenEndpoints = [known.endpoints.token_endpoint, known.replaced.token_endpoint];
  return {
    endpoint,
    url,
    status,
    ...readAnswer(body),
    connectionCode,
    formFaults: findFormFaults(form, assertion),
    method: toWay(form).method,
    assertion,
    certificate,
    registeredSubject,
    clockOffset,
    clockDifference: measured ?? server?.clockDifference,
    sentAt: sentAt === undefined ? undefined : sentAt / 1000,
    issuer: known.issuer || undefined,
    tokenEndpoints: tokenEndpoints.filter(value => value !== undefined),
    server,
    serverFault,
    jwksFault,
    jwks:
      jwks && jws && assertion
        ? compareWithJwks(jwks.source, jwks.keys, assertion.kid, key => hasSigned(key, jws))
        : undefined,
    accepted,
    refused: [],
  };
}

const toText = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Header and claims of a client assertion, its signature not looked at; undefined when it is none. */
export function decodeAssertion(jws: string): AssertionFacts | undefined {
  const [header, claims] = jws.split('.', 2).map(part => parseObject(Buffer.from(part, 'base64url').toString()));
  if (!header || !claims || typeof claims.iat !== 'number' || typeof claims.exp !== 'number') return undefined;
  const { iat, exp } = claims;
  return {
    alg: String(header.alg),
    kid: String(header.kid),
    iss: String(claims.iss),
    aud: String(claims.aud),
    iat,
    exp,
  };
}

function findFormFaults(form: URLSearchParams, assertion: AssertionFacts | undefined): string[] {
  const faults: string[] = [];
  const names = ['client_id', 'client_assertion', 'client_assertion_type'] as const;
  for (const name of names) {
    const { length } = form.getAll(name);
    if (length > 1) faults.push(`the form had ${name} ${length} times`);
  }
  const clientId = form.get('client_id');
  if (!clientId) faults.push('the form had no client_id');
  if (form.has('client_assertion') !== form.has('client_assertion_type')) {
    const [there, missing] = form.has('client_assertion') ? [names[1], names[2]] : [names[2], names[1]];
    faults.push(`the form had ${there} and no ${missing}`);
  }
  if (form.has('client_assertion') && !assertion) faults.push('client_assertion was not a JWT with iat and exp');
  if (clientId && assertion && assertion.iss !== clientId) faults.push('iss was not the client_id of the form');
  return faults;
}
