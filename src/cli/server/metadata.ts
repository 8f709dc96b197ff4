// The metadata of the authorization server (RFC 8414, OpenID Connect Discovery 1.0): fetched, read, and put together with the
// endpoints that the user has set. On the machine.

import {
  ENDPOINT_NAMES,
  type EndpointName,
  type Endpoints,
  type Metadata,
  metadataUrls,
  readMetadata,
} from '../../client-auth/authorization-server.ts';
import type { KnownServer } from '../../client-auth/client-authentication.ts';
import { ClientAuthError } from '../../client-auth/errors.ts';
import { checkServerUrl } from '../../client-auth/server-url.ts';
import type { ReadVariable } from '../../client-auth/settings.ts';
import type { Client } from '../client/client-options.ts';
import { parseObject } from './json-object.ts';
import { readTls, send, type Tls } from './send.ts';

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
 * @throws ClientAuthError when the issuer or its metadata can't be trusted, `discovery_failed` when there is none
 * @throws OtherIssuerError when the metadata names another issuer
 * @throws Error of Node when the connection fails
 * @see RFC 8414 section 3, OpenID Connect Discovery 1.0 section 4
 */
export async function fetchServerFacts(issuer: string, tls: Tls): Promise<ServerFacts> {
  const statuses: string[] = [];
  for (const url of metadataUrls(issuer)) {
    const { status, text, clockDifference } = await send(url, tls, { headers: { accept: 'application/json' } });
    if (status === 200) {
      const metadata = readMetadataOf(issuer, text);
      const document: Record<string, unknown> = JSON.parse(text);
      const read = (suffix: string) => readLists(document, suffix);
      const [methods, algorithms] = [read('auth_methods_supported'), read('auth_signing_alg_values_supported')];
      return { metadata, url, methods, algorithms, clockDifference };
    }
    statuses.push(`status ${status} from ${url}`);
  }
  throw new ClientAuthError(
    'discovery_failed',
    `"issuer" must be a server whose metadata can be read, got ${statuses.join(', ')}. Check "issuer", or set the endpoint variables by hand.`,
  );
}

function readMetadataOf(issuer: string, text: string): Metadata {
  try {
    return readMetadata(text, issuer);
  } catch (error) {
    const { issuer: stated } = parseObject(text);
    const isOther = error instanceof ClientAuthError && typeof stated === 'string' && stated !== issuer;
    throw isOther && stated !== '' ? new OtherIssuerError(error, stated) : error;
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

/** The server as the pre-request script would know it: the endpoints set by hand, then those of the metadata. */
export function toKnownServer(read: ReadVariable, facts: ServerFacts | undefined): KnownServer {
  const byHand: Endpoints = {};
  for (const name of ENDPOINT_NAMES) {
    const value = read(name);
    if (value !== '') byHand[name] = value;
  }
  const replaced: Endpoints = {};
  for (const name of ENDPOINT_NAMES) {
    const url = facts?.metadata.replaced[name];
    if (url && !byHand[name]) replaced[name] = url;
  }
  return {
    issuer: read('issuer'),
    endpoints: { ...facts?.metadata.endpoints, ...byHand },
    byHand,
    replaced,
    isDiscovered: facts !== undefined,
  };
}

/**
 * The server as the variables say. Its metadata is fetched only if the token endpoint is needed, and not set.
 *
 * @throws ClientAuthError when neither the token endpoint nor the issuer is set, and as {@link fetchServerFacts} does
 */
export async function readKnownServer(
  { read, transport }: Pick<Client, 'read' | 'transport'>,
  needsTokenEndpoint: boolean,
): Promise<KnownServer> {
  const known = toKnownServer(read, undefined);
  if (known.endpoints.token_endpoint || !needsTokenEndpoint) return known;
  if (!known.issuer) checkServerUrl('token_endpoint', '', 'variable_invalid', 'Set it, or set "issuer".');
  return toKnownServer(read, await fetchServerFacts(known.issuer, await readTls(transport)));
}
