// Why the connection failed, and what is wrong with the transport certificate itself: what is known without an answer of the
// authorization server. Pure, on the machine.

import { toDay } from '../client/certificate-facts.ts';
import { compareNames } from '../client/distinguished-name.ts';
import { findConnectionFault } from '../server/connection-faults.ts';
import { type Cause, certain, type Facts, possible } from './causes.ts';

/** Finds whether a transport certificate was missing on the connection. */
export function missingCertificate({ certificate, saysCertificateMissing }: Facts): Cause[] {
  if (certificate === 'none') {
    const fact = 'no transport certificate was sent, and mutual TLS is required on every call';
    return [certain(fact, 'give --ssl-client-cert and --ssl-client-key')];
  }
  return saysCertificateMissing ? [certificateNotReceived(certificate)] : [];
}

/** The server itself says that it got none. */
function certificateNotReceived(certificate: Facts['certificate']): Cause {
  const remedy =
    certificate === undefined
      ? 'name one for this host in --ssl-client-cert-list, or for all with --ssl-client-cert'
      : 'call it without a proxy that ends TLS';
  return certain('the server says that it got no transport certificate', remedy);
}

const USE_ISSUED_CERTIFICATE =
  'use the certificate that was issued for its environment, with its intermediates behind it in the file';

/** Finds what is wrong with the transport certificate. */
export function badCertificate({ certificate, method, registeredSubject, saysCertificateRefused }: Facts): Cause[] {
  if (certificate === 'unreadable') {
    return [certain('the transport certificate cannot be read', 'name a PEM file with --ssl-client-cert')];
  }
  const causes: Cause[] = [];
  if (saysCertificateRefused) {
    const fact = 'the server says that it could not verify the transport certificate';
    causes.push(certain(fact, USE_ISSUED_CERTIFICATE));
  }
  if (typeof certificate !== 'object') return causes;
  const { validity, isForClients, subject, notAfter, keyFault } = certificate;
  if (keyFault) {
    const fact = 'the transport certificate and its key cannot be used together';
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

/**
 * Finds why there was no answer.
 *
 * @param code of the failed connection, see `toConnectionCode`
 */
export function connectionCauses(facts: Facts, code: string): Cause[] {
  const { certificate } = facts;
  // A server that sends this alert has got none (RFC 8446 section 6.2).
  if (/CERTIFICATE_REQUIRED/.test(code)) {
    const own = [...missingCertificate(facts), ...badCertificate(facts)];
    return own.length > 0 ? own : [certificateNotReceived(certificate)];
  }
  const known = findConnectionFault(code, facts.url);
  if (known) return [certain(known.fact, known.remedy)];
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
