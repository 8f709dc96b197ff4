// What can be learnt of the authorization server from outside: its metadata, its clock, whether the connection stands, and
// the client's JWKS. HTTPS with server verification, with or without the transport certificate. On the machine.

import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import { rootCertificates } from 'node:tls';
import { ENDPOINT_NAMES, type EndpointName, type Metadata } from '../../client-auth/authorization-server.ts';
import { type DiscoveryStep, nextDiscoveryStep } from '../../client-auth/discovery.ts';
import { ClientAuthError } from '../../client-auth/errors.ts';
import { type KnownServer, toKnownServer as toServer } from '../../client-auth/known-server.ts';
import { checkServerUrl } from '../../client-auth/server-url.ts';
import type { ReadVariable } from '../../client-auth/settings.ts';
import type { Transport } from '../client/client-options.ts';
import { CommandError } from '../command.ts';
import { decodeUtf8, readBytes } from '../files.ts';

const LIMIT_SECONDS = 10;
const MAX_BYTES = 1_000_000;

/** What a connection trusts and presents, all PEM; without `cert` and `key` it presents nothing. */
export interface Tls {
  ca: string[];
  cert?: string;
  key?: string;
  passphrase?: string;
}

/** Reads the files of the transport; Node's own authorities are trusted beside those of the file, as Newman does. */
export async function readTls({ cert, key, passphrase, ca }: Transport): Promise<Tls> {
  const read = (file: string) => readFile(file, 'utf8');
  return {
    ca: [...rootCertificates, ...(ca ? [await read(ca)] : [])],
    ...(cert && key && { cert: await read(cert), key: await read(key) }),
    ...(passphrase && { passphrase }),
  };
}

export interface Request {
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string;
}

export interface Answer {
  status: number;
  text: string;
  /** Seconds that the server's clock is ahead of this machine's, negative when behind; undefined without a `Date` header. */
  clockDifference: number | undefined;
  /** Milliseconds since the Unix epoch, by this machine's clock. */
  sentAt: number;
  /** `TLSv1.3`, say; undefined over plain HTTP, which only a loopback host may have. */
  protocol: string | undefined;
}

/**
 * Sends one request on a connection of its own, and follows no redirect.
 *
 * @throws Error of Node, with its `code`, when the connection fails, the answer takes more than 10 seconds or 1 MB
 */
