// The HTTP server of a signing agent, on 127.0.0.1 alone: it lets in what knows its path, which is secret, and nothing that a web page
// can send. On the machine. RFC 9110; what browsers send: https://fetch.spec.whatwg.org/#origin-header

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { ClientAuthError, toPlain } from '../../client-auth/errors.ts';
import type { AgentAnswer } from '../../client-auth/signing-agent.ts';
import { CommandError } from '../command.ts';
import { type AgentRules, signDrafts } from './policy.ts';

/** A signing agent that listens. */
export interface Agent {
  /** Its URL, with 256 random bits. Whoever has it, on this machine, gets signatures. */
  url: string;
  /** Ends it, and all connections. */
  close(): Promise<void>;
}

/** Why a request is refused: a status of RFC 9110, and one sentence for the user of the script. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const HOST = '127.0.0.1';
const MAX_BYTES = 64 * 1024;
/** More than any run sends: a request of a script takes 10 ms and more. */
const MAX_A_SECOND = 200;
const MAX_LINES_A_SECOND = 10;
const MAX_CONNECTIONS = 500;
/** Milliseconds for a whole request to come in, and between looks at which has not. */
const [REQUEST_TIMEOUT, CHECK_INTERVAL] = [5000, 1000];

const UPDATE = 'Update the script: run "inject" again.';
const SET_URL = 'Set "signing_agent" to the line that the agent printed when it was started last.';

/**
 * Starts a signing agent.
 *
 * @param port 0 for any that is free
 * @param log takes one line for each JWT that was signed, and for each refusal
 * @throws CommandError when it can't listen there
 */
export async function startAgent(rules: AgentRules, port: number, log: (line: string) => void): Promise<Agent> {
  const secret = randomBytes(32).toString('base64url');
  const isAllowed = limit(MAX_A_SECOND);
  const logRefusal = toShortLog(log);
  let ownHost = '';
  const answer = async (request: IncomingMessage): Promise<AgentAnswer> => {
    // To its end, whoever it is from: an answer to half a request may get lost.
    const body = await readBody(request);
    refuseForeign(request, ownHost, secret);
    if (body === undefined) throw new Refusal(413, `The signing agent takes 64 KB at most. Send fewer claims.`);
    if (!isAllowed()) {
      throw new Refusal(
        429,
        `The signing agent signs for ${MAX_A_SECOND} requests a second at most. Send fewer at a time.`,
      );
    }
    const { lines, ...signed } = signDrafts(body, rules, Date.now() / 1000);
    for (const line of lines) log(line);
    return signed;
  };
  const limits = { requestTimeout: REQUEST_TIMEOUT, connectionsCheckingInterval: CHECK_INTERVAL };
  const server = createServer(limits, async (request, response) => {
    try {
      reply(response, 200, await answer(request));
    } catch (error) {
      const { status, message } = toRefusal(error);
      logRefusal((error as Error).message);
      reply(response, status, { error: message });
    }
  });
  endOldest(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      const why = code === 'EADDRINUSE' ? 'another program has it' : `got ${code}`;
      reject(new CommandError(`cannot listen on port ${port} of ${HOST}: ${why}. Give another --port, or none.`));
    });
    server.listen(port, HOST, resolve);
  });
  const url = `http://${HOST}:${(server.address() as AddressInfo).port}/${secret}`;
  // Without the port where it is 80, as clients write it.
  ownHost = new URL(url).host;
  return {
    url,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Refuses what no script of ours sends. What comes of a name that was bound to this address has another Host; of a web page, an Origin. */
function refuseForeign({ headersDistinct, method, url = '' }: IncomingMessage, ownHost: string, secret: string): void {
  const { host, origin, 'content-type': types } = headersDistinct;
  if (`${host}` !== ownHost) throw new Refusal(421, `The signing agent has another Host. ${SET_URL}`);
  if (origin)
    throw new Refusal(403, 'The signing agent takes no request of a web page. Use the Postman app or Newman.');
  if (!isSame(url, `/${secret}`)) throw new Refusal(404, `This is not the URL of the agent that runs. ${SET_URL}`);
  if (method !== 'POST') throw new Refusal(405, `The signing agent takes POST alone. ${UPDATE}`);
  if (!/^application\/json\b/.test(`${types}`)) throw new Refusal(415, `The signing agent takes JSON alone. ${UPDATE}`);
}

/** Ends the oldest connection where there are too many, so that those which send nothing keep no script out. */
function endOldest(server: Server): void {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    const [oldest] = open;
    if (open.size > MAX_CONNECTIONS) oldest?.destroy();
  });
}

/** Compares two texts in a time that says nothing about them. */
function isSame(one: string, other: string): boolean {
  const [first, second] = [one, other].map(text => createHash('sha256').update(text).digest()) as [Buffer, Buffer];
  return timingSafeEqual(first, second);
}

/** The body as text; undefined where it is too long, which is read all the same, and not kept. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= MAX_BYTES) chunks.push(chunk);
  }
  return length <= MAX_BYTES ? Buffer.concat(chunks).toString() : undefined;
}

function toRefusal(error: unknown): { status: number; message: string } {
  if (error instanceof Refusal) return error;
  if (error instanceof ClientAuthError) return { status: 400, message: error.message };
  return { status: 500, message: 'The signing agent could not sign: look at its terminal.' };
}

function reply(response: ServerResponse, status: number, answer: AgentAnswer): void {
  const bytes = Buffer.from(JSON.stringify(answer));
  // No more than is needed: each header costs the sandbox of Postman time.
  response.sendDate = false;
  // A connection that is kept may end while the script sends its next request.
  response.shouldKeepAlive = false;
  response.writeHead(status, { 'content-length': bytes.length });
  response.end(bytes);
}

/** Logs some refusals a second, so that a flood of them does not hide what was signed; of the others their number. */
function toShortLog(log: (line: string) => void): (message: string) => void {
  const mayLog = limit(MAX_LINES_A_SECOND);
  let left = 0;
  return message => {
    if (mayLog()) return log(`refused: ${toPlain(message, 500)}`);
    left += 1;
    if (left > 1) return;
    setTimeout(() => {
      log(`refused: ${left} more`);
      left = 0;
    }, 1000).unref();
  };
}

/** Says yes so many times in each second. */
function limit(most: number): () => boolean {
  let [second, count] = [0, 0];
  return () => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) [second, count] = [now, 0];
    count += 1;
    return count <= most;
  };
}
