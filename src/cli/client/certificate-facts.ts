// The transport certificate and its key, as they are in the files: whether they belong together, how long and for what the
// certificate is valid, and its chain (RFC 5280). Pure, on the machine.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { CommandError } from '../command.ts';
import { toRfc4514 } from './distinguished-name.ts';

/** The environment variable with the passphrase of the key of a transport certificate. */
export const TRANSPORT_PASSPHRASE_VARIABLE = 'SSL_CLIENT_PASSPHRASE';

/** Names of the files of certificate and key. */
type Names = { cert?: string; key?: string };

/** What a transport certificate says, and whether its key and its chain fit. */
export interface CertificateFacts {
  /** Distinguished names as RFC 4514 writes them. */
  subject: string;
  issuer: string;
  notBefore: Date;
  notAfter: Date;
  validity: 'valid' | 'expired' | 'not yet valid';
  /** Whole days until `notAfter`, negative after it. */
  daysLeft: number;
  /** Whether less than a tenth of its validity is left, and less than 30 days. */
  endsSoon: boolean;
  /** Whether it may authenticate a client: its extended key usage says so, or it has none. */
  isForClients: boolean;
  /** Kind and size of its public key. */
  key: string;
  /** Why the private key can't be used with it; undefined if it can. */
  keyFault: string | undefined;
  /** Number of certificates in the file. */
  chainLength: number;
  /** What is wrong with the chain in the file; undefined if each is issued by the next. */
  chainFault: string | undefined;
  /** Whether the chain ends at a known root; if not, `chainEnd` may still be a root. */
  isChainComplete: boolean;
  /** Issuer of the last certificate in the file. */
  chainEnd: string;
}

/** Extended key usages by which a certificate may authenticate a client: clientAuth, anyExtendedKeyUsage (RFC 5280 section 4.2.1.12). */
const CLIENT_PURPOSES = ['1.3.6.1.5.5.7.3.2', '2.5.29.37.0'];

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Reads a transport certificate.
 *
 * @param files PEM, with the names of the files if they are known; in `cert` the chain may follow the certificate; `ca` are authorities that may have issued it
 * @param now the time by which its validity is judged
 * @throws CommandError when there is no certificate to read
 * @see RFC 5280 section 4.1
 */
export function readCertificate(
  files: { cert: string; key: string; passphrase?: string; ca?: string[]; names?: Names },
  now: Date,
): CertificateFacts {
  const [certificate, ...others] = parseTransportCertificates(files.cert, files.names);
  const [notBefore, notAfter] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
  const left = notAfter.getTime() - now.getTime();
  const whole = notAfter.getTime() - notBefore.getTime();
  const last = others.at(-1) ?? certificate;
  const purposes = certificate.keyUsage as string[] | undefined;
  return {
    subject: toRfc4514(certificate.subject),
    issuer: toRfc4514(certificate.issuer),
    notBefore,
    notAfter,
    validity: left < 0 ? 'expired' : now < notBefore ? 'not yet valid' : 'valid',
    daysLeft: Math.floor(left / DAY_MS),
    endsSoon: left < Math.min(whole / 10, 30 * DAY_MS),
    isForClients: purposes === undefined || purposes.some(purpose => CLIENT_PURPOSES.includes(purpose)),
    key: describeKey(certificate.publicKey),
    keyFault: findKeyFault(files, certificate, others),
    chainLength: 1 + others.length,
    chainFault: findChainFault([certificate, ...others]),
    isChainComplete: isIssuedByOneOf(last, files.ca ?? []),
    chainEnd: toRfc4514(last.issuer),
  };
}

/**
 * The certificates of a file, the first of which is presented.
 *
 * @throws CommandError when there is none to read
 */
export function parseTransportCertificates(pem: string, names?: Names): [X509Certificate, ...X509Certificate[]] {
  const [certificate, ...others] = parseCertificates(pem, names);
  if (!certificate) throw mustBeCertificate(describeOther(pem), names);
  return [certificate, ...others];
}

