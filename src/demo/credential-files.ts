// Certificates and keys as files that only this user can read: in a directory of their own that is gone after the run, as Newman wants
// them, or all that a client has, in a directory that stays. Runs on the machine, in Node.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Credentials } from './certificates.ts';

/** Paths of PEM files, and `remove`, which may be called at any time and more than once. */
export type CredentialFiles = { directory: string; ca: string; cert: string; key: string; remove: () => void };

/** The files of {@link writeClientFiles}: the signing key, the transport certificate and its key, the authority, the JWKS. */
export const clientFiles = {
  signingKey: 'signing.pem',
  cert: 'transport.pem',
  key: 'transport.key',
  ca: 'ca.pem',
  jwks: 'jwks.json',
} as const;

/** Writes a file that is not there yet. */
function write(directory: string, name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
  return path;
}

const writePems = (directory: string, { authority, transportCertificate }: Credentials) => ({
  ca: write(directory, clientFiles.ca, authority.cert),
  cert: write(directory, clientFiles.cert, transportCertificate.cert),
  key: write(directory, clientFiles.key, transportCertificate.key),
});

/** Writes the certificate authority, the transport certificate and its key into a new directory. */
export function writeCredentialFiles(credentials: Credentials): CredentialFiles {
  const directory = mkdtempSync(join(tmpdir(), 'paynet-client-auth-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  return { directory, ...writePems(directory, credentials), remove };
}

/**
 * Writes all files of a client into a directory that has none of them.
 *
 * @throws the error of Node where a file cannot be written or is there already
 */
export function writeClientFiles(directory: string, credentials: Credentials): void {
  const { privateKey, publicJwk } = credentials.signingKey;
  writePems(directory, credentials);
  write(directory, clientFiles.signingKey, privateKey);
  write(directory, clientFiles.jwks, `${JSON.stringify({ keys: [publicJwk] }, null, 2)}\n`);
}
