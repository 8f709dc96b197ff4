// HTTPS requests to the authorization server: server certificates are always verified, the transport certificate is presented
// if there is one. On the machine.

import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { rootCertificates, type TLSSocket } from 'node:tls';
import type { Transport } from '../client/client-options.ts';
import { compareClocks } from './clock.ts';

const MAX_SECONDS = 10;
const MAX_BYTES = 1_000_000;

/** What a connection trusts and presents, all PEM; without `cert` and `key` it presents nothing. */
export interface Tls {
  ca: string[];
  cert?: string;
  key?: string;
  passphrase?: string;
}

/**
 * Reads the files of the transport certificate. Node's own authorities are trusted too, as Newman does.
 *
 * @throws Error of Node when a file can't be read
 */
export async function readTls({ cert, key, passphrase, ca }: Transport): Promise<Tls> {
  const read = (file: string) => readFile(file, 'utf8');
  return {
    ca: [...rootCertificates, ...(ca ? [await read(ca)] : [])],
    ...(cert && key && { cert: await read(cert), key: await read(key) }),
    ...(passphrase && { passphrase }),
  };
}

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
 * Sends one request on its own connection, and follows no redirect.
 *
 * @throws Error of Node, with its `code`, when the connection fails, the answer takes more than 10 seconds or 1 MB
 */
export function send(
  url: string,
  tls: Tls,
  { method = 'GET', headers = {}, body = '' }: Request = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const isPlain = /^http:/i.test(url);
    const options = { ...tls, method, headers, agent: false };
    const request = (isPlain ? http : https).request(url, options, response => {
      const receivedAt = Date.now();
      const protocol = isPlain ? undefined : ((response.socket as TLSSocket).getProtocol() ?? undefined);
      const { date, age } = response.headers;
      const clockDifference = compareClocks({ date, age, sentAt, receivedAt });
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_BYTES) request.destroy(failure('ETOOLARGE', `more than ${MAX_BYTES} bytes`));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, text, clockDifference, sentAt, protocol });
      });
    });
    let sentAt = Date.now();
    // The TLS handshake is not part of the time that the request takes.
    request.once('socket', socket =>
      socket.once(isPlain ? 'connect' : 'secureConnect', () => {
        sentAt = Date.now();
      }),
    );
    const timer = setTimeout(
      () => request.destroy(failure('ETIMEDOUT', `no answer within ${MAX_SECONDS} seconds`)),
      MAX_SECONDS * 1000,
    );
    request.on('error', error => {
      clearTimeout(timer);
      reject(error);
    });
    request.end(body);
  });
}

const failure = (code: string, message: string) => Object.assign(new Error(message), { code });

/**
 * The code of a failed connection: Node's, with the name of the TLS alert where only the message has it. It can be shown.
 *
 * @see RFC 8446 section 6 for the alerts
 */
export function toConnectionCode(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const alert = /alert ([a-z ]+):/
    .exec(String(message ?? ''))?.[1]
    ?.toUpperCase()
    .replace(/ /g, '_');
  const text =
    alert && !/ALERT/.test(String(code)) ? `${code ?? 'EPROTO'}_ALERT_${alert}` : String(code ?? message ?? 'unknown');
  return text.replace(/[^\w .-]/g, '').slice(0, 100);
}
