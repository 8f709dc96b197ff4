// A proxy on loopback as a test needs it: the only one that knows where some hosts are, or one that refuses, is silent or answers with
// a page. It keeps a record of what it was asked for.

import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';

export type ProxyServer = {
  port: number;
  /** The hosts with their ports to which a connection was asked for. */
  asked: string[];
  /** The user and password that came, as they were sent. */
  authorizations: (string | undefined)[];
  close: () => Promise<void>;
};

/**
 * Starts a proxy.
 *
 * @param host the one that it knows; it is this machine
 * @param answer what it does in the place of a connection
 */
export const startProxy = async (host: string, answer?: (socket: Socket) => void): Promise<ProxyServer> => {
  const [asked, authorizations, sockets] = [[] as string[], [] as (string | undefined)[], new Set<Socket>()];
  const keep = (socket: Socket) => sockets.add(socket.on('error', () => undefined));
  const server = http.createServer((_request, response) => response.writeHead(400).end());
  server.on('connection', keep).on('connect', ({ url = '', headers }, socket: Socket) => {
    asked.push(url);
    authorizations.push(headers['proxy-authorization']);
    if (answer) return answer(socket);
    const [name, port] = url.split(':');
    if (name !== host) return socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    const other = net.connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(other).pipe(socket);
    });
    keep(other);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    authorizations,
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
};

/** Does something with variables of the process; those of proxies that are not among them are unset. */
export const withVariables = async <T>(variables: Record<string, string>, work: () => Promise<T>): Promise<T> => {
  const names = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'].flatMap(name => [name, name.toLowerCase()]);
  const before = names.map(name => [name, process.env[name]] as const);
  for (const name of names) delete process.env[name];
  Object.assign(process.env, variables);
  try {
    return await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
};
