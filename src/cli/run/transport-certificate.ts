// Presents the transport certificate when a request leaves, from memory: Newman itself reads it from files, in PEM alone, again for each
// request. On the machine. RFC 8705.

import type { EventEmitter } from 'node:events';
import type { Tls } from '../client/transport.ts';
import { createCertificate } from './newman.ts';

interface Part {
  value?: unknown;
}

interface RequestEvent {
  request?: { certificate?: { cert?: Part; pfx?: Part } | object };
}

/** Gives each request the transport certificate, but for those that have one of `--ssl-client-cert-list`. */
export function presentCertificate(newman: EventEmitter, { certificate }: Tls): void {
  if (!certificate) return;
  const presented = createCertificate(certificate);
  newman.on('beforeRequest', (_error: unknown, { request }: RequestEvent = {}) => {
    if (request && !isListed(request.certificate)) request.certificate = presented;
  });
}

/** Whether it comes from a file that the list names, as bytes; a request of a collection may hold one too, as text. */
const isListed = (certificate: { cert?: Part; pfx?: Part } = {}): boolean =>
  Buffer.isBuffer(certificate.cert?.value) || Buffer.isBuffer(certificate.pfx?.value);
