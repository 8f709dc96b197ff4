// The files of the TLS connection: transport certificate, its key, and authorities to trust, named by Newman's own options and read
// once. On the machine. RFC 8705.

import { createPrivateKey } from 'node:crypto';
import { CommandError, type RunHost } from '../command.ts';
import { readBytes } from '../files.ts';
import { type Needed, refuseBinary } from './binary-file.ts';
import { readCertificate, TRANSPORT_PASSPHRASE_VARIABLE } from './certificate-facts.ts';
import { openByAsking } from './passphrase.ts';
import { isPkcs12 } from './pkcs12.ts';
import { readPkcs12 } from './pkcs12-file.ts';

/** The options that name these files, as commander names them. */
export interface TransportOptions {
  /** PEM, or PKCS #12 with the key. */
  sslClientCert?: string;
  sslClientKey?: string;
  sslClientPassphrase?: string;
  sslExtraCaCerts?: string;
}

/** A certificate that authenticates the client, and its key, PEM. */
export interface TransportCertificate {
  /** Its chain may follow it. */
  cert: string;
  key: string;
  passphrase?: string;
  /** Names of the files, for messages; of PKCS #12 the same twice. */
  names?: { cert: string; key: string };
}

/** What a connection trusts beside Node's own authorities, PEM, and what it presents. */
export interface Tls {
  ca: string[];
  certificate?: TransportCertificate;
}

/**
 * Reads the files of the TLS connection.
 *
 * @throws CommandError when a file can't be read or opened, or is of another kind; with exit code 2 for a usage error
 */
export async function readTransport(options: TransportOptions, host: RunHost): Promise<Tls> {
  const certificate = await readTransportCertificate(options, host);
  const { sslExtraCaCerts } = options;
  const ca = sslExtraCaCerts ? [await readAuthorities(sslExtraCaCerts)] : [];
  return { ca, ...(certificate && { certificate }) };
}

async function readAuthorities(file: string): Promise<string> {
  const text = toPem('--ssl-extra-ca-certs', file, await readBytes(file), 'certificate');
  if (/-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/.test(text)) return text;
  const remedy = 'Give the file with the certificate of the authority.';
  throw new CommandError(`${file}: --ssl-extra-ca-certs needs certificates in PEM, got none. ${remedy}`);
}

async function readTransportCertificate(
  { sslClientCert: cert, sslClientKey: key, sslClientPassphrase }: TransportOptions,
  host: RunHost,
): Promise<TransportCertificate | undefined> {
  const source = sslClientPassphrase === undefined ? TRANSPORT_PASSPHRASE_VARIABLE : '--ssl-client-passphrase';
  const given = sslClientPassphrase ?? host.readSecret(TRANSPORT_PASSPHRASE_VARIABLE);
  if (!cert && !key) return undefined;
  const bytes = cert ? await readBytes(cert) : undefined;
  if (cert && bytes && isPkcs12(bytes)) {
    if (!key) return await readStore(cert, bytes, source, given, host);
    throw new CommandError(`${cert}: is a PKCS #12 file, which holds the key too. Leave out --ssl-client-key.`, 2);
  }
  if (!cert || !bytes || !key) {
    throw new CommandError('--ssl-client-cert and --ssl-client-key go together, unless the first is PKCS #12.', 2);
  }
  const pem = toPem('--ssl-client-cert', cert, bytes, 'certificate');
  const keyPem = toPem('--ssl-client-key', key, await readBytes(key), 'key');
  const isLocked = given === undefined && /ENCRYPTED/.test(keyPem);
  const passphrase = isLocked ? await openByAsking(key, host, answer => opens(keyPem, answer)) : given;
  return { cert: pem, key: keyPem, names: { cert, key }, ...(passphrase && { passphrase }) };
}

/** The passphrase, if a key in PEM opens with it. */
function opens(key: string, passphrase: string): string | undefined {
  try {
    createPrivateKey({ key, passphrase });
    return passphrase;
  } catch {
    return undefined;
  }
}

/** Certificate and key of one PKCS #12 file. */
async function readStore(
  file: string,
  bytes: Buffer,
  source: string,
  given: string | undefined,
  host: RunHost,
): Promise<TransportCertificate> {
  const { key, chain, passphrase } = await readPkcs12(file, bytes, source, given, host);
  if (chain === '') {
    throw new CommandError(`${file}: holds no certificate of its key. Export it again, with the certificate.`);
  }
  return { cert: chain, key, names: { cert: file, key: file }, ...(passphrase && { passphrase }) };
}

function toPem(option: string, file: string, bytes: Buffer, needed: Needed): string {
  refuseBinary(option, file, bytes, needed);
  return bytes.toString();
}

/**
 * Refuses what Node would refuse in words of OpenSSL.
 *
 * @throws CommandError when certificate and key can't be used together
 */
export function refuseUnusable({ certificate }: Tls): void {
  const { keyFault } = certificate ? readCertificate(certificate, new Date()) : {};
  if (keyFault !== undefined) throw new CommandError(keyFault);
}
