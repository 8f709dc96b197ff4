// The files of the TLS connection: transport certificate, its key, and authorities to trust, named by Newman's own options and read
// once. On the machine. RFC 8705.

import { CommandError } from '../command.ts';
import { readBytes } from '../files.ts';
import { refuseBinary } from './binary-file.ts';
import { readCertificate } from './certificate-facts.ts';

/** The options that name these files, PEM, as commander names them. */
export interface TransportOptions {
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
  /** Names of the files, for messages. */
  names?: { cert: string; key: string };
}

/**
 * Reads the files of the TLS connection.
 *
 * @throws CommandError when a file can't be read or is of another kind; with exit code 2 for a usage error
 */
export async function readTransport(options: TransportOptions): Promise<Tls> {
  const { sslClientCert: cert, sslClientKey: key, sslClientPassphrase: passphrase, sslExtraCaCerts: ca } = options;
  if (Boolean(cert) !== Boolean(key)) throw new CommandError('--ssl-client-cert and --ssl-client-key go together.', 2);
  const read = async (option: string, file: string, needed: 'certificate' | 'key') => {
    const bytes = await readBytes(file);
    refuseBinary(option, file, bytes, needed);
    return bytes.toString();
  };
  const own = cert &&
    key && {
      cert: await read('--ssl-client-cert', cert, 'certificate'),
      key: await read('--ssl-client-key', key, 'key'),
      names: { cert, key },
    };
  const authorities = ca ? [await read('--ssl-extra-ca-certs', ca, 'certificate')] : [];
  if (authorities.some(text => !/-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/.test(text))) {
    const remedy = 'Give the file with the certificate of the authority.';
    throw new CommandError(`${ca}: --ssl-extra-ca-certs needs certificates in PEM, got none. ${remedy}`);
  }
  return { ca: authorities, ...own, ...(passphrase && { passphrase }) };
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
