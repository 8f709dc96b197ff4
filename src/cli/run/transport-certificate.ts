// Presents the transport certificate when a request leaves, from memory: Newman itself reads it from files, in PEM alone, again for each
// request. On the machine. RFC 8705.

import type { EventEmitter } from 'node:events';
import type { Tls } from '../client/transport.ts';
import { createCertificate } from './newman.ts';

interface Part {
  value?: unknown;
}

interface Certificate {
  cert?: Part;
  pfx?: Part;
  passphrase?: unknown;
}

interface RequestEvent {
  request?: { certificate?: Certificate };
}

/**
 * Gives each request the transport certificate, but for those that have one of `--ssl-client-cert-list`. Test scripts see which one it
 * was, and no passphrase.
 */
export function presentCertificate(newman: EventEmitter, { certificate }: Tls): void {
  const presented = certificate && createCertificate(certificate);
  newman.on('beforeRequest', (_error: unknown, { request }: RequestEvent = {}) => {
    if (!request) return;
    if (presented && !isListed(request.certificate)) request.certificate = presented;
    const { passphrase: value } = request.certificate ?? {};
    // What can't be enumerated does not get to a script.
    if (value) Object.defineProperty(request.certificate, 'passphrase', { value, enumerable: false });
  });
}

/** Whether it comes from a file that the list names, as bytes; a request of a collection may hold one too, as text. */
const isListed = (certificate: Certificate = {}): boolean =>
  Buffer.isBuffer(certificate.cert?.value) || Buffer.isBuffer(certificate.pfx?.value);
