// The metadata of the authorization server (RFC 8414, OpenID Connect Discovery 1.0): fetched, read, and put together with the
// endpoints that the user has set. On the machine.

import { ENDPOINT_NAMES, type EndpointName, type Metadata } from '../../client-auth/authorization-server.ts';
import { type DiscoveryStep, nextDiscoveryStep } from '../../client-auth/discovery.ts';
import { ClientAuthError } from '../../client-auth/errors.ts';
import { type KnownServer, toKnownServer } from '../../client-auth/known-server.ts';
import { checkServerUrl } from '../../client-auth/server-url.ts';
import type { Client } from '../client/client-options.ts';
import { refuseUnusable, type Tls } from '../client/transport.ts';
import { parseObject } from '../secrets/json-object.ts';
import { type Answer, send } from './send.ts';

/** The metadata names another issuer than the configured one. */
export class OtherIssuerError extends ClientAuthError {
  readonly statedIssuer: string;

  constructor({ code, message, variable }: ClientAuthError, statedIssuer: string) {
    super(code, message, variable);
    this.statedIssuer = statedIssuer;
  }
}

/** What the metadata says about the server. */
export interface ServerFacts {
  metadata: Metadata;
  /** Where the metadata was found. */
  url: string;
  /** Client authentication methods by endpoint; undefined where the metadata has none. */
  methods: Partial<Record<EndpointName, string[]>>;
  /** Signing algorithms of client assertions by endpoint; undefined where the metadata has none. */
  algorithms: Partial<Record<EndpointName, string[]>>;
  /** Seconds, server minus local. */
  clockDifference: number | undefined;
}

/** Endpoints with their own members in the metadata (RFC 8414 section 2); the others use those of the token endpoint (RFC 9126 section 5). */
const HAVE_OWN_MEMBERS: readonly EndpointName[] = ['introspection_endpoint', 'revocation_endpoint'];

/**
 * Fetches and reads the metadata of the issuer.
 *
 * @param seconds limit for each of its two places; that of {@link send} if undefined
 * @throws ClientAuthError when the issuer or its metadata can't be trusted, `discovery_failed` when there is none
 * @throws OtherIssuerError when the metadata names another issuer
 * @throws ConnectionError when the connection fails
 * @see RFC 8414 section 3, OpenID Connect Discovery 1.0 section 4
 */
export async function fetchServerFacts(issuer: string, tls: Tls, seconds?: number): Promise<ServerFacts> {
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
    answers.push(await send(url, tls, { headers: { accept: 'application/json' } }, seconds));
  }
}

/** Gives the metadata of an issuer, as {@link fetchServerFacts} does. */
export type FetchServer = (issuer: string, seconds?: number) => Promise<ServerFacts>;

/** Makes a fetcher that asks each issuer once, and remembers a failure too. */
export function createServerFetcher(tls: Tls): FetchServer {
  const asked = new Map<string, Promise<ServerFacts>>();
  return (issuer, seconds) => {
    const facts = asked.get(issuer) ?? fetchServerFacts(issuer, tls, seconds);
    asked.set(issuer, facts);
    return facts;
  };
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

function readLists(document: Record<string, unknown>, suffix: string): Partial<Record<EndpointName, string[]>> {
  const lists: Partial<Record<EndpointName, string[]>> = {};
  for (const name of ENDPOINT_NAMES) {
    const own = HAVE_OWN_MEMBERS.includes(name) ? document[`${name}_${suffix}`] : undefined;
    const list = own ?? document[`token_endpoint_${suffix}`];
    if (Array.isArray(list)) lists[name] = list.filter(value => typeof value === 'string');
  }
  return lists;
}

/**
 * The server as the variables say. Its metadata is fetched only if the token endpoint is needed, and not set.
 *
 * @throws CommandError when the transport certificate and its key can't be used
 * @throws ClientAuthError when neither the token endpoint nor the issuer is set, and as {@link fetchServerFacts} does
 */
export async function readKnownServer(
  { read, tls }: Pick<Client, 'read' | 'tls'>,
  needsTokenEndpoint: boolean,
  fetchServer: FetchServer = createServerFetcher(tls),
): Promise<KnownServer> {
  const known = toKnownServer(read, undefined);
  if (known.endpoints.token_endpoint || !needsTokenEndpoint) return known;
  if (!known.issuer) checkServerUrl('token_endpoint', '', 'Set it, or set "issuer".');
  refuseUnusable(tls);
  const { metadata } = await fetchServer(known.issuer);
  return toKnownServer(read, metadata);
}
