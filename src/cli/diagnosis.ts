// Why an endpoint of the authorization server refused the client: the causes in order, each with the one thing to change.
// What evidence proves is stated as a fact; the rest is worded as a possibility. Pure, on the machine.

import type { EndpointName } from '../client-auth/authorization-server.ts';
import type { Settings } from '../client-auth/settings.ts';
import { type CertificateFacts, compareNames } from './certificate-facts.ts';
import type { JwksFacts } from './jwks-facts.ts';
import type { ServerFacts } from './server-facts.ts';

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
const certain = (fact: string, remedy: string): Cause => ({ fact, isCertain: true, remedy });
const possible = (fact: string, remedy: string): Cause => ({ fact, isCertain: false, remedy });

/** Names the causes of a refusal in order of likelihood. What is certain leaves no room for possibilities. */
export function diagnose(facts: Facts): Cause[] {
  if (facts.connectionCode !== undefined) return connectionCauses(facts, facts.connectionCode);
  const noRefusal = notOfTheClient(facts);
  if (noRefusal.length > 0) return [...acceptedElsewhere(facts), ...noRefusal];
  const proved = [
    ...facts.formFaults.map(fault => certain(fault, 'correct the form of the request, or what changes it')),
    ...missingCertificate(facts),
    ...acceptedElsewhere(facts),
    ...wrongIssuer(facts),
    ...unsupported(facts),
    ...badCertificate(facts),
    ...clockFaults(facts),
    ...keyFaults(facts),
  ];
  return [...proved, ...gateway(facts), ...(proved.length > 0 ? [] : possibilities(facts))];
}

/** Answers that say nothing of the client. */
function notOfTheClient({ status = 0, endpoint }: Facts): Cause[] {
  if (status >= 500) {
    const fact = `the status ${status} says that the server itself failed, or what stands before it`;
    return [certain(fact, 'try again later, and tell who runs the server if it stays so')];
  }
  if (status === 429) return [certain('the server got too many requests', 'wait, or send fewer')];
  if (status < 400 || status === 404 || status === 405) {
    const fact = `the status ${status} is no refusal of a client, so the URL may not be that of the ${endpoint}`;
    return [possible(fact, 'compare the URL with the metadata, or with what you were given')];
  }
  return [];
}

/** What stands before the server may have answered in its place. */
function gateway({ error, saysCertificateMissing, saysCertificateRefused }: Facts): Cause[] {
  if (error !== undefined || saysCertificateMissing || saysCertificateRefused) return [];
  const fact = 'the answer has no OAuth error, so it may come from a gateway before the authorization server';
  return [possible(fact, 'ask who runs the server whether the certificate and your IP address are let in')];
}

function missingCertificate({ certificate, saysCertificateMissing }: Facts): Cause[] {
  if (certificate === 'none') {
    const fact = 'no transport certificate was sent, and mutual TLS is required on every call';
    return [certain(fact, 'give --ssl-client-cert and --ssl-client-key')];
  }
  return saysCertificateMissing ? [certificateNotReceived(certificate)] : [];
}

/** The server itself says that none arrived. */
function certificateNotReceived(certificate: Facts['certificate']): Cause {
  const remedy =
    certificate === undefined
      ? 'name one for this host in --ssl-client-cert-list, or for all with --ssl-client-cert'
      : 'call it without a proxy that ends TLS';
  return certain('the server says that it got no transport certificate', remedy);
}

function acceptedElsewhere(facts: Facts): Cause[] {
  const { accepted, method, assertion, issuer, tokenEndpoints } = facts;
  if (isAcceptedAlike(facts)) return [];
  const otherAudience = accepted.find(one => one.method === method && one.aud !== undefined);
  if (otherAudience?.aud !== undefined) {
    const fact = `aud was ${assertion?.aud}, and the same client was accepted with ${otherAudience.aud}`;
    const { aud } = otherAudience;
    const setting = aud === issuer ? 'issuer' : tokenEndpoints.includes(aud) ? 'token_endpoint' : aud;
    return [certain(fact, `set client_assertion_audience to ${setting}`)];
  }
  const other = accepted.find(one => one.method !== method)?.method;
  if (!other) return [];
  const fact = `the client was refused by ${method} and accepted by ${other}, so it is registered with that`;
  return [certain(fact, `set token_endpoint_auth_method to ${other}`)];
}

