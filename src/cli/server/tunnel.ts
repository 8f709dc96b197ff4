// A connection through a proxy: its CONNECT (RFC 9110 section 9.3.6), and the request in absolute form for plain HTTP (RFC 9112
// section 3.2.2). On the machine.

import { once } from 'node:events';
import http, { type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { isIP, type Socket } from 'node:net';
import { unescape as unescapePercent } from 'node:querystring';

/** RFC 7617; in a URL both are percent-encoded. */
function toBasic(...user: [name: string, password: string]): string {
  return ['Basic', Buffer.from(user.map(part => unescapePercent(part)).join(':')).toString('base64')].join(' ');
}

/** How the proxy itself is spoken to. */
function toOptions(proxy: URL, host: string): RequestOptions & { headers: Record<string, string> } {
  const { username, password, protocol, hostname, port } = proxy;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port || (protocol === 'https:' ? 443 : 80),
    agent: false,
    headers: { host, ...((username || password) && { 'proxy-authorization': toBasic(username, password) }) },
  };
}

/**
 * Opens a connection to a host through a proxy.
 *
 * @param ca authorities of a proxy that is itself reached by https
 * @throws Error whose code begins with `EPROXY_`: then the status of the proxy, or the code of Node, or `PAGE`
 */
export async function openTunnel(proxy: URL, target: URL, ca: string[], signal: AbortSignal): Promise<Socket> {
  const host = `${target.hostname}:${target.port || 443}`;
  const isSecure = proxy.protocol === 'https:';
  const name = proxy.hostname;
  const secure = isSecure ? { ca, ...(isIP(name) ? {} : { servername: name }) } : {};
  const options = { ...toOptions(proxy, host), ...secure, method: 'CONNECT', path: host, signal };
  const request = (isSecure ? https : http).request(options);
  request.on('error', () => undefined);
  request.end();
  let answer: [IncomingMessage, Socket, Buffer];
  try {
    answer = (await once(request, 'connect', { signal })) as typeof answer;
  } catch (error) {
    throw proxyError(signal.aborted ? 'ETIMEDOUT' : String((error as NodeJS.ErrnoException).code ?? 'UNKNOWN'));
  }
  const [{ statusCode }, socket, head] = answer;
  if (statusCode === 200 && head.length === 0) return socket;
  socket.destroy();
  // A server of TLS says nothing before the client: it is the proxy that speaks.
  throw proxyError(statusCode === 200 ? 'PAGE' : String(statusCode));
}

/** The options of a request of plain HTTP that a proxy is to pass on. */
export const toProxyOptions = (proxy: URL, target: URL): RequestOptions & { headers: Record<string, string> } => ({
  ...toOptions(proxy, target.host),
  path: target.href,
});

const proxyError = (code: string) =>
  Object.assign(new Error('the proxy opened no connection'), { code: `EPROXY_${code}` });
