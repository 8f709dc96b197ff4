// Listeners and messages of the embedded authorization server, below what it says: ports on loopback, bodies as text, answers as
// JSON. Runs in Node.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type https from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';

/**
 * Listens on a free port of loopback; resolves to the URL of its root, without a slash at the end. No idle connection is closed: a
 * client that sends its next request at that very moment would get a reset.
 */
export const listen = (server: https.Server) =>
  new Promise<string>((resolve, reject) => {
    server.keepAliveTimeout = 0;
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(`https://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });

/** Ends a listener and every open connection. */
export const closeListener = (server: https.Server) =>
  new Promise<void>(resolve => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** Reads a body as text. */
export async function readText(stream: Readable) {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/**
 * Makes a request for oidc-provider of one whose body was read for the record. The Host, from which it derives URLs, is that of the
 * listener, whatever the client wrote.
 */
export function replay(message: IncomingMessage, body: string, base: string) {
  const { method, url, socket, httpVersion } = message;
  const headers = { ...message.headers, host: new URL(base).host };
  return Object.assign(Readable.from(body === '' ? [] : [Buffer.from(body)]), {
    method,
    url,
    socket,
    httpVersion,
    headers,
  }) as unknown as IncomingMessage;
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, body: object) {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