/** "the configured issuer" is not the one of its metadata (RFC 8414 section 3.3), and the assertion was made for it. */
function wrongIssuer({ serverFault, assertion, issuer }: Facts): Cause[] {
  const stated = serverFault?.statedIssuer;
  if (stated === undefined || assertion?.aud !== issuer) return [];
  return [certain(`aud was ${issuer}, and the metadata there has the issuer ${stated}`, `set issuer to ${stated}`)];
}

function unsupported({ server, endpoint, method, assertion }: Facts): Cause[] {
  const methods = server?.methods[endpoint];
  if (methods && !methods.includes(method)) {
    const fact = `the ${endpoint} does not take ${method}, its metadata has ${toList(methods)}`;
    return [
      certain(fact, 'set token_endpoint_auth_method to one that the server takes and the client is registered with'),
    ];
  }
  const algorithms = server?.algorithms[endpoint];
  if (!assertion || !algorithms || algorithms.includes(assertion.alg)) return [];
  const fact = `the ${endpoint} does not take ${assertion.alg}, its metadata has ${toList(algorithms)}`;
  return [certain(fact, 'ask who runs the server for PS256, which FAPI 2.0 requires it to take')];
}

const USE_ISSUED_CERTIFICATE =
  'use the certificate that was issued for its environment, with its intermediates behind it in the file';

function badCertificate({ certificate, method, registeredSubject, saysCertificateRefused }: Facts): Cause[] {
  if (certificate === 'unreadable') {
    return [certain('the transport certificate can not be read', 'name a PEM file with --ssl-client-cert')];
  }
  const causes: Cause[] = [];
  if (saysCertificateRefused) {
    const fact = 'the server says that it could not verify the transport certificate';
    causes.push(certain(fact, USE_ISSUED_CERTIFICATE));
  }
  if (typeof certificate !== 'object') return causes;
  const { validity, isForClients, subject, notAfter, keyFault } = certificate;
  if (keyFault) {
    const fact = 'the transport certificate and its key can not be used together';
    causes.push(certain(fact, 'name the right file with --ssl-client-key, and its passphrase if it has one'));
  }
  if (validity !== 'valid') {
    const fact = `the transport certificate is ${validity}${validity === 'expired' ? ` since ${toDay(notAfter)}` : ''}`;
    causes.push(certain(fact, 'use a certificate that is valid today'));
  }
  if (!isForClients) {
    const fact = 'the transport certificate is not for clients, its extended key usage lacks clientAuth';
    causes.push(certain(fact, 'use the certificate that was issued to the client'));
  }
  if (method !== 'tls_client_auth' || registeredSubject === undefined) return causes;
  if (compareNames(subject, registeredSubject) !== 'other') return causes;
  const fact = `the transport certificate has another subject than the registered one, ${subject} against ${registeredSubject}`;
  return [...causes, certain(fact, 'use the certificate whose subject is registered')];
}

/** Seconds that `iat` may be ahead: a server takes 10, and refuses more than 60 (FAPI 2.0 section 5.3.2.1), read to 2 s. */
const MAY_BE_REFUSED = 10;
const IS_REFUSED = 62;

/** Seconds by which an assertion that still lasts may seem old before that is worth a line. */
const SEEMS_OLD = 30;

/** How the server's clock stands to this machine's, in words; `clock_offset` where it is not 0. */
export function describeClock(difference: number, offset = 0): string {
  const seconds = Math.abs(difference);
  const words =
    difference === 0 ? 'agrees with yours' : `is ${seconds} s ${difference < 0 ? 'behind yours' : 'ahead of yours'}`;
  return `the server's clock ${words}${offset ? `, and clock_offset is ${offset}` : ''}`;
}

