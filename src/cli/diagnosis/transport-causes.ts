// Why the connection failed, and what is wrong with the transport certificate itself: what is known without an answer of the
// authorization server. Pure, on the machine.

import { toDay } from '../client/certificate-facts.ts';
import { compareNames } from '../client/distinguished-name.ts';
import { findConnectionFault, GIVE_CERTIFICATE, USE_ISSUED_CERTIFICATE } from '../server/connection-faults.ts';
import { type Cause, type Facts, possible, proved } from './causes.ts';

/** PayNet's hosts, where mutual TLS is required on every call. At another server that rule is no proof. */
const PAYNET = /(?:^|\.)(?:mya\.ozoneapi\.io|paynet\.my)$/;

/**
 * Finds whether a transport certificate was missing on the connection.
 *
 * @param isAsked whether the server asked for one: by an alert of TLS, or in words
 */
export function missingCertificate(facts: Facts, isAsked = facts.saysCertificateMissing): Cause[] {
  const { certificate, method, url } = facts;
  if (certificate !== 'none') return isAsked ? [certificateNotReceived(certificate)] : [];
  const because = (reason: string) => [
    proved('certificate', `no transport certificate was sent, and ${reason}`, GIVE_CERTIFICATE),
  ];
  if (isAsked) return because('the server asks for one');
  if (!mayNeedCertificate(facts)) return [];
  if (method === 'tls_client_auth') return because('it is the credential of tls_client_auth');
  return PAYNET.test(new URL(url).hostname) ? because('mutual TLS is required on every call') : [];
}

/** Finds whether a transport certificate that was not sent may be what is missing. */
export function missingCertificateDoubt(facts: Facts): Cause[] {
  if (facts.certificate !== 'none' || !mayNeedCertificate(facts)) return [];
  const fact = 'no transport certificate was sent, and the server may require mutual TLS, as PayNet does';
  return [possible('certificate', fact, GIVE_CERTIFICATE)];
}

/** Whether the server may have asked for a certificate: over TLS, and where it accepted nothing in the same run without one. */
const mayNeedCertificate = ({ url, accepted, acceptedOthers, method }: Facts): boolean =>
  url.startsWith('https:') && (method === 'tls_client_auth' || accepted.length + acceptedOthers.length === 0);

/** The server itself says that it got none. */
function certificateNotReceived(certificate: Facts['certificate']): Cause {
  const remedy =
    certificate === undefined
      ? 'name one for this host in --ssl-client-cert-list, or for all with --ssl-client-cert'
      : 'call it without a proxy that ends TLS';
  return proved('certificate', 'the server says that it got no transport certificate', remedy);
}

/** Finds what is wrong with the transport certificate. */
export function badCertificate(facts: Facts): Cause[] {
  const { certificate, method, registeredSubject, saysCertificateRefused, accepted, acceptedOthers } = facts;
  const isUsable = accepted.length + acceptedOthers.length > 0;
  if (certificate === 'unreadable' && !isUsable) {
    return [
      proved('certificate', 'the transport certificate cannot be read', 'name a PEM file with --ssl-client-cert'),
    ];
  }
  const causes: Cause[] = [];
  if (saysCertificateRefused) {
    const fact = 'the server says that it could not verify the transport certificate';
    causes.push(proved('certificate', fact, USE_ISSUED_CERTIFICATE));
  }
  if (typeof certificate !== 'object') return causes;
  const { validity, isForClients, subject, notAfter, keyFault } = certificate;
  if (keyFault && !isUsable) {
    const fact = 'the transport certificate and its key cannot be used together';
    causes.push(
      proved('certificate', fact, 'name the right file with --ssl-client-key, and its passphrase if it has one'),
    );
  }
  if (validity !== 'valid' && !isUsable) {
    const fact = `the transport certificate is ${validity}${validity === 'expired' ? ` since ${toDay(notAfter)}` : ''}`;
    causes.push(proved('certificate', fact, 'use a certificate that is valid today'));
  }
  if (!isForClients && !isUsable) {
    const fact = 'the transport certificate is not for clients, its extended key usage lacks clientAuth';
    causes.push(proved('certificate', fact, 'use the certificate that was issued to the client'));
  }
  if (method !== 'tls_client_auth' || registeredSubject === undefined) return causes;
  if (compareNames(subject, registeredSubject) !== 'other') return causes;
  const fact = `the transport certificate has another subject than the registered one, ${subject} against ${registeredSubject}`;
  return [...causes, proved('certificate', fact, 'use the certificate whose subject is registered')];
}

/**
 * Finds why there was no answer.
 *
 * @param code of the failed connection, see `toConnectionCode`
 */
export function connectionCauses(facts: Facts, code: string): Cause[] {
  const { certificate } = facts;
  // A server that sends this alert has got none (RFC 8446 section 6.2).
  if (/CERTIFICATE_REQUIRED/.test(code)) {
    const own = certificate === 'none' ? missingCertificate(facts, true) : badCertificate(facts);
    return own.length > 0 ? own : [certificateNotReceived(certificate)];
  }
  const known = findConnectionFault(code, facts.url);
  if (known) return [proved('other', known.fact, known.remedy)];
  const own = [...missingCertificate(facts), ...badCertificate(facts)];
  if (own.length > 0) return own;
  const causes = missingCertificateDoubt(facts);
  if (certificate !== 'none') {
    const issuer = typeof certificate === 'object' ? ` (${certificate.issuer})` : '';
    const fact = `the server may have ended the handshake because it does not know the authority that issued the transport certificate${issuer}`;
    causes.push(possible('certificate', fact, 'use the certificate that was issued for its environment'));
  }
  if (typeof certificate === 'object' && !certificate.isChainComplete) {
    const fact = `the server may have ended the handshake because the file lacks the certificate of ${certificate.chainEnd}`;
    causes.push(
      possible('certificate', fact, 'put the intermediate certificates behind the transport certificate in its file'),
    );
  }
  const fact = 'a firewall or a proxy may have ended the connection';
  return [...causes, possible('other', fact, 'try from another network')];
}
