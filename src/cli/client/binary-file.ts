// Files of keys and certificates in DER where PEM is needed, and how to make PEM of them. On the machine.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { CommandError } from '../command.ts';
import { quote } from './curl-command.ts';
import { isPkcs12 } from './pkcs12.ts';

/** What a command needs of a file. */
export type Needed = 'certificate' | 'key';

/**
 * Refuses a file that is not text, with the command that makes PEM of it, or the option that takes it; any other file passes.
 *
 * @param option the option that names it
 * @throws CommandError
 */
export function refuseBinary(option: string, file: string, bytes: Buffer, needed: Needed): void {
  const made = `${file.replace(/\.(p12|pfx|der|cer|crt|key)$/i, '')}-${needed}.pem`;
  const refuse = (kind: string, command: string) => {
    const convert = `Convert it: openssl ${command} -in ${quote(file)} -out ${quote(made)}`;
    throw new CommandError(`${file}: ${option} needs PEM, got ${kind}. ${convert}`);
  };
  if (isPkcs12(bytes) && needed === 'key') {
    throw new CommandError(`${file}: is a PKCS #12 file. Give it with --ssl-client-cert, without ${option}.`, 2);
  }
  if (isPkcs12(bytes)) refuse('a PKCS #12 file', 'pkcs12 -nokeys');
  if (bytes[0] !== 0x30) return;
  if (isCertificate(bytes)) refuse('a certificate in DER', 'x509 -inform der');
  if (readDerKey(bytes) !== undefined) refuse('a private key in DER', 'pkey -inform der');
}

/**
 * Reads a private key in DER, by whatever standard it is written.
 *
 * @returns PKCS#8 in PEM; undefined for anything else
 */
export function readDerKey(bytes: Buffer): string | undefined {
  for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const) {
    try {
      const key = createPrivateKey({ key: bytes, format: 'der', type });
      return key.export({ type: 'pkcs8', format: 'pem' }).toString();
    } catch {
      // Another standard, or none.
    }
  }
  return undefined;
}

function isCertificate(bytes: Buffer): boolean {
  try {
    return new X509Certificate(bytes).subject !== '';
  } catch {
    return false;
  }
}
