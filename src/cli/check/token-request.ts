// One token request by client credentials (RFC 6749 section 4.4), to see whether the server accepts the client. The token is
// dropped. On the machine.

import { randomUUID } from 'node:crypto';
import type { Settings } from '../../client-auth/settings.ts';
import { authenticate } from '../client/authenticate.ts';
import type { Facts } from '../diagnosis/causes.ts';
import { toFacts } from '../diagnosis/refused-request.ts';
import { toStatement } from '../diagnosis/statements.ts';
import type { Surroundings } from '../diagnosis/surroundings.ts';
import { toConnectionCode } from '../server/connection-faults.ts';
import { parseObject } from '../server/json-object.ts';
import { send, type Tls } from '../server/send.ts';

/** The result of a token request. */
export interface Attempt {
  facts: Facts;
  /** Whether the client was authenticated, even if the request failed for another reason. */
  isAuthenticated: boolean;
}

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
  tls: Tls,
  surroundings: Surroundings,
): Promise<Attempt | undefined> {
  const form = toForm(scope, settings, surroundings);
  if (form === undefined) return undefined;
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
    const known = toFacts(surroundings, { ...request, status, body: text, receivedAt: sentAt });
    const facts = { ...known, clockDifference: clockDifference ?? known.clockDifference };
    const isToken = status === 200 && typeof parseObject(text).access_token === 'string';
    // Keycloak refuses a client with 401 unauthorized_client.
    const isLater = status !== 401 && AFTER_AUTHENTICATION.includes(facts.error ?? '') && !toStatement(facts);
    return { facts, isAuthenticated: isToken || isLater };
  } catch (error) {
    const connectionCode = toConnectionCode(error);
    return { facts: toFacts(surroundings, { ...request, connectionCode }), isAuthenticated: false };
  }
}

function toForm(scope: string, settings: Settings, { known }: Surroundings): string | undefined {
  const form = new URLSearchParams({ grant_type: 'client_credentials', scope });
  try {
    const { parameters } = authenticate(settings, known, 'token_endpoint');
    for (const { key, value } of parameters) form.set(key, value);
    return form.toString();
  } catch {
    return undefined;
  }
}
