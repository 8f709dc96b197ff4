// One token request by each method, to see what the server makes of the client. The token is dropped. On the machine.

import { randomUUID } from 'node:crypto';
import { type ReadVariable, readSettings, type Settings } from '../../client-auth/settings.ts';
import { authenticate } from '../client/authenticate.ts';
import { type Facts, type Method, toPlain, type Way } from '../diagnosis/causes.ts';
import { toFacts } from '../diagnosis/collect-facts.ts';
import { diagnose } from '../diagnosis/diagnosis.ts';
import { describeCause } from '../diagnosis/explanation.ts';
import { parseObject, send, toConnectionCode } from '../server/server-facts.ts';
import type { Line, Preflight } from './preflight.ts';

/** What a token request came to. */
interface Attempt {
  facts: Facts;
  /** Whether the client was authenticated, whatever became of the rest of the request. */
  isAuthenticated: boolean;
}

/** Errors of a token endpoint that has authenticated the client (RFC 6749 section 5.2). */
const AFTER_AUTHENTICATION = ['invalid_scope', 'unauthorized_client', 'unsupported_grant_type', 'invalid_grant'];

/**
 * Requests a token by the method of the settings, by the other audience if that was refused, and by the other method.
 */
export async function runLiveChecks(preflight: Preflight, read: ReadVariable): Promise<Line[]> {
  const { settings, surroundings } = preflight;
  const skip = (name: string, because: string): Line => ({ name, status: 'skip', message: `not tried: ${because}` });
  const name = `live ${settings?.method ?? 'token request'}`;
  if (!settings) return [skip(name, 'a variable above is not right')];
  const url = surroundings.known.endpoints.token_endpoint;
  if (!url) return [skip(name, 'the token endpoint is not known')];
  const isReached = !preflight.lines.some(one => one.name === 'connection' && one.status === 'fail');
  if (!isReached) return [skip(name, 'the server can not be reached')];

  const [accepted, refused]: [Way[], Way[]] = [[], []];
  const attempt = async (tried: Settings): Promise<Attempt | undefined> => {
    const result = await requestToken(preflight, read, tried, url);
    const way = { method: tried.method, aud: result?.facts.assertion?.aud };
    if (result?.isAuthenticated) accepted.push(way);
    else if (result && isRefused(result.facts)) refused.push(way);
    return result;
  };

  const first = await attempt(settings);
  if (!first) return [skip(name, 'no such request can be made with these variables')];
  if (settings.method === 'private_key_jwt' && first.facts.status !== undefined) {
    for (const from of ['issuer', 'token_endpoint'] as const) {
      if (accepted.length === 0 && from !== settings.audience.from) await attempt({ ...settings, audience: { from } });
    }
  }
  const otherMethod: Method = settings.method === 'private_key_jwt' ? 'tls_client_auth' : 'private_key_jwt';
  const other = await tryOther(otherMethod);
  return [describeFirst(), other];

  async function tryOther(method: Method): Promise<Line> {
    const otherName = `live ${method}`;
    if (method === 'tls_client_auth' && !preflight.tls.cert)
      return skip(otherName, 'there is no transport certificate');
    if (method === 'private_key_jwt' && read('signing_key') === '') return skip(otherName, 'signing_key is not set');
    let tried: Settings;
    try {
      tried = readSettings(variable => (variable === 'token_endpoint_auth_method' ? method : read(variable)));
    } catch {
      return skip(otherName, 'its variables are not right');
    }
    const result = await attempt(tried);
    if (!result) return skip(otherName, 'no such request can be made with these variables');
    if (result.isAuthenticated) return { name: otherName, status: 'ok', message: 'accepted' };
    if (result.facts.connectionCode !== undefined) return skip(otherName, 'the server can not be reached');
    const answer = describeAnswer(result.facts);
    return isRefused(result.facts)
      ? { name: otherName, status: 'ok', message: `${answer}, which does no harm to a client of the other method` }
      : { name: otherName, status: 'skip', message: `${answer}, which says nothing of this method` };
  }

  function describeFirst(): Line {
    const { facts, isAuthenticated } = first as Attempt;
    const answer = describeAnswer(facts);
    if (isAuthenticated && facts.status === 200) return { name, status: 'ok', message: 'accepted' };
    if (isAuthenticated) return { name, status: 'warn', message: `the client was authenticated, then ${answer}` };
    const causes = diagnose({ ...facts, accepted, refused }).map(
      (cause, index) => `${index + 1}. ${describeCause(cause)}`,
    );
    return { name, status: 'fail', message: [answer, ...causes].join('\n') };
  }
}

/** Whether the answer is one to a client that was not authenticated. */
const isRefused = ({ status = 0 }: Facts): boolean => status === 400 || status === 401 || status === 403;

function describeAnswer({ status, error, connectionCode }: Facts): string {
  if (connectionCode !== undefined) return `not reached (${connectionCode})`;
  if (status === 200) return 'answered 200 without an access token';
  return `answered ${status}${error ? ` ${toPlain(error)}` : ''}`;
}

/** Requests a token by client credentials; undefined when no assertion can be made. */
async function requestToken(
  { tls, surroundings }: Preflight,
  read: ReadVariable,
  settings: Settings,
  url: string,
): Promise<Attempt | undefined> {
  const form = new URLSearchParams({ grant_type: 'client_credentials', scope: read('scope') || 'accounts' });
  try {
    const { parameters } = authenticate(settings, surroundings.known, 'token_endpoint');
    for (const { key, value } of parameters) form.set(key, value);
  } catch {
    return undefined;
  }
  const refused = { endpoint: 'token_endpoint', url, form: form.toString() } as const;
  const sentAt = Date.now();
  try {
    const { status, text, clockDifference } = await send(url, tls, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        'x-fapi-interaction-id': randomUUID(),
      },
      body: form.toString(),
    });
    const known = toFacts(surroundings, { ...refused, status, body: text, receivedAt: sentAt });
    const facts = { ...known, clockDifference: clockDifference ?? known.clockDifference };
    const isToken = status === 200 && typeof parseObject(text).access_token === 'string';
    return { facts, isAuthenticated: isToken || AFTER_AUTHENTICATION.includes(facts.error ?? '') };
  } catch (error) {
    const connectionCode = toConnectionCode(error);
    return { facts: toFacts(surroundings, { ...refused, connectionCode }), isAuthenticated: false };
  }
}
