// The authorization server as it is known before a request: what the variables say, then what its metadata says. On both
// sides, so that script and command line know the same server.

import { ENDPOINT_NAMES, type Endpoints, type Metadata } from './authorization-server.ts';
import type { ReadVariable } from './settings.ts';

export type KnownServer = {
  issuer: string;
  /** All that are known. */
  endpoints: Endpoints;
  /** Those among them that the user has set; the others come from the metadata of the issuer. */
  configured: Endpoints;
  /** Those of the metadata that an alias for mutual TLS replaces. */
  replaced: Endpoints;
  /** Whether the metadata has been read. */
  isDiscovered: boolean;
};

/**
 * Puts together what is known of the authorization server. A variable goes before the metadata.
 *
 * @param read gives the endpoints as they are; {@link checkServerUrl} refuses whitespace around them
 * @param metadata of any issuer; not used unless it is that of the configured one
 */
export const toKnownServer = (read: ReadVariable, metadata: Metadata | undefined): KnownServer => {
  const issuer = read('issuer').trim();
  const known = metadata?.issuer === issuer ? metadata : undefined;
  const configured: Endpoints = {};
  const replaced: Endpoints = {};
  for (const name of ENDPOINT_NAMES) {
    const value = read(name);
    const other = known?.replaced[name];
    if (value.trim()) configured[name] = value;
    else if (other) replaced[name] = other;
  }
  const endpoints = { ...known?.endpoints, ...configured };
  return { issuer, endpoints, configured, replaced, isDiscovered: known !== undefined };
};
