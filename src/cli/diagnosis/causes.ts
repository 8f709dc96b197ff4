// What a diagnosis is made of: the facts of a refused request, the causes of a refusal, and the words of a foreign hand. Pure,
// on the machine.

import type { EndpointName } from '../../client-auth/authorization-server.ts';
import type { Settings } from '../../client-auth/settings.ts';
import type { CertificateFacts } from '../client/certificate-facts.ts';
import type { JwksFacts } from '../server/jwks-facts.ts';
import type { ServerFacts } from '../server/server-facts.ts';

export type Method = Settings['method'];

/** Header and claims of the assertion that was sent; times in seconds since the Unix epoch. */
export interface AssertionFacts {
  alg: string;
  kid: string;
  iss: string;
  aud: string;
  iat: number;
  exp: number;
}

/** How a client authenticated in a request. */
export interface Way {
  method: Method;
  /** Audience of its assertion; undefined with `tls_client_auth`. */
  aud: string | undefined;
}

/** Why the metadata or the JWKS could not be read. */
export interface ReadingFault {
  /** In words fit to be shown. */
  reason: string;
  /** The issuer that the metadata names instead of the configured one. */
  statedIssuer?: string | undefined;
}

/** What is known of one refused request; undefined is what is not known. */
export interface Facts {
  endpoint: EndpointName;
  url: string;
  /** HTTP status; undefined when there was no answer. */
  status: number | undefined;
  /** OAuth error and its description, as the answer has them (RFC 6749 section 5.2). */
  error: string | undefined;
  errorDescription: string | undefined;
  /** Whether the answer says in words of its own that a certificate was missing, or could not be verified, as a proxy does. */
  saysCertificateMissing: boolean;
  saysCertificateRefused: boolean;
  /** Code of a failed connection, `ECONNRESET` say. */
  connectionCode: string | undefined;
  /** What of client authentication is wrong in the form; empty if nothing is. */
  formFaults: string[];
  method: Method;
  assertion: AssertionFacts | undefined;
  /** Transport certificate on the connection. */
  certificate: CertificateFacts | 'none' | 'unreadable' | undefined;
  /** Subject that the client is registered with, by the variable `tls_client_auth_subject_dn` (RFC 8705 section 2.1.2). */
  registeredSubject: string | undefined;
  /** Seconds, server minus local. */
  clockDifference: number | undefined;
  /** Seconds, from the variable `clock_offset`. */
  clockOffset: number;
  /** When the request was sent, in seconds since the Unix epoch by the local clock. */
  sentAt: number | undefined;
  issuer: string | undefined;
  /** Token endpoint: where requests go, and by what other name the metadata has it. */
  tokenEndpoints: string[];
  server: ServerFacts | undefined;
  serverFault: ReadingFault | undefined;
  jwks: JwksFacts | undefined;
  jwksFault: ReadingFault | undefined;
  /** Ways in which the server did take the same client. */
  accepted: Way[];
  /** Ways that were tried one after the other and refused, that of this request among them. */
  refused: Way[];
}

export interface Cause {
  /** What is the case, or may be. */
  fact: string;
  /** Whether evidence proves it. */
  isCertain: boolean;
  /** The one thing to change. */
  remedy: string;
}

/** What alone explains a refusal is certain; all else is possible, however likely. */
export const certain = (fact: string, remedy: string): Cause => ({ fact, isCertain: true, remedy });
export const possible = (fact: string, remedy: string): Cause => ({ fact, isCertain: false, remedy });

/** The first few of a list of a foreign hand. */
export const toList = (values: string[]): string =>
  `${values
    .slice(0, 8)
    .map(value => toPlain(value))
    .join(', ')}${values.length > 8 ? ` and ${values.length - 8} more` : ''}`;

/** Foreign text fit to be shown: short, without control characters, and without a token that it may quote. */
export const toPlain = (text: string, length = 200): string =>
  text
    .slice(0, 10_000)
    .replace(/(?<![\w-])[\w-]{12,}\.[\w-]{12,}\.[\w-]*/g, '[token]')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, length);
