// A listener on loopback that writes down every request it sees and answers each with JSON. It judges nothing: the
// authorization server of src/demo does that. It shows what the script put on the wire, and that nothing came.

import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';

export type Received = {
  method: string;
  /** Path and query. */
  url: string;
  headers: http.IncomingHttpHeaders;
  body: string;
  /** The body as a form. */
  form: URLSearchParams;
};

/** Answers a request: a status and a body, nothing at all, or what a server does that breaks the rules of HTTP. */
export type Answer =
  | { status?: number; body?: string; headers?: Record<string, string> }
  | 'silence'
  | ((response: http.ServerResponse) => void);

export type Recorder = {
  origin: string;
  requests: Received[];
  /** Answers by path; all others get `{}`. */
  answers: Map<string, Answer>;
  close: () => Promise<void>;
};

/**
 * Starts a recorder on a free port.
 *
 * @param tls certificate and key, for https; it asks for no certificate of the client
 */
export const startRecorder = async (tls?: { cert: string; key: string }): Promise<Recorder> => {
  const requests: Received[] = [];
  const answers = new Map<string, Answer>();
  const record: http.RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      // The client has left before the end of it.
      return;
    }
    const body = Buffer.concat(chunks).toString();
    const { method = '', url = '', headers } = request;
    requests.push({ method, url, headers, body, form: new URLSearchParams(body) });
    const answer = answers.get(url.replace(/\?.*/, '')) ?? {};
    if (answer === 'silence') return;
    if (typeof answer === 'function') return answer(response);
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.body ?? '{}');
  };
  const server = tls ? https.createServer({ ...tls }, record) : http.createServer(record);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answers,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};