/** What to do about a difference of clocks, in seconds, server minus local. */
export function clockRemedy(difference: number): string {
  return Math.abs(difference) <= 86_400 ? `set clock_offset to ${difference}` : 'set the clock of this machine';
}

/** How far the clocks are apart for this assertion, in words; undefined where it can't be told. */
function readClock(facts: Facts): { lead: number; lifetime: number; words: string; remedy: string } | undefined {
  const { assertion, clockDifference, clockOffset, sentAt } = facts;
  if (!assertion || clockDifference === undefined || sentAt === undefined) return undefined;
  return {
    // Seconds that `iat` was ahead of the server's clock.
    lead: assertion.iat - Math.floor(sentAt) - clockDifference,
    lifetime: assertion.exp - assertion.iat,
    words: describeClock(clockDifference, clockOffset),
    remedy: clockRemedy(clockDifference),
  };
}

/** Clocks so far apart that no server bears it. */
function clockFaults(facts: Facts): Cause[] {
  const clock = readClock(facts);
  if (!clock || Math.abs(clock.lead) <= IS_REFUSED) return [];
  const { lead, lifetime, words, remedy } = clock;
  if (lead > 0) return [certain(`${words}, so iat was ${lead} s in the future`, remedy)];
  if (-lead >= lifetime) return [certain(`${words}, so the assertion of ${lifetime} s had expired`, remedy)];
  return [];
}

/** Keys that can't be those of the assertion. */
function keyFaults({ jwks, assertion }: Facts): Cause[] {
  if (!assertion || !jwks) return [];
  const { kid, count, isSame, sameUnder, kids, source } = jwks;
  const elsewhere = sameUnder[0];
  const setKid = elsewhere ? `set kid to ${elsewhere}` : undefined;
  if (count === 0) {
    const found = setKid
      ? `the public half of the signing key stands there under ${elsewhere}`
      : `it has ${kids.length > 0 ? toList(kids) : 'no key IDs'}`;
    const remedy = setKid ?? `register the public half of the signing key under the kid ${kid}`;
    return [certain(`the kid ${kid} is not in the JWKS ${source}; ${found}`, remedy)];
  }
  if (isSame) return [];
  const fact = `under the kid ${kid} the JWKS ${source} has another key than the public half of the signing key`;
  return [
    certain(fact, setKid ?? `use the signing key that belongs to ${kid}, or register the public half of this one`),
  ];
}

/** What a possibility is about, by which the server's words point at it. */
type Topic = 'audience' | 'method' | 'key' | 'certificate' | 'clock' | 'client';

interface Possibility extends Cause {
  topic: Topic;
}

const about = (topic: Topic, fact: string, remedy: string): Possibility => ({ ...possible(fact, remedy), topic });

/** Possibilities that the evidence can't decide between, and those that are less likely, in order. */
interface Possibilities {
  likely: Possibility[];
  others: Possibility[];
}

/** Words of an `error_description` that point at one of the possibilities. */
const HINTS: [words: RegExp, topic: Topic][] = [
  [/\baud\b|audience/i, 'audience'],
  [/auth\w* method|_auth_method/i, 'method'],
  [/\bkid\b|\bjwks?\b|signature|\bkey\b/i, 'key'],
  [/certificate|subject|\bdn\b/i, 'certificate'],
  [/\b(iat|nbf|exp|expir\w+|clocks?|skew)\b|too old|in the (future|past)/i, 'clock'],
];

