// The transport certificate and its key, as the files have them: whether they belong together, for how long and for what
// the certificate is good, and the chain behind it (RFC 5280). On the machine.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { CommandError } from '../command.ts';

export interface CertificateFacts {
  /** Distinguished names as RFC 4514 writes them. */
  subject: string;
  issuer: string;
  notBefore: Date;
  notAfter: Date;
  validity: 'valid' | 'expired' | 'not yet valid';
  /** Whole days until the end, negative when it is past. */
  daysLeft: number;
  /** Whether little is left: less than a tenth of the whole time, 30 days at most. */
  endsSoon: boolean;
  /** Whether it may authenticate a client: its extended key usage says so, or it has none. */
  isForClients: boolean;
  /** Kind and size of its public key. */
  key: string;
  /** Why the private key does not go with it; undefined if it does. */
  keyFault: string | undefined;
  /** Certificates in the file. */
  chainLength: number;
  /** What is wrong with the chain in the file; undefined if each is issued by the next. */
  chainFault: string | undefined;
  /** Whether the chain ends at a known root; when not, the issuer of its last certificate may be one all the same. */
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
 * @param files PEM; certificates that issued it may follow in `cert`; `ca` are further authorities to look for its issuer in
 * @param now by which clock to judge
 * @throws CommandError when there is no certificate to read
 */
export function readCertificate(
  files: { cert: string; key: string; passphrase?: string; ca?: string[] },
  now: Date,
): CertificateFacts {
  const [certificate, ...others] = parseCertificates(files.cert);
  if (!certificate) throw mustBeCertificate(files.cert);
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

/** The date alone. */
export const toDay = (date: Date): string => date.toISOString().slice(0, 10);

/** Until when a certificate is good. */
export function describeValidity({ validity, notBefore, notAfter, daysLeft }: CertificateFacts): string {
  if (validity === 'expired') return `expired since ${toDay(notAfter)}`;
  if (validity === 'not yet valid') return `not valid before ${toDay(notBefore)}`;
  const left = daysLeft < 1 ? 'less than a day' : daysLeft === 1 ? '1 day' : `${daysLeft} days`;
  return `valid until ${toDay(notAfter)}, ${left} left`;
}

function parseCertificates(pem: string): X509Certificate[] {
  try {
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
    return blocks.map(block => new X509Certificate(block));
  } catch {
    throw mustBeCertificate('a damaged one');
  }
}

function mustBeCertificate(got: string): CommandError {
  const label = /-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(got)?.[1];
  const shape = got === 'a damaged one' ? got : label ? `a block "${label}"` : 'a file without one';
  return new CommandError(`"--ssl-client-cert" must be a certificate in PEM, got ${shape}. Name the right file.`);
}

function describeKey(key: KeyObject): string {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (modulusLength) return `RSA of ${modulusLength} bits`;
  return namedCurve ? `EC on ${namedCurve}` : String(key.asymmetricKeyType);
}

function findKeyFault(
  { key, passphrase }: { key: string; passphrase?: string },
  certificate: X509Certificate,
  others: X509Certificate[],
): string | undefined {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) });
  } catch {
    const expected = '"--ssl-client-key" must be a private key in PEM';
    if (!/PRIVATE KEY-----/.test(key)) return `${expected}, got a file without one. Name the right file.`;
    if (!/ENCRYPTED/.test(key)) return `${expected}, got a damaged one. Copy the file again.`;
    const remedy = passphrase === undefined ? 'Give --ssl-client-passphrase.' : 'Check --ssl-client-passphrase.';
    return `${expected} that opens, got an encrypted one. ${remedy}`;
  }
  if (certificate.checkPrivateKey(privateKey)) return undefined;
  const expected = '"--ssl-client-key" must be the key of the first certificate in "--ssl-client-cert"';
  return others.some(other => other.checkPrivateKey(privateKey))
    ? `${expected}, got that of a later one. Put its certificate first in the file.`
    : `${expected}, got another key. Name the file that was made with the certificate request.`;
}

const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

function findChainFault(chain: X509Certificate[]): string | undefined {
  const at = chain.findIndex((one, index) => {
    const next = chain[index + 1];
    return next !== undefined && !isIssuedBy(one, next);
  });
  if (at < 0) return undefined;
  return `certificate ${at + 2} in the file did not issue certificate ${at + 1}`;
}

/** Whether a certificate is a root, or issued by one of the authorities or of Node's own roots. */
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

/**
 * Writes a distinguished name of node:crypto, one part a line, as one line from its last part to its first.
 *
 * @see RFC 4514 section 2.1
 */
export function toRfc4514(name: string): string {
  // Node escapes a "+" of a value, so the plain one with blanks around it is that between the values of one part.
  return name.replace(/ \+ /g, '+').split('\n').reverse().join(',');
}

/** Object identifiers for which names go by several spellings; RFC 4514 knows the first nine by name. */
const ATTRIBUTES: Record<string, string> = {
  '2.5.4.3': 'cn',
  '2.5.4.7': 'l',
  '2.5.4.8': 'st',
  '2.5.4.10': 'o',
  '2.5.4.11': 'ou',
  '2.5.4.6': 'c',
  '2.5.4.9': 'street',
  '0.9.2342.19200300.100.1.25': 'dc',
  '0.9.2342.19200300.100.1.1': 'uid',
  '2.5.4.5': 'serialnumber',
  '2.5.4.15': 'businesscategory',
  '2.5.4.97': 'organizationidentifier',
  '1.3.6.1.4.1.311.60.2.1.3': 'jurisdictionc',
  '1.2.840.113549.1.9.1': 'emailaddress',
};

/** How two distinguished names compare. */
export type NameMatch = 'same' | 'other order' | 'other';

/** Compares two distinguished names: spelling of attributes, blanks at separators and `#hex` values don't count. */
export function compareNames(one: string, other: string): NameMatch {
  const [a, b] = [toParts(one), toParts(other)];
  if (a.join(',') === b.join(',')) return 'same';
  return a.join(',') === b.toReversed().join(',') || a.toSorted().join(',') === b.toSorted().join(',')
    ? 'other order'
    : 'other';
}

function toParts(name: string): string[] {
  return name.split(/(?<!\\),/).map(part =>
    part
      .split(/(?<!\\)\+/)
      .map(pair => {
        const at = pair.indexOf('=');
        const type = pair
          .slice(0, at)
          .trim()
          .toLowerCase()
          .replace(/^oid\./, '');
        return `${ATTRIBUTES[type] ?? type}=${toValue(pair.slice(at + 1).trim())}`;
      })
      .sort()
      .join('+'),
  );
}

/** A value without its escapes; one written as `#` and its DER (RFC 4514 section 2.4) as its text, if that is short. */
function toValue(value: string): string {
  const der = /^#(?:0c|13|14|16)([0-7][\da-f])((?:[\da-f]{2})+)$/i.exec(value);
  if (der) return Buffer.from(der[2] as string, 'hex').toString();
  return value.replace(/((?:\\[\da-f]{2})+)|\\(.)/gi, (_, bytes, letter) =>
    bytes ? Buffer.from(bytes.replaceAll('\\', ''), 'hex').toString() : letter,
  );
}
