// Servers on loopback that accept a connection and then do what no server should: say nothing, half of an answer, one byte at a time,
// or no end of bytes; as a server of plain HTTP, as one of TLS that does it in its handshake or after it, or as a proxy.

import { once } from 'node:events';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import tls from 'node:tls';
import type { KeyedCertificate } from '../../src/demo/certificates.ts';

/** What is done when a request has come. */
export type Fault = (socket: Socket) => void;

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
/** Writes a text and then one byte after the other; the pauses are short beside each limit. */
const drip = (text: string) => (socket: Socket) => {
  socket.write(text);
  const timer = setInterval(() => socket.write('x'), 100);
  socket.once('close', () => clearInterval(timer));
};
const flood = (socket: Socket) => {
  socket.write(`${HEAD}\r\n`);
  const part = 'x'.repeat(65_536);
  const write = () => {
    while (socket.writable && socket.write(part));
  };
  socket.on('drain', write);
  write();
};

export const FAULTS = {
  'is silent': () => undefined,
  'sends half a head': socket => void socket.write(HEAD),
  'sends its head one byte at a time': drip(`${HEAD}x-`),
  'sends half a body': socket => void socket.write(`${HEAD}Content-Length: 100\r\n\r\n{"issuer":`),
  'sends its body one byte at a time': drip(`${HEAD}Content-Length: 100000\r\n\r\n`),
  'never ends its body': flood,
  'ends in the middle of its body': socket => void socket.end(`${HEAD}Content-Length: 100\r\n\r\n{"issuer":`),
} satisfies Record<string, Fault>;

export type FaultyServer = { port: number; close: () => Promise<void> };

const listen = async (server: Server, sockets: Set<Socket>): Promise<FaultyServer> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};

/** Starts a server that does this with each request; of TLS if there is a certificate. As a proxy, its request is a CONNECT. */
export const startFaulty = (fault: Fault, certificate?: KeyedCertificate): Promise<FaultyServer> => {
  const sockets = new Set<Socket>();
  const accept = (socket: Socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.once('data', () => fault(socket));
  };
  const server = certificate ? tls.createServer(certificate, accept) : net.createServer(accept);
  return listen(
    server.on('tlsClientError', () => undefined),
    sockets,
  );
};