function possibilities(facts: Facts): Cause[] {
  const { method, error, errorDescription = '' } = facts;
  const { likely, others } = method === 'tls_client_auth' ? ofCertificate(facts) : ofAssertion(facts);
  // What the server itself points at comes first.
  const topics = HINTS.filter(([words]) => words.test(errorDescription)).map(([, topic]) => topic);
  const isMeant = ({ topic }: Possibility) => topics.includes(topic);
  const isNotMeant = (one: Possibility) => !isMeant(one);
  const causes = [
    ...[...likely, ...others].filter(isMeant),
    ...oneOf(likely.filter(isNotMeant), facts),
    ...others.filter(isNotMeant),
  ];
  if (error !== 'invalid_request') return causes;
  // RFC 6749 section 5.2 has it for a malformed request; a client that fails to authenticate is invalid_client.
  const rest = possible(
    'invalid_request is what servers say of the rest of the form, rather than of the client',
    'compare its other parameters with what the endpoint requires',
  );
  if (isAcceptedAlike(facts)) return [rest];
  const words = /client_(id|assertion|auth)|client auth|assertion|\bjwt\b|\baud|\bkid\b|\biat\b|\bexp\b|certificate/i;
  return errorDescription === '' || words.test(errorDescription) ? [...causes, rest] : [rest, ...causes];
}

/** Says in one cause what can't be told apart, and how it can be. */
function oneOf(causes: Possibility[], { refused, jwks }: Facts): Cause[] {
  if (causes.length < 2) return causes;
  const needsJwks = !jwks && causes.some(({ topic }) => topic === 'key');
  const command = `"check --live${needsJwks ? ' --jwks <registered JWKS>' : ''}"`;
  const remedies = causes.map(({ remedy }) => remedy).join(', or ');
  const fact = causes.map(one => one.fact).join('; or ');
  return [possible(fact, refused.length > 0 ? remedies : `${command} tells which: ${remedies}`)];
}

/** Whether the server took the same client with the same method and audience in the same run. */
const isAcceptedAlike = ({ accepted, method, assertion }: Facts): boolean =>
  accepted.some(one => one.method === method && one.aud === assertion?.aud);

const OTHER_CLIENT = about(
  'client',
  'the client_id may be unknown to this server, as each environment has its own',
  'compare client_id and issuer with the registration',
);

/** Another method, where the server takes another. */
function otherMethod({ method, server, endpoint, registeredSubject }: Facts): Possibility[] {
  if (server?.methods[endpoint]?.every(one => one === method)) return [];
  const fact =
    method === 'private_key_jwt' && registeredSubject !== undefined
      ? 'the client may be registered with tls_client_auth, as tls_client_auth_subject_dn is set, which that method alone has'
      : `the client may be registered with another method than ${method}`;
  return [about('method', fact, 'set token_endpoint_auth_method to the registered one')];
}

/** Sets apart the ways that were tried and refused too. */
function byTrial(ways: Possibility[], facts: Facts): { open: Possibility[]; tried: Possibility[] } {
  const { method, assertion, refused } = facts;
  if (isAcceptedAlike(facts)) return { open: [], tried: [] };
  const topics: Topic[] = [
    ...(refused.some(one => one.method !== method) ? (['method'] as const) : []),
    ...(refused.some(one => one.method === method && one.aud !== assertion?.aud) ? (['audience'] as const) : []),
  ];
  return {
    open: ways.filter(({ topic }) => !topics.includes(topic)),
    tried: ways.filter(({ topic }) => topics.includes(topic)),
  };
}

function ofCertificate(facts: Facts): Possibilities {
  const authority = about(
    'certificate',
    'the authority that issued the transport certificate may not be one for this server',
    'use the certificate that was issued for its environment',
  );
  const { open, tried } = byTrial(otherMethod(facts), facts);
  return { likely: [...subjectDoubts(facts), ...open], others: [authority, OTHER_CLIENT, ...tried] };
}

function subjectDoubts({ certificate, registeredSubject }: Facts): Possibility[] {
  const subject = typeof certificate === 'object' ? certificate.subject : undefined;
  if (registeredSubject === undefined) {
    const fact = `the client may be registered with another subject than that of the transport certificate${subject ? `, which is ${subject}` : ''}`;
    return [about('certificate', fact, 'compare the subject with the registered tls_client_auth_subject_dn')];
  }
  // Whose registered subject is equal is refused for another reason.
  if (subject === undefined || compareNames(subject, registeredSubject) !== 'other order') return [];
  const fact = `the parts of the subject stand in another order than in the registered one, ${subject} against ${registeredSubject}`;
  return [about('certificate', fact, 'register tls_client_auth_subject_dn as the certificate has it')];
}

