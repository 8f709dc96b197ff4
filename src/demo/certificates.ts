// Keys and certificates of the demo, made anew at every start and never written to the repository: a certificate
// authority (RFC 5280), a server and a client certificate under it, and the client's RSA signing key.
// Runs on the machine, in Node.

import 'reflect-metadata';
import { createHash, createPublicKey, generateKeyPair, webcrypto, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import * as x509 from '@peculiar/x509';

/** Subject of a certificate: common name, organization, and country by its code of two characters. */
export type Subject = { commonName: string; organization: string; country: string };

/** A certificate with its private key (PKCS#8), both PEM. */
export type KeyedCertificate = { cert: string; key: string };

/** A certificate authority: its own certificate as PEM, and the two kinds of certificate it issues. */
export type CertificateAuthority = {
  cert: string;
  /** @param host a further name of the server, beside localhost */
  issueServerCertificate: (host?: string) => Promise<KeyedCertificate>;
  issueClientCertificate: (subject: Subject) => Promise<KeyedCertificate>;
};

/** A public RSA signing key as it is in a client's JWKS (RFC 7517). */
export type PublicJwk = { kty: string; n: string; e: string; kid: string; use: 'sig'; alg: 'PS256' };

/** A client's RSA signing key: the private half as PKCS#8 PEM, the public half as JWK. */
export type SigningKey = { kid: string; privateKey: string; publicJwk: PublicJwk };

/** What a server and its client need to talk to each other. */
export type Credentials = {
  authority: CertificateAuthority;
  serverCertificate: KeyedCertificate;
  transportCertificate: KeyedCertificate;
  signingKey: SigningKey;
};

/** Subject of the transport certificate that {@link createCredentials} makes. */
export const transportSubject: Subject = {
  commonName: 'transport.dc-demo.example.my',
  organization: 'Contoh Data Sdn Bhd',
  country: 'MY',
};

// P-256 keys are made in a millisecond; an RSA key of 2048 bits takes a tenth of a second.
const certificateAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const lifetimeMs = 24 * 60 * 60 * 1000;
const clockSkewMs = 5 * 60 * 1000;

const generateKeys = () => webcrypto.subtle.generateKey(certificateAlgorithm, true, ['sign', 'verify']);

// RFC 4514 section 2.1 writes a name from its last part to its first, so CN comes last in the certificate.
const toName = ({ commonName, organization, country }: Subject) =>
  new x509.Name([{ C: [country] }, { O: [organization] }, { CN: [commonName] }]);

async function toPem(certificate: x509.X509Certificate, privateKey: webcrypto.CryptoKey): Promise<KeyedCertificate> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', privateKey);
  return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') };
}

/**
 * Makes a self-signed certificate authority that issues certificates valid for one day.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1} for the extensions
 */
export async function createCertificateAuthority(commonName = 'Demo Root CA'): Promise<CertificateAuthority> {
  const keys = await generateKeys();
  const name = toName({ commonName, organization: 'Demo Trust Services', country: 'MY' });
  const notBefore = new Date(Date.now() - clockSkewMs);
  const notAfter = new Date(Date.now() + lifetimeMs);
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    name,
    keys,
    notBefore,
    notAfter,
    signingAlgorithm: certificateAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });

  async function issue(subject: Subject, purpose: x509.ExtendedKeyUsage, extensions: x509.Extension[] = []) {
    const { publicKey, privateKey } = await generateKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      subject: toName(subject),
      issuer: name,
      publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: certificateAlgorithm,
      notBefore,
      notAfter,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([purpose]),
        await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
        ...extensions,
      ],
    });
    return toPem(certificate, privateKey);
  }

  return {
    cert: authority.toString('pem'),
    issueServerCertificate: (host = 'localhost') =>
      issue(
        { commonName: 'localhost', organization: 'Demo Authorization Server', country: 'MY' },
        x509.ExtendedKeyUsage.serverAuth,
        [
          new x509.SubjectAlternativeNameExtension([
            { type: 'ip', value: '127.0.0.1' },
            { type: 'dns', value: 'localhost' },
            { type: 'dns', value: host },
          ]),
        ],
      ),
    issueClientCertificate: subject => issue(subject, x509.ExtendedKeyUsage.clientAuth),
  };
}

/**
 * Makes an RSA signing key; its `kid` is the RFC 7638 thumbprint of the public key.
 *
 * @param modulusLength - in bits
 */
export async function createSigningKey(modulusLength = 2048): Promise<SigningKey> {
  // As text: Node 20 may lock itself where it exports a key object while it frees the job that made it.
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const { kty = '', n = '', e = '' } = createPublicKey(publicKey).export({ format: 'jwk' });
  const kid = createHash('sha256').update(JSON.stringify({ e, kty, n })).digest('base64url');
  return {
    kid,
    privateKey,
    publicJwk: { kty, n, e, kid, use: 'sig', alg: 'PS256' },
  };
}

/** Makes all that one server and one client need: a certificate authority, two certificates under it, a signing key. */
export async function createCredentials(): Promise<Credentials> {
  const [authority, signingKey] = await Promise.all([createCertificateAuthority(), createSigningKey()]);
  const [serverCertificate, transportCertificate] = await Promise.all([
    authority.issueServerCertificate(),
    authority.issueClientCertificate(transportSubject),
  ]);
  return { authority, serverCertificate, transportCertificate, signingKey };
}

/**
 * Writes the subject of a certificate as `tls_client_auth_subject_dn` has it: `CN=…,O=…,C=MY`.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8705#section-2.1.2}
 */
export function toSubjectDn(certificate: X509Certificate | string): string {
  const { subject } = typeof certificate === 'string' ? new X509Certificate(certificate) : certificate;
  return subject.split('\n').reverse().join(',');
}
