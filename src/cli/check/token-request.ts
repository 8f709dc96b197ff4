// One token request by client credentials (RFC 6749 section 4.4), to see whether the server accepts the client, or for its token.
// On the machine.

import { randomUUID } from 'node:crypto';
import type { KnownServer } from '../../client-auth/known-server.ts';
import type { Settings } from '../../client-auth/settings.ts';
import type { OpenedKey } from '../../client-auth/signer.ts';
import { authenticate } from '../client/authenticate.ts';
import type { Client } from '../client/client-options.ts';
import type { Tls } from '../client/transport.ts';
import type { Facts } from '../diagnosis/causes.ts';
import { type RefusedRequest, toFacts } from '../diagnosis/refused-request.ts';
import { toStatement } from '../diagnosis/statements.ts';
import type { Surroundings } from '../diagnosis/surroundings.ts';
import { parseObject } from '../secrets/json-object.ts';
import { toConnectionCode } from '../server/connection-faults.ts';
import { send } from '../server/send.ts';

/** The result of a token request. */
export interface Attempt {
  facts: Facts;
  /** Whether the client was authenticated, even if the request failed for another reason. */
  isAuthenticated: boolean;
}

/** A token request, and what came back. */
export type Exchange = RefusedRequest & {
  /** Seconds, server minus local; undefined if not known. */
  clockDifference?: number | undefined;
};

/** Errors of a token endpoint that has authenticated the client (RFC 6749 section 5.2). */
const AFTER_AUTHENTICATION = ['invalid_scope', 'unauthorized_client', 'unsupported_grant_type', 'invalid_grant'];

/**
 * Requests a token by client credentials.
 *
 * @param url the token endpoint
 * @returns undefined when the client can't be authenticated with these settings
 */
export async function requestToken(
  url: string,
  scope: string,
  settings: Settings,
  { tls, signCommand }: Pick<Client, 'tls' | 'signCommand'>,
  surroundings: Surroundings,
): Promise<Attempt | undefined> {
  let form: string;
  try {
    form = toTokenForm(scope, settings, surroundings.known, signCommand?.key);
  } catch {
    return undefined;
  }
  return toAttempt(await sendTokenRequest(url, form, tls), surroundings);
}

/**
 * The form of a token request by client credentials.
 *
 * @param key signs in the place of the signing key of the settings
 * @throws ClientAuthError when the client can't be authenticated with these settings
 */
export function toTokenForm(scope: string, settings: Settings, known: KnownServer, key: OpenedKey | undefined): string {
  const form = new URLSearchParams({ grant_type: 'client_credentials', scope });
  const { parameters } = authenticate(settings, known, 'token_endpoint', key);
  for (const { key, value } of parameters) form.set(key, value);
  return form.toString();
}

/** Sends a token request. Never throws: a failed connection is an answer too. */
export async function sendTokenRequest(url: string, form: string, tls: Tls): Promise<Exchange> {
  const request = { endpoint: 'token_endpoint', url, form } as const;
  try {
    const { status, text, clockDifference, sentAt } = await send(url, tls, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        'x-fapi-interaction-id': randomUUID(),
      },
      body: form,
    });
    return { ...request, status, body: text, receivedAt: sentAt, clockDifference };
  } catch (error) {
    return { ...request, connectionCode: toConnectionCode(error) };
  }
}

/** The access token of an answer; undefined if there is none. */
export function findAccessToken({ status, body = '' }: Exchange): string | undefined {
  const { access_token: token } = parseObject(body);
  return status === 200 && typeof token === 'string' ? token : undefined;
}

/** What a token request has shown. */
export function toAttempt(exchange: Exchange, surroundings: Surroundings): Attempt {
  const known = toFacts(surroundings, exchange);
  const facts = { ...known, clockDifference: exchange.clockDifference ?? known.clockDifference };
  const isToken = findAccessToken(exchange) !== undefined;
  // Keycloak refuses a client with 401 unauthorized_client.
  const isLater = facts.status !== 401 && AFTER_AUTHENTICATION.includes(facts.error ?? '') && !toStatement(facts);
  return { facts, isAuthenticated: isToken || isLater };
}
