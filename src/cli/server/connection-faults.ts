// Why a connection failed, in words: the one table of what the codes of Node, OpenSSL and proxies mean, for every command. Pure, on
// the machine, but for the variables of proxies.

import { TRANSPORT_PASSPHRASE_VARIABLE } from '../client/certificate-facts.ts';
import { CommandError } from '../command.ts';
import { describeProxy, describeRoute, findRoute, type Route } from './route.ts';

/** What a failed connection is due to, and the one thing to do. */
export interface ConnectionFault {
  fact: string;
  remedy: string;
}

/** A request that got no whole answer; the message says why. */
export class ConnectionError extends CommandError {
  /** See {@link toConnectionCode}. */
  readonly code: string;
  readonly url: string;
  /** Its remedy is a whole sentence. */
  readonly fault: ConnectionFault;

  constructor(url: string, code: string, options?: ErrorOptions) {
    const { fact, remedy: words } = findConnectionFault(code, url) ?? CLOSED;
    const remedy = `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
    super(`${url} cannot be reached (${code}): ${fact}. ${remedy}`, 1, options);
    this.code = code;
    this.url = url;
    this.fault = { fact, remedy };
  }
}

/** The other side ended the connection, and did not say why. */
const CLOSED: ConnectionFault = {
  fact: 'the other side ended the connection without a reason, as some servers do that want a transport certificate',
  remedy: 'give --ssl-client-cert and --ssl-client-key, or the ones that belong to this server',
};

export const GIVE_CERTIFICATE = 'give --ssl-client-cert and --ssl-client-key';
export const USE_ISSUED_CERTIFICATE =
  'use the certificate that was issued for its environment, with its intermediates behind it in the file';
const CHECK_NETWORK = 'check the network, and whether a firewall or a proxy is between';

/** What the codes mean, where that is clear. */
const FAULTS: [code: RegExp, fact: string, remedy: string][] = [
  [/CERTIFICATE_REQUIRED/, 'the server says that it got no transport certificate', GIVE_CERTIFICATE],
  [
    /ALTNAME_INVALID/,
    'the certificate of the server is for another host',
    'write the host in the URL as the server has it',
  ],
  [
    /ALERT_UNKNOWN_CA/,
    'the server does not know the authority that issued the transport certificate',
    USE_ISSUED_CERTIFICATE,
  ],
  [/ALERT_CERTIFICATE_EXPIRED/, 'the server says that the transport certificate has expired', 'use one that is valid'],
  [/ALERT_CERTIFICATE_REVOKED/, 'the transport certificate is revoked', 'have a new one issued'],
  [
    /ALERT_(BAD|UNSUPPORTED)_CERTIFICATE|ALERT_CERTIFICATE_UNKNOWN|ALERT_ACCESS_DENIED/,
    'the server refuses the transport certificate',
    'use the certificate that was issued for its environment',
  ],
  [
    /CERT_HAS_EXPIRED/,
    'the certificate of the server has expired by the clock of this machine',
    'set the clock of this machine, or report it to the operator of the server',
  ],
  [
    /CERT_NOT_YET_VALID/,
    'the certificate of the server is not yet valid by the clock of this machine',
    'set the clock',
  ],
  [
    /UNABLE_TO_(VERIFY|GET)|SELF_SIGNED|UNTRUSTED/,
    'the certificate of the server is from an authority that this machine does not know',
    'name the file of that authority with --ssl-extra-ca-certs, if the server is the right one',
  ],
  [/ENOTFOUND|EAI_AGAIN/, 'the name of the host cannot be resolved', 'check the URL and the network'],
  [/ECONNREFUSED/, 'nothing listens there', 'check host and port of the URL'],
  [/EHOSTUNREACH|ENETUNREACH/, 'this machine has no route to the server', CHECK_NETWORK],
  [/TIMEDOUT/, 'the server did not answer in time', CHECK_NETWORK],
  [/ECUT/, 'the answer ended in the middle', 'try again, and check the network'],
  [/ETOOLARGE/, 'the answer is larger than any of its kind', 'check the URL'],
  [/^HPE_/, 'the answer is not HTTP', 'check scheme and port of the URL'],
  [
    /KEY_VALUES_MISMATCH/,
    'the key of the transport certificate belongs to another one',
    'name the right file with --ssl-client-key',
  ],
  [
    /INTERRUPTED_OR_CANCELLED|MISSING_PASSPHRASE/,
    'the key of the transport certificate is encrypted',
    `set ${TRANSPORT_PASSPHRASE_VARIABLE} to its passphrase`,
  ],
  [
    /BAD_DECRYPT|BAD_PASSWORD/,
    'the key of the transport certificate does not open',
    `check ${TRANSPORT_PASSPHRASE_VARIABLE} or --ssl-client-passphrase`,
  ],
  [
    /NO_START_LINE|DECODER|BAD_END_LINE|BAD_BASE64|ASN1/,
    'the transport certificate or its key cannot be read',
    'name PEM files with --ssl-client-cert and --ssl-client-key',
  ],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH/, 'the other side does not speak TLS', 'check scheme and port of the URL'],
];

/**
 * Finds what the code of a failed connection means.
 *
 * @returns undefined for a connection that was ended without a reason, or with one that may mean anything
 */
export function findConnectionFault(code: string, url: string): ConnectionFault | undefined {
  const route = routeOf(url);
  const ofProxy = /^EPROXY_(.*)$/.exec(code)?.[1];
  if (ofProxy !== undefined && route.proxy) return findProxyFault(ofProxy, route.proxy, route.variable);
  const known = FAULTS.find(([pattern]) => pattern.test(code));
  if (!known && /ECONNRESET|EPIPE|HANDSHAKE_FAILURE|EPROTO/.test(code)) return undefined;
  const [, fact, remedy] = known ?? [code, `the connection failed with ${code}`, 'check the URL and the network'];
  return { fact: route.proxy ? `${fact}, ${describeRoute(route)}` : fact, remedy };
}

/** The way to a server; a direct one where the URL, or the variable of the proxy, is none. */
export function routeOf(url: string): Route {
  try {
    return findRoute(url);
  } catch {
    return { proxy: undefined, variable: undefined };
  }
}

function findProxyFault(code: string, proxy: URL, variable: string | undefined): ConnectionFault {
  const name = describeProxy(proxy, variable);
  const orAvoid = 'or name the host in NO_PROXY';
  if (code === '407') {
    const fact = proxy.username ? 'does not accept this user' : 'asks for a user with a password';
    return {
      fact: `${name} ${fact}`,
      remedy: `write user and password into ${variable}, before the host, ${orAvoid}`,
    };
  }
  if (/^\d+$/.test(code)) {
    const fact = `${name} refused the connection with status ${code}`;
    return { fact, remedy: `ask its operator to allow the host, ${orAvoid}` };
  }
  const facts: [RegExp, string][] = [
    [/TIMEDOUT/, 'did not open the connection in time'],
    [/^(PAGE|HPE_.*)$/, 'answered with something else than a connection'],
    [/^ECONNRESET$/, 'ended the connection without an answer'],
  ];
  const fact = facts.find(([pattern]) => pattern.test(code))?.[1] ?? `cannot be reached (${code})`;
  return { fact: `${name} ${fact}`, remedy: `check ${variable}, ${orAvoid}` };
}

/**
 * The code of a failed connection: Node's, with the name of the TLS alert where only the message has it; of a proxy with
 * `EPROXY_` before it. It can be shown.
 *
 * @see RFC 8446 section 6 for the alerts
 */
export function toConnectionCode(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const words = String(message ?? '');
  // Newman's client gives all faults of a proxy the same code.
  const tunnel = /^tunneling socket could not be established, (?:statusCode=(\d+)|cause=(.*))/s.exec(words);
  if (tunnel) return `EPROXY_${tunnel[1] ?? /\bE[A-Z]{3,}\b/.exec(tunnel[2] ?? '')?.[0] ?? 'ECONNRESET'}`;
  // Node's word for an answer that ends too early.
  if (words === 'aborted') return 'ECUT';
  const alert = /alert ([a-z ]+):/.exec(words)?.[1]?.toUpperCase().replace(/ /g, '_');
  const text =
    alert && !/ALERT/.test(String(code)) ? `${code ?? 'EPROTO'}_ALERT_${alert}` : String(code ?? message ?? 'unknown');
  return text.replace(/[^\w .-]/g, '').slice(0, 100);
}
