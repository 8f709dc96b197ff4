// The client's JWKS (RFC 7517 section 5), read from a file or from the URL under which it is registered. On the machine.

import { checkServerUrl } from '../../client-auth/server-url.ts';
import type { Tls } from '../client/transport.ts';
import { CommandError } from '../command.ts';
import { readText } from '../files.ts';
import { send } from './send.ts';

/** A key of a JWKS, as it is written there. */
export type Jwk = Record<string, unknown>;

/**
 * Reads the client's JWKS from a file or an https URL.
 *
 * @throws CommandError when it can't be read or is not a JWKS
 * @throws ClientAuthError when the URL is not an https URL
 * @see RFC 7517 section 5
 */
export async function readJwks(source: string, tls: Tls): Promise<Jwk[]> {
  const isUrl = /^https?:\/\//i.test(source);
  const text = isUrl ? await fetchJwks(source, tls) : await readText(source);
  let document: { keys?: unknown } | null = null;
  try {
    document = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    // Reported below: the message of JSON.parse quotes the text, which may hold a key.
  }
  if (!Array.isArray(document?.keys)) {
    throw new CommandError(`${source}: must be a JWKS, an object with "keys". Name the one that is registered.`);
  }
  return document.keys.filter((key): key is Jwk => typeof key === 'object' && key !== null);
}

async function fetchJwks(url: string, tls: Tls): Promise<string> {
  checkServerUrl('jwks_uri', url, 'Name the URL under which the JWKS is registered.');
  const { status, text } = await send(url, tls, { headers: { accept: 'application/json' } });
  if (status === 200) return text;
  throw new CommandError(`${url}: answered with status ${status}. Check the URL.`);
}
