// A plain HTTPS client with a client certificate, for tests that speak to the authorization server themselves.

import https from 'node:https';

/** What the client trusts and presents, all PEM; without `cert` and `key` it presents nothing. */
export type Tls = { ca: string; cert?: string; key?: string };

export type HttpAnswer = { status: number; headers: Record<string, string>; json: Record<string, unknown> };

/** Sends one request on a connection of its own. A refused TLS handshake rejects the promise. */
export function send(
  url: string,
  tls: Tls,
  {
    method = 'GET',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = https.request(url, { ...tls, servername: 'localhost', method, headers, agent: false }, response => {
      const chunks: Buffer[] = [];
      response.on('data', chunk => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = response.headers['content-type']?.includes('json');
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers as Record<string, string>,
          json: isJson ? JSON.parse(text) : {},
        });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Sends a form; an array of pairs can hold a name twice. */
export function postForm(url: string, tls: Tls, form: Record<string, string> | [string, string][], headers = {}) {
  return send(url, tls, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(form).toString(),
  });
}
