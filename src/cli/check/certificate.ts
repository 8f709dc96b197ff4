// Checks the transport certificate and its key (RFC 8705): that they can be used together, the validity, the purpose, the subject
// and the chain. Pure, on the machine.

import { mustBe, shapeOf, toPlain } from '../../client-auth/errors.ts';
import type { ReadVariable } from '../../client-auth/settings.ts';
import { type CertificateFacts, describeValidity, readCertificate } from '../client/certificate-facts.ts';
import { compareNames } from '../client/distinguished-name.ts';
import type { Tls } from '../client/transport.ts';
import type { Method } from '../diagnosis/causes.ts';
import { type Surroundings, toRegisteredSubject } from '../diagnosis/surroundings.ts';
import { failure, type Line, line, notChecked, type OwnCode } from './line.ts';

const NAME = 'transport certificate';
const VALIDITY = 'certificate validity';
const PURPOSE = 'certificate purpose';
const SUBJECT = 'certificate subject';
const CHAIN = 'certificate chain';

/** The transport certificate, and how to connect with it. */
export interface CheckedCertificate {
  lines: Line[];
  facts: Surroundings['certificate'];
  /** Without the certificate where it can't be used. */
  tls: Tls;
}

/**
 * Checks the transport certificate.
 *
 * @param now the time by which the validity is judged
 */
export function checkCertificate(tls: Tls, now: Date, method: Method, read: ReadVariable): CheckedCertificate {
  const { ca, certificate } = tls;
  const without = (facts: 'none' | 'unreadable', first: Line): CheckedCertificate => ({
    lines: [first, ...[VALIDITY, PURPOSE, SUBJECT, CHAIN].map(notRead)],
    facts,
    tls: { ca },
  });
  if (!certificate) return without('none', missing());
  let facts: CertificateFacts;
  try {
    facts = readCertificate({ ...certificate, ca }, now);
  } catch (error) {
    return without('unreadable', failure(NAME, error, 'certificate_unreadable'));
  }
  return {
    lines: describeCertificate(facts, method, read),
    facts,
    // Node refuses a certificate with the wrong key before it connects, which would hide what can still be checked.
    tls: facts.keyFault === undefined ? tls : { ca },
  };
}

/** The lines for a certificate that could be read. */
export function describeCertificate(facts: CertificateFacts, method: Method, read: ReadVariable): Line[] {
  return [
    checkKey(facts),
    checkValidity(facts),
    checkPurpose(facts),
    checkSubject(facts, method, read),
    checkChain(facts),
  ];
}

const notRead = (name: string): Line => notChecked('certificate_not_checked', name, `there is no ${NAME} to read`);

function missing(): Line {
  const expected = '"--ssl-client-cert" must be a certificate, as mutual TLS is required on every call, got nothing.';
  return line(
    'certificate_missing',
    NAME,
    `${expected} Give it with --ssl-client-cert, and its key with --ssl-client-key.`,
  );
}

function checkKey({ keyFault, key, issuer }: CertificateFacts): Line {
  if (keyFault) return line('certificate_key_unusable', NAME, keyFault);
  return line('certificate_usable', NAME, `belongs to its key (${key}), issued by ${issuer}`);
}

function checkValidity(facts: CertificateFacts): Line {
  const words = describeValidity(facts);
  if (facts.validity === 'valid') {
    if (!facts.endsSoon) return line('certificate_valid', VALIDITY, words);
    return line('certificate_ends_soon', VALIDITY, `${words}. Have the next one issued.`);
  }
  const code: OwnCode = facts.validity === 'expired' ? 'certificate_expired' : 'certificate_not_yet_valid';
  return line(code, VALIDITY, `${words}. Use one that is valid today.`);
}

function checkPurpose({ isForClients }: CertificateFacts): Line {
  if (isForClients) return line('certificate_for_clients', PURPOSE, 'may authenticate a client');
  const fault = 'its extended key usage lacks clientAuth';
  const remedy = 'Use the certificate that was issued to the client.';
  return line('certificate_not_for_clients', PURPOSE, `${fault}. ${remedy}`);
}

function checkSubject({ subject }: CertificateFacts, method: Method, read: ReadVariable): Line {
  const variable = 'tls_client_auth_subject_dn';
  const registered = toRegisteredSubject(read);
  if (registered === undefined) {
    const value = read(variable);
    if (value !== '') {
      const expected = 'a distinguished name as RFC 4514 writes it';
      const remedy = 'Copy it from the registration.';
      return failure(SUBJECT, mustBe('variable_invalid', variable, expected, shapeOf(value), remedy));
    }
    const compare = method === 'tls_client_auth' ? ` (compare it with the registered one, or set ${variable})` : '';
    return line('certificate_subject_read', SUBJECT, subject + compare);
  }
  const match = compareNames(subject, registered);
  if (match === 'same') return line('certificate_subject_registered', SUBJECT, `${subject}, as registered`);
  const got = `got ${toPlain(registered)}${match === 'other order' ? ', its parts in another order' : ''}`;
  const remedy = 'Use the certificate whose subject is registered.';
  const code = method === 'tls_client_auth' ? 'certificate_subject_differs' : 'certificate_subject_differs_unused';
  return line(code, SUBJECT, `"${variable}" must be the subject of the certificate, ${subject}, ${got}. ${remedy}`);
}

function checkChain({ chainLength, chainFault, isChainComplete, chainEnd }: CertificateFacts): Line {
  const files = chainLength === 1 ? '1 certificate in the file' : `${chainLength} certificates in the file`;
  if (chainFault) {
    return line('certificate_chain_broken', CHAIN, `${chainFault}. Put each one after the one that it issued.`);
  }
  if (isChainComplete) return line('certificate_chain_complete', CHAIN, `${files}, complete up to a root`);
  const end = `${files}, the last one issued by ${chainEnd}`;
  const remedy = 'If that is not a root, put its certificate at the end of the file.';
  return line('certificate_chain_incomplete', CHAIN, `${end}. ${remedy}`);
}
