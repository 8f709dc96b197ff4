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

/** What a connection trusts beside Node's own authorities, and presents, all PEM; without `cert` and `key` it presents nothing. */
export interface Tls {
  ca: string[];
  cert?: string;
  key?: string;
  passphrase?: string;
  /** Names of the files, for messages; of PKCS #12 the same twice. */
  names?: { cert: string; key: string };
}

/**
 * Reads the files of the TLS connection.
 *
 * @throws CommandError when a file can't be read or opened, or is of another kind; with exit code 2 for a usage error
 */
export async function readTransport(options: TransportOptions, host: RunHost): Promise<Tls> {
  const { sslClientCert: cert, sslClientKey: key, sslClientPassphrase, sslExtraCaCerts: ca } = options;
  const source = sslClientPassphrase === undefined ? TRANSPORT_PASSPHRASE_VARIABLE : '--ssl-client-passphrase';
  const passphrase = sslClientPassphrase ?? host.readSecret(source);
  const bytes = cert ? await readBytes(cert) : undefined;
  if (cert && bytes && isPkcs12(bytes) && key) {
    throw new CommandError(`${cert}: is a PKCS #12 file, which holds the key too. Leave out --ssl-client-key.`, 2);
  }
  const own =
    cert && bytes && isPkcs12(bytes)
      ? toTls(cert, await readPkcs12(cert, bytes, source, host, passphrase))
      : await readPair(cert, bytes, key, passphrase, host);
  const authorities = ca ? [toPem('--ssl-extra-ca-certs', ca, await readBytes(ca), 'certificate')] : [];
  if (authorities.some(text => !/-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/.test(text))) {
    const remedy = 'Give the file with the certificate of the authority.';
    throw new CommandError(`${ca}: --ssl-extra-ca-certs needs certificates in PEM, got none. ${remedy}`);
  }
  return { ca: authorities, ...(passphrase && { passphrase }), ...own };
}

function toPem(option: string, file: string, bytes: Buffer, needed: Needed): string {
  refuseBinary(option, file, bytes, needed);
  return bytes.toString();
}

/** Certificate and key of one PKCS #12 file. */
function toTls(file: string, { key, chain, passphrase }: Awaited<ReturnType<typeof readPkcs12>>): Partial<Tls> {
  if (chain === '') {
    throw new CommandError(`${file}: holds no certificate of its key. Export it again, with the certificate.`);
  }
  return { cert: chain, key, names: { cert: file, key: file }, ...(passphrase && { passphrase }) };
}

/** Certificate and key of two PEM files. */
async function readPair(
  file: string | undefined,
  bytes: Buffer | undefined,
  keyFile: string | undefined,
  given: string | undefined,
  host: RunHost,
): Promise<Partial<Tls>> {
  if (Boolean(file) !== Boolean(keyFile)) {
    throw new CommandError('--ssl-client-cert and --ssl-client-key go together, unless the first is PKCS #12.', 2);
  }
  if (!file || !bytes || !keyFile) return {};
  const cert = toPem('--ssl-client-cert', file, bytes, 'certificate');
  const key = toPem('--ssl-client-key', keyFile, await readBytes(keyFile), 'key');
  const isLocked = given === undefined && /ENCRYPTED/.test(key);
  const passphrase = isLocked ? await openByAsking(keyFile, host, answer => opens(key, answer)) : undefined;
  return { cert, key, names: { cert: file, key: keyFile }, ...(passphrase && { passphrase }) };
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

/**
 * Refuses what Node would refuse in words of OpenSSL.
 *
 * @throws CommandError when certificate and key can't be used together
 */
export function refuseUnusable({ cert, key, ...others }: Tls): void {
  const { keyFault } = cert && key ? readCertificate({ ...others, cert, key }, new Date()) : {};
  if (keyFault !== undefined) throw new CommandError(keyFault);
}
