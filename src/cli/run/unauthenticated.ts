// Requests that would leave for an endpoint without client authentication: of the collection, where a script after ours has
// changed them, or of `pm.sendRequest`, which no pre-request script sees. They don't leave, and the run fails. On the machine.

import type { EventEmitter } from 'node:events';
import {
  ENDPOINT_NAMES,
  type EndpointName,
  type Endpoints,
  METADATA_VARIABLE,
  type Metadata,
} from '../../client-auth/authorization-server.ts';
import { PARAMETER_NAMES } from '../../client-auth/client-authentication.ts';
import { toWireUrl } from '../../client-auth/wire-url.ts';
import { resolveReferences } from '../client/environment.ts';
import { explainChange, type RunItem, toTitle } from './blame.ts';
import { type PostedRequest, toForm } from './posted-forms.ts';
import { fail, stop } from './signing.ts';

/** The members of Newman's events that are used. */
interface RunEvent {
  request?: PostedRequest & { url: { update(url: string): void } };
  item?: RunItem;
  /** With the id of the script, where a script sends the request. */
  cursor?: { scriptId?: string };
  script?: { id: string };
  event?: { listen?: string; parent?(): RunItem | undefined };
  execution?: Partial<Record<(typeof SCOPES)[number], { values: { all(): { key: string; value: unknown }[] } }>>;
}

/** The nearer one last. */
const SCOPES = ['globals', 'collectionVariables', 'environment', '_variables'] as const;

/** How a form fails to authenticate the client by exactly one method; undefined when it does. */
function findFault(request: PostedRequest, methods: string[]): string | undefined {
  const form = toForm(request);
  if (/^\s*(?:basic|digest|ntlm)\b/i.test(String(request.headers?.get('authorization') ?? ''))) {
    return 'a header Authorization authenticates the client in another way';
  }
  const [clientIds = 0, types = 0, assertions = 0] = PARAMETER_NAMES.map(name => form.getAll(name).length);
  if (assertions === 0 && clientIds === 1 && methods.includes('tls_client_auth')) return undefined;
  if (assertions !== 1) return assertions === 0 ? 'no client_assertion is in its form' : 'it has several assertions';
  const isWhole = /^ey[\w-]+\.[\w-]+\.[\w-]+$/.test(form.get('client_assertion') ?? '');
  return isWhole && types === 1 && clientIds < 2 ? undefined : 'its client authentication is not whole';
}

/** What is known of the authorization server; scripts may add to it. */
class Known {
  readonly #endpoints = new Map<string, EndpointName>();
  /** Values of `token_endpoint_auth_method`: those before the run, then the one that the last script has left. */
  methods: string[];

  constructor(endpoints: Endpoints[], methods: string[]) {
    for (const one of endpoints) this.add(one);
    this.methods = methods;
  }
  add(endpoints: Endpoints): void {
    for (const name of ENDPOINT_NAMES) {
      const url = endpoints[name];
      if (url) this.#endpoints.set(toWireUrl(url), name);
    }
  }
  addVariables(read: (name: string) => string): void {
    this.add(Object.fromEntries(ENDPOINT_NAMES.map(name => [name, read(name)])));
    // Of an issuer that a script has set.
    const metadata = read(METADATA_VARIABLE);
    if (metadata) this.add((JSON.parse(metadata) as Metadata).replaced);
    this.methods = [read('token_endpoint_auth_method').trim()];
  }
  find(url: string): EndpointName | undefined {
    return this.#endpoints.get(toWireUrl(url));
  }
}

function createReader(execution: NonNullable<RunEvent['execution']>): (name: string) => string {
  const variables = new Map<string, string>();
  for (const scope of SCOPES) {
    for (const { key, value } of execution[scope]?.values.all() ?? []) variables.set(key, String(value ?? ''));
  }
  return name => resolveReferences(variables.get(name) ?? '', other => variables.get(other));
}

/**
 * Keeps requests from leaving for an endpoint without client authentication, each with a failed test.
 *
 * @param endpoints those that are known before the run
 * @param methods values of `token_endpoint_auth_method` before the run
 * @returns whether a POST that leaves goes to an endpoint that is known by then, and authenticates the client
 */
export function stopUnauthenticated(
  newman: EventEmitter,
  endpoints: Endpoints[],
  methods: string[],
): (request: PostedRequest) => boolean {
  const known = new Known(endpoints, methods);
  /** The scripts that were run. */
  const scripts = new Map<string, { event: RunEvent['event']; item: RunItem | undefined }>();
  /** Their requests that went to no endpoint known so far, the first of each URL: a signing agent is asked at one thousands of times. */
  const sent = new Map<string, { fault: string; data: RunEvent }>();

  const report = (url: string, fault: string, hasLeft: boolean, { item, cursor }: RunEvent): void => {
    const place = `A POST to ${known.find(url)} ${url} ${hasLeft ? 'was sent' : 'was not sent'}: ${fault}. `;
    const script = scripts.get(cursor?.scriptId ?? '');
    const advice = script
      ? `pm.sendRequest in ${toTitle(script.event, script.item)} is not authenticated. Make a request of the collection of it, and run that before.`
      : explainChange(item);
    // Newman gives the request of a script an item without a name.
    fail(newman, place + advice, { item: script?.item ?? item, cursor });
  };

  newman.on('beforeScript', (_error: unknown, { script, event, item }: RunEvent = {}) => {
    if (script) scripts.set(script.id, { event, item });
  });
  newman.on('script', (_error: unknown, { execution }: RunEvent = {}) => {
    if (!execution) return;
    known.addVariables(createReader(execution));
    // The script that has sent one, or a later one, may have found the endpoint.
    for (const [url, { fault, data }] of sent) {
      if (known.find(url) && sent.delete(url)) report(url, fault, true, data);
    }
  });
  newman.on('beforeRequest', (_error: unknown, data: RunEvent = {}) => {
    const { request, cursor } = data;
    if (request?.method?.toUpperCase() !== 'POST') return;
    const url = request.url.toString();
    const fault = findFault(request, known.methods);
    if (!fault) return;
    if (known.find(url)) {
      report(url.replace(/[?#].*/s, ''), fault, false, data);
      stop(request);
    } else if (cursor?.scriptId) {
      const place = url.replace(/[?#].*/s, '');
      if (!sent.has(place)) sent.set(place, { fault, data });
    }
  });
  return request => known.find(request.url.toString()) !== undefined && !findFault(request, known.methods);
}
