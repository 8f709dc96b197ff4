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

/** A request of the same client that the server did take. */
export interface Accepted {
  method: Method;
  /** Audience of its assertion; undefined with `tls_client_auth`. */
  aud: string | undefined;
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
  /** Whether the answer says in words of its own that a certificate was missing, as a proxy does. */
  saysCertificateMissing: boolean;
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
  /** Key ID among the variables, which `private_key_jwt` alone needs; left out where both methods were tried. */
  kidVariable?: string | undefined;
  /** Seconds, server minus local. */
  clockDifference: number | undefined;
  /** When the request was sent, in seconds since the Unix epoch by the local clock. */
  sentAt: number | undefined;
  issuer: string | undefined;
  /** Token endpoint: where requests go, and by what other name the metadata has it. */
  tokenEndpoints: string[];
  server: ServerFacts | undefined;
  jwks: JwksFacts | undefined;
  accepted: Accepted[];
}

export interface Cause {
  /** What is the case, or may be. */
  fact: string;
  /** Whether evidence proves it. */
  isCertain: boolean;
  /** The one thing to change. */
  remedy: string;
}

/** Seconds that `iat` may be ahead: a server takes 10, and refuses more than 60 (FAPI 2.0 section 5.3.2.1). */
const MAY_BE_REFUSED = 10;
const IS_REFUSED = 60;

/** Seconds from which a difference of clocks is worth a line by itself. */
const CLOCK_IS_OFF = 30;

const certain = (fact: string, remedy: string): Cause => ({ fact, isCertain: true, remedy });
const possible = (fact: string, remedy: string): Cause => ({ fact, isCertain: false, remedy });

/**
 * Names the causes of a refusal in order of likelihood. What alone explains the refusal leaves no room for possibilities.
 */
export function diagnose(facts: Facts): Cause[] {
  if (facts.connectionCode !== undefined) return connectionCauses(facts, facts.connectionCode);
  const proved = [
    ...facts.formFaults.map(fault => certain(fault, 'correct the form of the request, or what changes it')),
    ...missingCertificate(facts),
    ...acceptedElsewhere(facts),
    ...unsupported(facts),
    ...badCertificate(facts),
    ...clockCauses(facts),
    ...keyCauses(facts),
    ...wrongAudience(facts),
  ];
  if (proved.length > 0) return proved;
  return [...clockNotices(facts), ...byTheServersWords(facts, possibilities(facts))];
}

