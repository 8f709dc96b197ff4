// The data of a diagnosis: the facts of a refused request in, the causes of the refusal out. Pure, on the machine.

import type { EndpointName } from '../../client-auth/authorization-server.ts';
import { toPlain } from '../../client-auth/errors.ts';
import type { Settings } from '../../client-auth/settings.ts';
import type { CertificateFacts } from '../client/certificate-facts.ts';
import type { JwksFacts } from '../server/jwks-facts.ts';
import type { ServerFacts } from '../server/metadata.ts';

/** A method of client authentication. */
export type Method = Settings['method'];

/** Header and claims of the client assertion that was sent; times in seconds since the Unix epoch. */
export interface AssertionFacts {
  alg: string;
  kid: string;
  typ: string | undefined;
  iss: string;
  aud: string;
  iat: number;
  exp: number;
}

/** How a client authenticates in a request. */
export interface Way {
  method: Method;
  /** Audience of its assertion; undefined with `tls_client_auth`. */
  aud: string | undefined;
}

/** Why the metadata or the JWKS could not be read. */
export interface ReadingFault {
  /** In words that can be shown. */
  reason: string;
  /** The issuer that the metadata names instead of the configured one. */
  statedIssuer?: string | undefined;
}

/** What is known about one refused request; undefined is what is not known. */
export interface Facts {
  endpoint: EndpointName;
  url: string;
  /** HTTP status; undefined when there was no answer. */
  status: number | undefined;
  /** OAuth error and its description, as the answer has them (RFC 6749 section 5.2). */
  error: string | undefined;
  errorDescription: string | undefined;
  /** Whether the answer says, as a proxy does, that a certificate was missing, or could not be verified. */
  saysCertificateMissing: boolean;
  saysCertificateRefused: boolean;
  /** Code of a failed connection, for example `ECONNRESET`. */
  connectionCode: string | undefined;
  /** What is wrong with the client authentication in the form; empty if nothing is. */
  formFaults: string[];
  method: Method;
  assertion: AssertionFacts | undefined;
  /** The transport certificate of the connection. */
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
  /** URLs of the token endpoint: the one that requests go to, and the one whose place an alias for mutual TLS took. */
  tokenEndpoints: string[];
  server: ServerFacts | undefined;
  serverFault: ReadingFault | undefined;
  jwks: JwksFacts | undefined;
  jwksFault: ReadingFault | undefined;
  /** The ways in which the server accepted the same client. */
  accepted: Way[];
  /** The ways in which the server accepted other clients in the same run, with the same transport certificate or none. */
  acceptedOthers: Way[];
  /** The ways that were tried one after the other and refused, including that of this request. */
  refused: Way[];
}

/** What a cause is about; the server's own words may be about it too. */
export type Topic =
  | 'form'
  | 'assertion'
  | 'typ'
  | 'audience'
  | 'method'
  | 'algorithm'
  | 'key'
  | 'certificate'
  | 'clock'
  | 'client'
  | 'other';

/** A cause of a refusal. */
export interface Cause {
  topic: Topic;
  /** What is, or may be, the case. */
  fact: string;
  /** Whether evidence proves it, the server says it, or neither. */
  evidence: 'proved' | 'named' | 'possible';
  /** The one thing to change. */
  remedy: string;
}

/** A cause that evidence proves: it alone explains the refusal. */
export const proved = (topic: Topic, fact: string, remedy: string): Cause => ({
  topic,
  fact,
  evidence: 'proved',
  remedy,
});
/** A cause that the server's own words name. */
export const named = (topic: Topic, fact: string, remedy: string): Cause => ({
  topic,
  fact,
  evidence: 'named',
  remedy,
});
/** A cause that nothing proves, however likely it is. */
export const possible = (topic: Topic, fact: string, remedy: string): Cause => ({
  topic,
  fact,
  evidence: 'possible',
  remedy,
});

/** The first few values of a list from a server, as text that can be shown. */
export const toList = (values: string[]): string =>
  `${values
    .slice(0, 8)
    .map(value => toPlain(value))
    .join(', ')}${values.length > 8 ? ` and ${values.length - 8} more` : ''}`;
