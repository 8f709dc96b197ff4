// Certificates and keys as the files that Newman wants: in a directory of their own that only this user can read, gone
// after the run. Runs on the machine, in Node.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Credentials } from './certificates.ts';

/** Paths of PEM files, and `remove`, which may be called at any time and more than once. */
export type CredentialFiles = { directory: string; ca: string; cert: string; key: string; remove: () => void };

/** Writes the certificate authority, the transport certificate and its key, each readable by this user only. */
export function writeCredentialFiles({ authority, transportCertificate }: Credentials): CredentialFiles {
  const directory = mkdtempSync(join(tmpdir(), 'paynet-client-auth-'));
  const write = (name: string, pem: string) => {
    const path = join(directory, name);
    writeFileSync(path, pem, { mode: 0o600 });
    return path;
  };
  return {
    directory,
    ca: write('ca.pem', authority.cert),
    cert: write('transport-certificate.pem', transportCertificate.cert),
    key: write('transport-key.pem', transportCertificate.key),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
