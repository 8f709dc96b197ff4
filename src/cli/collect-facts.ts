// Gathers what `diagnosis.ts` judges by: the environment, the certificate files, the server's metadata and the JWKS once,
// then each refused request. Nothing here throws: what can't be found out stays unknown. On the machine.

import type { EndpointName } from '../client-auth/authorization-server.ts';
import type { KnownServer } from '../client-auth/client-authentication.ts';
import type { ReadVariable } from '../client-auth/settings.ts';
import { type CertificateFacts, readCertificate } from './certificate-facts.ts';
import type { Client } from './client-options.ts';
import type { Accepted, AssertionFacts, Facts } from './diagnosis.ts';
import { compareWithJwks, hasSigned } from './jwks-facts.ts';
import {
  compareClocks,
  fetchServerFacts,
  type Jwk,
  readJwks,
  readTls,
  type ServerFacts,
  type Tls,
  toKnownServer,
} from './server-facts.ts';

/** What is the same for all requests of a client. */
export interface Surroundings {
  known: KnownServer;
  server: ServerFacts | undefined;
  certificate: CertificateFacts | 'none' | 'unreadable';
  registeredSubject: string | undefined;
  jwks: { source: string; keys: Jwk[] } | undefined;
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
  /** Header `Date` of the answer. */
  date?: string | undefined;
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
  const [server, keys] = await Promise.all([
    issuer === '' ? undefined : orUndefined(() => fetchServerFacts(issuer, tls)),
    jwks === '' ? undefined : orUndefined(() => readJwks(jwks, tls)),
  ]);
  return {
    known: toKnownServer(read, server),
    server,
    certificate: transport.cert ? await readCertificateOf(tls) : 'none',
    registeredSubject: toRegisteredSubject(read),
    jwks: keys && { source: jwks, keys },
  };
}

/** The subject that the client is registered with; undefined when the variable is not set, or holds no distinguished name. */
export function toRegisteredSubject(read: ReadVariable): string | undefined {
  const value = read('tls_client_auth_subject_dn');
  return /^[a-z\d.]+ *=/i.test(value) && !value.includes('-----') ? value : undefined;
}

const readCertificateOf = async (tls: Tls): Promise<CertificateFacts | 'unreadable'> => {
  const { cert, key } = tls;
  if (!cert || !key) return 'unreadable';
  const files = { ...tls, cert, key };
  return (await orUndefined(() => readCertificate(files, new Date()))) ?? 'unreadable';
};

/**
 * Puts together what is known of one refused request; never throws.
 *
 * @param accepted requests of the same client that the server took
 */
export function toFacts(surroundings: Surroundings, refused: RefusedRequest, accepted: Accepted[] = []): Facts {
  const { known, server, certificate, registeredSubject, jwks } = surroundings;
  const { endpoint, url, status, body = '', date, receivedAt, duration = 0, connectionCode } = refused;
  const form = new URLSearchParams(refused.form);
  const jws = form.get('client_assertion');
  const assertion = jws === null ? undefined : decodeAssertion(jws);
  const { error, error_description: errorDescription } = parseObject(body);
  const sentAt = receivedAt === undefined ? undefined : receivedAt - duration;
  const measured = sentAt === undefined ? undefined : compareClocks({ date, sentAt, receivedAt: sentAt + duration });
  const tokenEndpoints = [known.endpoints.token_endpoint, known.replaced.token_endpoint];
  return {
    endpoint,
    url,
    status,
    error: toText(error),
    errorDescription: toText(errorDescription),
    // The words of nginx.
    saysCertificateMissing: /no required ssl certificate/i.test(body),
    connectionCode,
    formFaults: findFormFaults(form, assertion),
    method: jws === null ? 'tls_client_auth' : 'private_key_jwt',
    assertion,
    certificate,
    registeredSubject,
    clockDifference: measured ?? server?.clockDifference,
    sentAt: sentAt === undefined ? undefined : sentAt / 1000,
    issuer: known.issuer || undefined,
    tokenEndpoints: tokenEndpoints.filter(value => value !== undefined),
    server,
    jwks:
      jwks && jws && assertion
        ? compareWithJwks(jwks.source, jwks.keys, assertion.kid, key => hasSigned(key, jws))
        : undefined,
    accepted,
  };
}

/** Collects the facts of one refused request; never throws. */
export async function collectFacts(
  client: Pick<Client, 'read' | 'transport'>,
  refused: RefusedRequest,
  accepted: Accepted[] = [],
): Promise<Facts> {
  return toFacts(await readSurroundings(client), refused, accepted);
}

const toText = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function parseObject(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

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
