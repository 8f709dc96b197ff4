// HTTPS requests to the authorization server: server certificates are always verified, the transport certificate is presented
// if there is one. On the machine.

import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https, { type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import { rootCertificates, type TLSSocket } from 'node:tls';
import type { Tls } from '../client/transport.ts';
import { compareClocks } from './clock.ts';
import { ConnectionError, toConnectionCode } from './connection-faults.ts';
import { findRoute } from './route.ts';
import { openTunnel, toProxyOptions } from './tunnel.ts';

const MAX_SECONDS = 10;
const MAX_BYTES = 1_000_000;

/** What is sent; a GET without a body by default. */
export interface Request {
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string;
}

/** The answer of the server. */
export interface Answer {
  /** HTTP status. */
  status: number;
  text: string;
  /** Seconds, server minus local; undefined without a `Date` header. */
  clockDifference: number | undefined;
  /** Milliseconds since the Unix epoch by the local clock, after the TLS handshake. */
  sentAt: number;
  /** For example `TLSv1.3`; undefined with plain HTTP, which only a loopback host may have. */
  protocol: string | undefined;
}

/**
 * Sends one request on its own connection, through the proxy if there is one, and follows no redirect. Node's own authorities are
 * trusted too, as Newman does.
 *
 * @param seconds limit for the whole exchange, from the connection to the last byte of the answer
 * @throws ConnectionError when the connection fails, or the answer takes longer or has more than 1 MB
 */
export async function send(url: string, tls: Tls, request: Request = {}, seconds = MAX_SECONDS): Promise<Answer> {
  const { proxy } = findRoute(url);
  const ca = [...rootCertificates, ...tls.ca];
  const signal = AbortSignal.timeout(seconds * 1000);
  let tunnel: Socket | undefined;
  try {
    const target = new URL(url);
    if (proxy && target.protocol === 'https:') tunnel = await openTunnel(proxy, target, ca, signal);
    const through = tunnel ? { socket: tunnel } : proxy ? toProxyOptions(proxy, target) : {};
    return await exchange(target, { ...tls.certificate, ca, ...through, signal }, request);
  } catch (error) {
    const code = toConnectionCode(error);
    const isLate = signal.aborted && !code.startsWith('EPROXY');
    throw new ConnectionError(url, isLate ? 'ETIMEDOUT' : code, { cause: error });
  } finally {
    tunnel?.destroy();
  }
}

async function exchange(
  url: URL,
  { headers: ofProxy, ...options }: RequestOptions,
  { method = 'GET', headers = {}, body = '' }: Request,
): Promise<Answer> {
  const isPlain = url.protocol === 'http:';
  const all = { ...options, method, headers: { ...(ofProxy as object), ...headers }, agent: false };
  const request = (isPlain ? http : https).request(url, all);
  // After the answer has begun nobody waits for an error of the request.
  request.on('error', () => undefined);
  let sentAt = Date.now();
  // The TLS handshake is not part of the time that the request takes.
  request.once('socket', socket =>
    socket.once(isPlain ? 'connect' : 'secureConnect', () => {
      sentAt = Date.now();
    }),
  );
  request.end(body);
  const [response] = (await once(request, 'response', { signal: options.signal })) as [IncomingMessage];
  const receivedAt = Date.now();
  const protocol = isPlain ? undefined : ((response.socket as TLSSocket).getProtocol() ?? undefined);
  const { date, age } = response.headers;
  const text = await readText(response);
  const clockDifference = compareClocks({ date, age, sentAt, receivedAt });
  return { status: response.statusCode ?? 0, text, clockDifference, sentAt, protocol };
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
    if (size > MAX_BYTES) throw Object.assign(new Error(`more than ${MAX_BYTES} bytes`), { code: 'ETOOLARGE' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