/** Why a file holds no private key, encrypted or not; undefined if it does. */
export function findNoKey(pem: string, file: string | undefined): string | undefined {
  if (/PRIVATE KEY-----/.test(pem)) return undefined;
  const expected = `${toOption('--ssl-client-key', file)} must be a private key in PEM`;
  return `${expected}, got ${describeOther(pem)}. Name the right file.`;
}

/** The date, without the time. */
export const toDay = (date: Date): string => date.toISOString().slice(0, 10);

/** Says until when a certificate is valid. */
export function describeValidity({ validity, notBefore, notAfter, daysLeft }: CertificateFacts): string {
  if (validity === 'expired') return `expired since ${toDay(notAfter)}`;
  if (validity === 'not yet valid') return `not valid before ${toDay(notBefore)}`;
  const left = daysLeft < 1 ? 'less than a day' : daysLeft === 1 ? '1 day' : `${daysLeft} days`;
  return `valid until ${toDay(notAfter)}, ${left} left`;
}

function parseCertificates(pem: string, names?: Names): X509Certificate[] {
  try {
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
    return blocks.map(block => new X509Certificate(block));
  } catch {
    throw mustBeCertificate('a damaged one', names);
  }
}

/** An option with the name of its file, as it was given. */
const toOption = (option: string, file: string | undefined) => `"${option}${file === undefined ? '' : ` ${file}`}"`;

const mustBeCertificate = (got: string, names: Names | undefined): CommandError =>
  new CommandError(
    `${toOption('--ssl-client-cert', names?.cert)} must be a certificate in PEM, got ${got}. Name the right file.`,
  );

/** What a file without a certificate has instead. */
function describeOther(pem: string): string {
  const label = /-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(pem)?.[1];
  return label ? `a block "${label}"` : 'a file without one';
}

function describeKey(key: KeyObject): string {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (modulusLength) return `RSA of ${modulusLength} bits`;
  return namedCurve ? `EC on ${namedCurve}` : String(key.asymmetricKeyType);
}

function findKeyFault(
  { key, passphrase, names }: { key: string; passphrase?: string; names?: Names },
  certificate: X509Certificate,
  others: X509Certificate[],
): string | undefined {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) });
  } catch {
    const expected = `${toOption('--ssl-client-key', names?.key)} must be a private key in PEM`;
    const noKey = findNoKey(key, names?.key);
    if (noKey !== undefined) return noKey;
    if (!/ENCRYPTED/.test(key)) return `${expected}, got a damaged one. Copy the file again.`;
    const remedy =
      passphrase === undefined
        ? `Set ${TRANSPORT_PASSPHRASE_VARIABLE} to its passphrase.`
        : `Check ${TRANSPORT_PASSPHRASE_VARIABLE} or --ssl-client-passphrase.`;
    return `${expected} that opens, got an encrypted one. ${remedy}`;
  }
  if (certificate.checkPrivateKey(privateKey)) return undefined;
  const first = `the key of the first certificate in ${toOption('--ssl-client-cert', names?.cert)}`;
  const expected = `${toOption('--ssl-client-key', names?.key)} must be ${first}`;
  return others.some(other => other.checkPrivateKey(privateKey))
    ? `${expected}, got that of a later one. Put its certificate first in the file.`
    : `${expected}, got another key. Name the file that was made with the certificate request.`;
}

/** Whether a certificate was signed by the key of another. */
export const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

function findChainFault(chain: X509Certificate[]): string | undefined {
  const at = chain.findIndex((one, index) => {
    const next = chain[index + 1];
    return next !== undefined && !isIssuedBy(one, next);
  });
  if (at < 0) return undefined;
  return `certificate ${at + 2} in the file did not issue certificate ${at + 1}`;
}

/** Whether a certificate is a root, or issued by one of these authorities or of Node's own. */
function isIssuedByOneOf(certificate: X509Certificate, authorities: string[]): boolean {
  if (isIssuedBy(certificate, certificate)) return true;
  return [...authorities, ...rootCertificates].some(pem => {
    try {
      return parseCertificates(pem).some(authority => isIssuedBy(certificate, authority));
    } catch {
      return false;
    }
  });
}