export function send(url: string, tls: Tls, { method = 'GET', headers = {}, body = '' }: Request = {}) {
  return new Promise<Answer>((resolve, reject) => {
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
    // What the handshake takes does not count as the way of the request.
    request.once('socket', socket =>
      socket.once(isPlain ? 'connect' : 'secureConnect', () => {
        sentAt = Date.now();
      }),
    );
    const timer = setTimeout(
      () => request.destroy(failure('ETIMEDOUT', `no answer within ${LIMIT_SECONDS} seconds`)),
      LIMIT_SECONDS * 1000,
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
 * Compares the clock that a `Date` header shows with this machine's, at the moment when half the way was done.
 *
 * @param date the header; `age` is that of a cache on the way (RFC 9111 section 5.1), in seconds
 * @param sentAt milliseconds since the Unix epoch by this machine's clock, as is `receivedAt`
 * @returns whole seconds, server minus local; undefined without a date
 */
export function compareClocks(times: {
  date: string | undefined;
  age?: string | undefined;
  sentAt: number;
  receivedAt: number;
}): number | undefined {
  const shown = Date.parse(times.date ?? '');
  if (Number.isNaN(shown)) return undefined;
  const age = /^\d{1,8}$/.test(times.age ?? '') ? Number(times.age) * 1000 : 0;
  // The header leaves out the fraction of the second: half a second on average.
  return Math.round((shown + age + 500 - (times.sentAt + times.receivedAt) / 2) / 1000) || 0;
}

/** The code of a failed connection, with what the TLS alert was where only the message has it. Plain capitals, fit to be shown. */
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

/** The metadata names another issuer than the configured one. */
export class OtherIssuerError extends ClientAuthError {
  readonly statedIssuer: string;

  constructor({ code, message, variable }: ClientAuthError, statedIssuer: string) {
    super(code, message, variable);
    this.statedIssuer = statedIssuer;
  }
}

/** What the server says of itself. */
export interface ServerFacts {
  metadata: Metadata;
  /** Where the metadata was found. */
  url: string;
  /** Methods by endpoint; undefined where the metadata says nothing. */
  methods: Partial<Record<EndpointName, string[]>>;
  /** Signing algorithms of client assertions by endpoint; undefined where the metadata says nothing. */
  algorithms: Partial<Record<EndpointName, string[]>>;
  /** Seconds, server minus local. */
  clockDifference: number | undefined;
}

/** Endpoints with members of their own in the metadata; the others share those of the token endpoint (RFC 9126 section 5). */
const HAVE_OWN_MEMBERS: readonly EndpointName[] = ['introspection_endpoint', 'revocation_endpoint'];

/**
 * Fetches and reads the metadata of the issuer, from the place of OpenID Connect Discovery or of RFC 8414.
 *
 * @throws ClientAuthError when the issuer or its metadata is not to be trusted, `discovery_failed` when no place has it
 * @throws OtherIssuerError when the metadata names another issuer
 * @throws Error of Node when the connection fails
 */
export async function fetchServerFacts(issuer: string, tls: Tls): Promise<ServerFacts> {
  const answers: Answer[] = [];
  for (;;) {
    const { url, metadata } = nextStep(issuer, answers);
    const last = answers.at(-1);
    if (metadata && last) {
      const document = parseObject(last.text);
      const read = (suffix: string) => readLists(document, suffix);
      const [methods, algorithms] = [read('auth_methods_supported'), read('auth_signing_alg_values_supported')];
      return { metadata, url, methods, algorithms, clockDifference: last.clockDifference };
    }
    answers.push(await send(url, tls, { headers: { accept: 'application/json' } }));
  }
}

function nextStep(issuer: string, answers: Answer[]): DiscoveryStep {
  try {
    return nextDiscoveryStep(issuer, answers);
  } catch (error) {
    const { issuer: stated } = parseObject(answers.at(-1)?.text ?? '');
    const isOther = error instanceof ClientAuthError && error.code === 'metadata_invalid' && stated !== issuer;
    throw isOther && typeof stated === 'string' && stated !== '' ? new OtherIssuerError(error, stated) : error;
  }
}

/** The members of a JSON object; none of what is no object. */
export function parseObject(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function readLists(document: Record<string, unknown>, suffix: string): Partial<Record<EndpointName, string[]>> {
  const lists: Partial<Record<EndpointName, string[]>> = {};
  for (const name of ENDPOINT_NAMES) {
    const own = HAVE_OWN_MEMBERS.includes(name) ? document[`${name}_${suffix}`] : undefined;
    const list = own ?? document[`token_endpoint_${suffix}`];
    if (Array.isArray(list)) lists[name] = list.filter(value => typeof value === 'string');
  }
  return lists;
}

/** The server as the pre-request script knows it. */
export const toKnownServer = (read: ReadVariable, facts: ServerFacts | undefined): KnownServer =>
  toServer(read, facts?.metadata);

/** A key of a JWKS, as it stands there. */
export type Jwk = Record<string, unknown>;

/**
 * Reads the client's JWKS from a file or an https URL.
 *
 * @throws CommandError when it can't be read or is no JWKS
 */
export async function readJwks(source: string, tls: Tls): Promise<Jwk[]> {
  const isUrl = /^https?:\/\//i.test(source);
  const text = isUrl ? await fetchJwks(source, tls) : decodeUtf8(await readBytes(source));
  let document: { keys?: unknown } | null = null;
  try {
    document = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    // Told below: the message of JSON.parse quotes the text, which may hold a key.
  }
  if (!Array.isArray(document?.keys)) {
    throw new CommandError(`${source}: must be a JWKS, an object with "keys". Name the one that is registered.`);
  }
  return document.keys.filter((key): key is Jwk => typeof key === 'object' && key !== null);
}

async function fetchJwks(url: string, tls: Tls): Promise<string> {
  checkServerUrl('jwks_uri', url, 'variable_invalid', 'Name the URL under which the JWKS is registered.');
  try {
    const { status, text } = await send(url, tls, { headers: { accept: 'application/json' } });
    if (status === 200) return text;
    throw new CommandError(`${url}: answered with status ${status}. Check the URL.`);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${url}: the connection failed (${toConnectionCode(error)}). Check the URL.`, 1, {
      cause: error,
    });
  }
}