function missingCertificate({ certificate, saysCertificateMissing }: Facts): Cause[] {
  if (certificate === 'none') {
    const fact = 'no transport certificate was sent, and mutual TLS is required on every call';
    return [certain(fact, 'give --ssl-client-cert and --ssl-client-key')];
  }
  if (!saysCertificateMissing) return [];
  return [certain('the server says that it got no transport certificate', 'call it without a proxy that ends TLS')];
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

function badCertificate({ certificate, method, registeredSubject }: Facts): Cause[] {
  if (certificate === 'unreadable') {
    return [certain('the transport certificate can not be read', 'name a PEM file with --ssl-client-cert')];
  }
  if (typeof certificate !== 'object') return [];
  const { validity, isForClients, subject, notAfter, keyFault } = certificate;
  const causes: Cause[] = [];
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
  const match = compareNames(subject, registeredSubject);
  if (match === 'same') return causes;
  const fact =
    match === 'other order'
      ? `the parts of the subject stand in another order than in the registered one, ${subject} against ${registeredSubject}`
      : `the transport certificate has another subject than the registered one, ${subject} against ${registeredSubject}`;
  const remedy =
    match === 'other order'
      ? 'register tls_client_auth_subject_dn as the certificate has it'
      : 'use the certificate whose subject is registered';
  return [...causes, certain(fact, remedy)];
}

/** Seconds that may pass between signing and sending on a busy machine. */
const SIGNING_TO_SENDING = 5;

/** The `clock_offset` that `iat` was made with, as far as it can be told from when the request was sent. */
function offsetOf(iat: number, sentAt: number): number {
  const offset = iat - Math.floor(sentAt);
  return Math.abs(offset) <= SIGNING_TO_SENDING ? 0 : offset;
}

/** Seconds that `iat` was ahead of the server's clock. */
function leadOf({ assertion, clockDifference, sentAt }: Facts): number | undefined {
  if (!assertion || clockDifference === undefined || sentAt === undefined) return undefined;
  return assertion.iat - Math.floor(sentAt) - clockDifference;
}

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

function clockCauses(facts: Facts): Cause[] {
  const [lead, { assertion, clockDifference: difference = 0, sentAt = 0 }] = [leadOf(facts), facts];
  if (!assertion || lead === undefined) return [];
  const words = describeClock(difference, offsetOf(assertion.iat, sentAt));
  const lifetime = assertion.exp - assertion.iat;
  if (lead > IS_REFUSED) return [certain(`${words}, so iat was ${lead} s in the future`, clockRemedy(difference))];
  if (-lead >= lifetime) {
    return [certain(`${words}, so the assertion of ${lifetime} s had expired`, clockRemedy(difference))];
  }
  return [];
}

/** Clocks that are off, though not so far that this alone explains the refusal. */
function clockNotices(facts: Facts): Cause[] {
  const [lead, { assertion, clockDifference: difference = 0, sentAt = 0 }] = [leadOf(facts), facts];
  if (!assertion || lead === undefined || (lead <= MAY_BE_REFUSED && -lead <= CLOCK_IS_OFF)) return [];
  const words = describeClock(difference, offsetOf(assertion.iat, sentAt));
  const fact =
    lead > 0
      ? `${words}, and a server may refuse an iat that is more than ${MAY_BE_REFUSED} s in the future`
      : `${words}, and a server may refuse an assertion that seems ${-lead} s old`;
  return [certain(fact, clockRemedy(difference))];
}

function keyCauses({ jwks, assertion }: Facts): Cause[] {
  if (!assertion || !jwks) return [];
  const { kid, count, isSame, sameUnder, kids, otherUse, source } = jwks;
  const elsewhere = sameUnder[0];
  const setKid = elsewhere ? `set kid to ${elsewhere}` : undefined;
  if (count === 0) {
    const found = setKid
      ? `the public half of the signing key stands there under ${elsewhere}`
      : `it has ${kids.length > 0 ? toList(kids) : 'no key IDs'}`;
    const remedy = setKid ?? `register the public half of the signing key under the kid ${kid}`;
    return [certain(`the kid ${kid} is not in the JWKS ${source}; ${found}`, remedy)];
  }
  if (!isSame) {
    const fact = `under the kid ${kid} the JWKS ${source} has another key than the public half of the signing key`;
    return [
      certain(fact, setKid ?? `use the signing key that belongs to ${kid}, or register the public half of this one`),
    ];
  }
  if (count > 1) {
    const fact = `${count} keys of the JWKS ${source} have the kid ${kid}, and the server may take the wrong one`;
    return [certain(fact, 'give every key a kid of its own')];
  }
  if (!otherUse) return [];
  const fact = `the key under the kid ${kid} of the JWKS ${source} is not for PS256 signatures but has ${otherUse}`;
  return [certain(fact, 'register it with "alg" PS256 and "use" sig')];
}

function wrongAudience({ assertion, server, issuer, tokenEndpoints, url }: Facts): Cause[] {
  if (!assertion || !server) return [];
  const known = [issuer, ...tokenEndpoints, url.replace(/[?#].*$/, '')];
  if (known.includes(assertion.aud)) return [];
  const fact = `aud was ${assertion.aud}, which is neither the issuer nor an endpoint of the server`;
  return [certain(fact, 'set client_assertion_audience to issuer or token_endpoint')];
}

function possibilities(facts: Facts): Cause[] {
  const { method, status, error } = facts;
  const causes = method === 'tls_client_auth' ? certificateMethod(facts) : assertionMethod(facts);
  if (error === undefined && (status === 401 || status === 403)) {
    const fact = 'the answer has no OAuth error, so it may come from a gateway before the authorization server';
    causes.unshift(possible(fact, 'ask who runs the server whether the certificate and your IP address are let in'));
  }
  if (error !== 'invalid_request') return causes;
  // RFC 6749 section 5.2 has it for a malformed request; a client that fails to authenticate is invalid_client.
  const rest = possible(
    'invalid_request is what servers say of the rest of the form, rather than of the client',
    'compare its other parameters with what the endpoint requires',
  );
  if (isAcceptedAlike(facts)) return [rest];
  const words = /client_(id|assertion|auth)|client auth|assertion|\bjwt\b|\baud|\bkid\b|certificate/i;
  const isAboutClient = words.test(facts.errorDescription ?? 'client_id');
  return isAboutClient ? [...causes, rest] : [rest, ...causes];
}

/** Whether the server took the same client with the same method and audience in the same run. */
const isAcceptedAlike = ({ accepted, method, assertion }: Facts): boolean =>
  accepted.some(one => one.method === method && one.aud === assertion?.aud);

const OTHER_CLIENT = possible(
  'the client_id may be unknown to this server, as each environment has its own',
  'compare client_id and issuer with the registration',
);

function certificateMethod({ certificate, registeredSubject, kidVariable }: Facts): Cause[] {
  const subject = typeof certificate === 'object' ? `, which is ${certificate.subject}` : '';
  const fact = `the client may be registered with another subject than that of the transport certificate${subject}`;
  const remedy = 'compare the subject with the registered tls_client_auth_subject_dn';
  const registration = possible(
    kidVariable === undefined
      ? 'the client may be registered with another method than tls_client_auth'
      : 'the client may be registered with private_key_jwt, as kid is set, which tls_client_auth needs for request objects alone',
    'compare token_endpoint_auth_method with the registration, or try both by "check --live"',
  );
  const authority = possible(
    'the authority that issued the transport certificate may not be one for this server',
    'use the certificate that was issued for its environment',
  );
  // Whose registered subject is equal is refused for another reason.
  const first = registeredSubject === undefined ? [possible(fact, remedy)] : [];
  const order = kidVariable === undefined ? [...first, registration] : [registration, ...first];
  return [...order, authority, OTHER_CLIENT];
}

function assertionMethod(facts: Facts): Cause[] {
  const { assertion, jwks, registeredSubject, issuer, tokenEndpoints } = facts;
  if (!assertion) return [OTHER_CLIENT];
  const audience =
    assertion.aud === issuer
      ? possible(
          'aud was the issuer, and the server may take only the token endpoint',
          'set client_assertion_audience to token_endpoint',
        )
      : possible(
          `aud was ${tokenEndpoints.includes(assertion.aud) ? 'the token endpoint' : assertion.aud}; servers of the FAPI 2.0 profile take only the issuer`,
          'set client_assertion_audience to issuer',
        );
  const registration = possible(
    registeredSubject === undefined
      ? 'the client may be registered with another method than private_key_jwt'
      : 'the client may be registered with tls_client_auth, as tls_client_auth_subject_dn is set, which that method alone has',
    'compare token_endpoint_auth_method with the registration, or try both by "check --live"',
  );
  const key = jwks
    ? possible(
        `the server may hold an older copy of the JWKS than ${jwks.source}`,
        'compare with what is registered, or wait until the server reads it again',
      )
    : possible(
        `the public half of the signing key may not be registered under the kid ${assertion.kid}`,
        'compare by "check --jwks" with the JWKS that is registered',
      );
  const order = registeredSubject === undefined ? [audience, registration] : [registration, audience];
  return [...order, key, OTHER_CLIENT];
}

/** Words of an `error_description` that point at one of the possibilities, by a word of its remedy. */
const HINTS: [words: RegExp, remedy: RegExp][] = [
  [/\baud\b|audience/i, /client_assertion_audience/],
  [/auth\w* method|_auth_method/i, /token_endpoint_auth_method/],
  [/\bkid\b|\bjwks?\b|signature|\bkey\b/i, /JWKS|registered, or wait/],
  [/certificate|subject|\bdn\b/i, /certificate|subject/],
];

/** Puts first what the server itself points at. */
function byTheServersWords({ errorDescription }: Facts, causes: Cause[]): Cause[] {
  const hint = HINTS.find(([words]) => words.test(errorDescription ?? ''))?.[1];
  const meant = causes.filter(({ remedy }) => hint?.test(remedy));
  return [...meant, ...causes.filter(cause => !meant.includes(cause))];
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
    'use the certificate that was issued for its environment, with its intermediates behind it in the file',
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
const CLOSED = /ECONNRESET|EPIPE|HANDSHAKE_FAILURE|CERTIFICATE_REQUIRED|EPROTO/;

function connectionCauses(facts: Facts, code: string): Cause[] {
  const known = CONNECTION_FAULTS.find(([pattern]) => pattern.test(code));
  if (known) return [certain(known[1], known[2])];
  if (!CLOSED.test(code)) return [certain(`the connection failed with ${code}`, 'check the URL and the network')];
  if (facts.certificate === 'none') return missingCertificate(facts);
  const proved = badCertificate(facts);
  if (proved.length > 0) return proved;
  const { certificate } = facts;
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

function describeServer({ clockDifference, server, endpoint, jwks, assertion }: Facts): string[] {
  const methods = server?.methods[endpoint];
  const algorithms = server?.algorithms[endpoint];
  const key = jwks && assertion && `${describeKey(jwks)} in the JWKS ${jwks.source}`;
  return [
    clockDifference === undefined ? '' : describeClock(clockDifference),
    methods ? `methods ${toList(methods)}` : '',
    algorithms ? `algorithms ${toList(algorithms)}` : '',
    key ?? '',
  ].filter(text => text !== '');
}

function describeKey({ count, isSame, kid }: JwksFacts): string {
  if (count === 0) return `kid ${kid} is not`;
  return isSame ? `kid ${kid} with this key is` : `kid ${kid} with another key is`;
}

const toDay = (date: Date): string => date.toISOString().slice(0, 10);

/** The first few of a list of a foreign hand. */
const toList = (values: string[]): string =>
  `${values.slice(0, 8).map(toPlain).join(', ')}${values.length > 8 ? ` and ${values.length - 8} more` : ''}`;

/** Foreign text fit to be shown: short, without control characters, and without a token that it may quote. */
export const toPlain = (text: string): string =>
  text
    .slice(0, 10_000)
    .replace(/(?<![\w-])[\w-]{12,}\.[\w-]{12,}\.[\w-]*/g, '[token]')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 200);
