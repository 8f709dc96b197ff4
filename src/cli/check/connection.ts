// Checks the TLS connections to the hosts of the endpoints. On the machine.

import { ENDPOINT_NAMES, type EndpointName, isSameOrigin } from '../../client-auth/authorization-server.ts';
import type { Tls } from '../client/transport.ts';
import { CommandError } from '../command.ts';
import { diagnose } from '../diagnosis/diagnosis.ts';
import { describeCause } from '../diagnosis/explanation.ts';
import { toFacts } from '../diagnosis/refused-request.ts';
import type { Surroundings } from '../diagnosis/surroundings.ts';
import { ConnectionError, toConnectionCode } from '../server/connection-faults.ts';
import { describeRoute, findRoute } from '../server/route.ts';
import { type Answer, send } from '../server/send.ts';
import { findUrlFault } from './endpoints.ts';
import { type Line, line, notChecked } from './line.ts';

const NAME = 'connection';

/** The connections to the hosts of the endpoints. */
export interface CheckedConnection {
  line: Line;
  /** Whether a host could not be reached. */
  hasFailed: boolean;
  /** Seconds, server minus local, by the first host; undefined if no answer had a date. */
  clockDifference: number | undefined;
}

/** Connects to each host of the endpoints, that of the token endpoint first. */
export async function checkConnection(tls: Tls, surroundings: Surroundings): Promise<CheckedConnection> {
  let first: Answer | undefined;
  const hosts = findHosts(surroundings);
  for (const { endpoint, url } of hosts) {
    try {
      const answer = await send(url, tls);
      first ??= answer;
    } catch (error) {
      const message = explainConnection(endpoint, url, error, surroundings);
      const clockDifference = first?.clockDifference;
      return { line: line('connection_failed', NAME, message), hasFailed: true, clockDifference };
    }
  }
  return {
    line: describeConnection(
      tls,
      first,
      hosts.map(({ url }) => url),
    ),
    hasFailed: false,
    clockDifference: first?.clockDifference,
  };
}

/** The first endpoint of each host, without those that nothing may be sent to. */
function findHosts({ known: { endpoints } }: Surroundings): { endpoint: EndpointName; url: string }[] {
  const valid = ENDPOINT_NAMES.flatMap(endpoint => {
    const url = endpoints[endpoint];
    return url && !findUrlFault(endpoint, url) ? [{ endpoint, url }] : [];
  });
  return valid.filter(({ url }, index) => valid.findIndex(other => isSameOrigin(other.url, url)) === index);
}

/** The line for hosts that could all be reached, with the ways to them; without an answer there is no host. */
export function describeConnection({ certificate }: Tls, answer: Answer | undefined, urls: string[] = []): Line {
  if (!answer) return notChecked('connection_not_checked', NAME, 'no endpoint is known, or none is valid');
  const protocol = answer.protocol ? `${answer.protocol}, server certificate verified, ` : '';
  const how = certificate ? 'with the transport certificate' : 'without a transport certificate';
  return line('connection_established', NAME, [protocol + how, ...describeRoutes(urls)].join(', '));
}

/** The ways to the hosts, where a proxy is configured. */
function describeRoutes(urls: string[]): string[] {
  const routes = urls.map(url => ({ host: new URL(url).host, route: findRoute(url) }));
  if (routes.every(({ route }) => route.variable === undefined)) return [];
  const words = [...new Set(routes.map(({ route }) => describeRoute(route)))];
  return words.length === 1 ? words : routes.map(({ host, route }) => `${host} ${describeRoute(route)}`);
}

/** Says that a URL can't be reached, with the likely cause. */
export function explainConnection(
  endpoint: EndpointName,
  url: string,
  error: unknown,
  surroundings: Surroundings,
): string {
  if (error instanceof CommandError && !(error instanceof ConnectionError)) return error.message;
  const connectionCode = toConnectionCode(error);
  const [cause] = diagnose(toFacts(surroundings, { endpoint, url, form: '', connectionCode }));
  return `${url} cannot be reached (${connectionCode}). ${cause ? describeCause(cause) : ''}`;
}