function ofAssertion(facts: Facts): Possibilities {
  const { assertion, jwks } = facts;
  if (!assertion) return { likely: [OTHER_CLIENT], others: [] };
  const { open, tried } = byTrial([audienceOf(facts, assertion), ...otherMethod(facts)], facts);
  const clock = clockDoubts(facts);
  const likely = [...clock.likely, ...keyDoubts(jwks), ...open];
  const others = [...clock.others, OTHER_CLIENT, ...tried];
  if (jwks) {
    const fact = `the server may hold an older copy of the JWKS than ${jwks.source}`;
    const remedy = 'compare with what is registered, or wait until the server reads it again';
    return { likely, others: [about('key', fact, remedy), ...others] };
  }
  const fact = `the public half of the signing key may not be registered under the kid ${assertion.kid}`;
  return { likely: [...likely, about('key', fact, 'compare key and kid with the registered JWKS')], others };
}

function audienceOf(facts: Facts, { aud }: AssertionFacts): Possibility {
  const { server, serverFault, issuer, tokenEndpoints, url } = facts;
  if (aud === issuer) {
    const fact = 'aud was the issuer, and the server may take only the token endpoint';
    return about('audience', fact, 'set client_assertion_audience to token_endpoint');
  }
  if (server && ![...tokenEndpoints, url.replace(/[?#].*$/, '')].includes(aud)) {
    const fact = `aud was ${aud}, which is neither the issuer nor the token endpoint`;
    return about('audience', fact, 'set client_assertion_audience to issuer or token_endpoint');
  }
  const name = tokenEndpoints.includes(aud) ? 'the token endpoint' : aud;
  const stated = serverFault?.statedIssuer;
  return about(
    'audience',
    `aud was ${name}, and servers of the FAPI 2.0 profile take only the issuer`,
    `set client_assertion_audience to issuer${stated ? ` and issuer to ${stated}` : ''}`,
  );
}

/** Clocks that are off, though a server may bear it; and what the server says of times where they are not. */
function clockDoubts(facts: Facts): Possibilities {
  const clock = readClock(facts);
  if (clock) {
    const { lead, lifetime, words, remedy } = clock;
    const doubt = (consequence: string) => [about('clock', `${words}, and ${consequence}`, remedy)];
    if (lead > MAY_BE_REFUSED) {
      return {
        likely: doubt(`a server may refuse an iat that is more than ${MAY_BE_REFUSED} s in the future`),
        others: [],
      };
    }
    if (-lead >= lifetime) {
      return { likely: doubt(`a server may refuse an assertion of ${lifetime} s as expired`), others: [] };
    }
    const old = `a server may refuse an assertion that seems ${-lead} s old`;
    if (-lead > IS_REFUSED) return { likely: doubt(old), others: [] };
    if (-lead > SEEMS_OLD) return { likely: [], others: doubt(old) };
  }
  const isSpokenOf = HINTS.some(([words, topic]) => topic === 'clock' && words.test(facts.errorDescription ?? ''));
  if (!isSpokenOf) return { likely: [], others: [] };
  const fact = `the server speaks of the times of the assertion${clock ? `, though ${clock.words} by the date of its answer` : ''}`;
  const remedy = 'compare the clocks and set clock_offset to the difference, or lower client_assertion_lifetime';
  return { likely: [about('clock', fact, remedy)], others: [] };
}

/** A registration of the right key with which a server may or may not get on. */
function keyDoubts(jwks: JwksFacts | undefined): Possibility[] {
  if (!jwks) return [];
  const { kid, count, otherUse, source } = jwks;
  const doubts: Possibility[] = [];
  if (count > 1) {
    const fact = `${count} keys of the JWKS ${source} have the kid ${kid}, and the server may take the wrong one`;
    doubts.push(about('key', fact, 'give every key a kid of its own'));
  }
  if (otherUse) {
    const fact = `the key under the kid ${kid} of the JWKS ${source} is not for PS256 signatures but has ${otherUse}`;
    doubts.push(about('key', fact, 'register it with "alg" PS256 and "use" sig'));
  }
  return doubts;
}

/** What the code of a failed connection means, where it says so itself. */
const CONNECTION_FAULTS: [code: RegExp, fact: string, remedy: string][] = [
  [
    /ALTNAME_INVALID/,
    'the certificate of the server is for another host',
    'write the host in the URL as the server has it',
  ],
  [
    /ALERT_UNKNOWN_CA/,
    'the server does not know the authority that issued the transport certificate',
    USE_ISSUED_CERTIFICATE,
  ],
  [/ALERT_CERTIFICATE_EXPIRED/, 'the server takes the transport certificate for expired', 'use one that is valid'],
  [/ALERT_CERTIFICATE_REVOKED/, 'the transport certificate is revoked', 'have a new one issued'],
  [
    /ALERT_(BAD|UNSUPPORTED)_CERTIFICATE|ALERT_CERTIFICATE_UNKNOWN|ALERT_ACCESS_DENIED/,
    'the server refuses the transport certificate',
    'use the certificate that was issued for its environment',
  ],
  [
    /CERT_HAS_EXPIRED/,
    'the certificate of the server has expired by the clock of this machine',
    'set the clock of this machine, or tell who runs the server',
  ],
  [
    /CERT_NOT_YET_VALID/,
    'the certificate of the server is not yet valid by the clock of this machine',
    'set the clock',
  ],
  [
    /UNABLE_TO_(VERIFY|GET)|SELF_SIGNED|UNTRUSTED/,
    'the certificate of the server is from an authority that this machine does not know',
    'name the file of that authority with --ssl-extra-ca-certs, if the server is the right one',
  ],
  [/ENOTFOUND|EAI_AGAIN/, 'the name of the host can not be resolved', 'check the URL and the network'],
  [/ECONNREFUSED/, 'nothing listens there', 'check host and port of the URL'],
  [
    /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/,
    'the server did not answer in time',
    'check the network, and whether a firewall or a proxy stands between',
  ],
  [
    /KEY_VALUES_MISMATCH/,
    'the key of the transport certificate belongs to another one',
    'name the right file with --ssl-client-key',
  ],
  [/BAD_DECRYPT|BAD_PASSWORD/, 'the key of the transport certificate does not open', 'check --ssl-client-passphrase'],
  [/WRONG_VERSION_NUMBER/, 'the other side does not speak TLS', 'check scheme and port of the URL'],
];

/** Codes of a connection that the server ended without a word, or with one that may mean anything. */
const CLOSED = /ECONNRESET|EPIPE|HANDSHAKE_FAILURE|EPROTO/;

function connectionCauses(facts: Facts, code: string): Cause[] {
  const { certificate } = facts;
  // Whoever sends this alert has received none (RFC 8446 section 6.2).
  if (/CERTIFICATE_REQUIRED/.test(code)) {
    const own = [...missingCertificate(facts), ...badCertificate(facts)];
    return own.length > 0 ? own : [certificateNotReceived(certificate)];
  }
  const known = CONNECTION_FAULTS.find(([pattern]) => pattern.test(code));
  if (known) return [certain(known[1], known[2])];
  if (!CLOSED.test(code)) return [certain(`the connection failed with ${code}`, 'check the URL and the network')];
  const proved = [...missingCertificate(facts), ...badCertificate(facts)];
  if (proved.length > 0) return proved;
  const issuer = typeof certificate === 'object' ? ` (${certificate.issuer})` : '';
  const causes = [
    possible(
      `the server may have ended the handshake because it does not know the authority that issued the transport certificate${issuer}`,
      'use the certificate that was issued for its environment',
    ),
  ];
  if (typeof certificate === 'object' && !certificate.isChainComplete) {
    const fact = `the server may have ended the handshake because the file lacks the certificate of ${certificate.chainEnd}`;
    causes.push(possible(fact, 'put the intermediate certificates behind the transport certificate in its file'));
  }
  const fact = 'a firewall or a proxy may have ended the connection';
  return [...causes, possible(fact, 'try from another network')];
}

/** Explains a refusal in short lines: what was sent, what is known of the server, the causes in order. */
export function explain(facts: Facts): string[] {
  const { endpoint, url, status, error, errorDescription, connectionCode } = facts;
  const words = errorDescription ? ` "${toPlain(errorDescription)}"` : '';
  const answer =
    connectionCode === undefined
      ? `answered ${status ?? 'nothing'}${error ? ` ${toPlain(error)}` : ' without an OAuth error'}${words}`
      : `could not be reached: ${connectionCode}`;
  const causes = diagnose(facts);
  return [
    `${endpoint} ${url} ${answer}`,
    `  sent: ${describeSent(facts)}`,
    `  transport certificate: ${describeCertificate(facts.certificate)}`,
    `  server: ${describeServer(facts).join('; ') || 'nothing is known of it'}`,
    ...causes.map((cause, index) => `  ${index + 1}. ${describeCause(cause)}`),
  ];
}

/** A cause as one sentence: whether it is proved, what it is, and its remedy. */
export function describeCause({ fact, isCertain, remedy }: Cause): string {
  return `${isCertain ? 'proved' : 'possible'}: ${fact}: ${remedy}`;
}

function describeSent({ method, assertion }: Facts): string {
  if (!assertion) return method;
  const { alg, kid, aud, iss, iat, exp } = assertion;
  return `${method}, alg=${alg} kid=${kid} aud=${aud} iss=${iss}, lifetime ${exp - iat} s`;
}

function describeCertificate(certificate: Facts['certificate']): string {
  if (certificate === undefined) return 'not known';
  if (certificate === 'none') return 'none was sent';
  if (certificate === 'unreadable') return 'can not be read';
  return `${certificate.subject}, ${describeValidity(certificate)}`;
}

/** Until when a certificate is good. */
export function describeValidity({ validity, notBefore, notAfter, daysLeft }: CertificateFacts): string {
  if (validity === 'expired') return `expired since ${toDay(notAfter)}`;
  if (validity === 'not yet valid') return `not valid before ${toDay(notBefore)}`;
  const left = daysLeft < 1 ? 'less than a day' : daysLeft === 1 ? '1 day' : `${daysLeft} days`;
  return `valid until ${toDay(notAfter)}, ${left} left`;
}

function describeServer(facts: Facts): string[] {
  const { clockDifference, server, endpoint, jwks, assertion, serverFault, jwksFault } = facts;
  const methods = server?.methods[endpoint];
  const algorithms = server?.algorithms[endpoint];
  const key = jwks && assertion && `${describeKey(jwks)} in the JWKS ${jwks.source}`;
  return [
    clockDifference === undefined ? '' : describeClock(clockDifference),
    methods ? `methods ${toList(methods)}` : '',
    algorithms ? `algorithms ${toList(algorithms)}` : '',
    key ?? '',
    serverFault ? `its metadata could not be read: ${serverFault.reason}` : '',
    jwksFault ? `the JWKS could not be read: ${jwksFault.reason}` : '',
  ].filter(text => text !== '');
}

function describeKey({ count, isSame, kid }: JwksFacts): string {
  if (count === 0) return `kid ${kid} is not`;
  return isSame ? `kid ${kid} with this key is` : `kid ${kid} with another key is`;
}

const toDay = (date: Date): string => date.toISOString().slice(0, 10);

/** The first few of a list of a foreign hand. */
const toList = (values: string[]): string =>
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
