// Checks by token requests whether the server accepts the client: by the method of the settings, by the other audiences if that is
// refused, and by the other method. On the machine.

import { toPlain } from '../../client-auth/errors.ts';
import { type ReadVariable, readSettings, type Settings } from '../../client-auth/settings.ts';
import type { Facts, Method, Way } from '../diagnosis/causes.ts';
import { diagnose } from '../diagnosis/diagnosis.ts';
import { describeCause } from '../diagnosis/explanation.ts';
import { type Line, line, type OwnCode } from './line.ts';
import type { Preflight } from './preflight.ts';
import { type Attempt, requestToken } from './token-request.ts';

type RequestToken = (settings: Settings) => Promise<Attempt | undefined>;

/** Why no request can be made. */
const toObstacle = (settings: Settings): string =>
  settings.method === 'private_key_jwt' && settings.agent
    ? 'the signing agent has the key'
    : 'no such request can be made with these variables';

/** Requests a token by each method, and explains a refusal by what was accepted instead. */
export async function runLiveChecks(preflight: Preflight, read: ReadVariable): Promise<Line[]> {
  const { settings, tls, signCommand, surroundings, isUnreachable } = preflight;
  if (!settings) return [notTried('token request', 'a variable above is not valid')];
  const { method } = settings;
  const otherMethod = method === 'private_key_jwt' ? 'tls_client_auth' : 'private_key_jwt';
  const url = surroundings.known.endpoints.token_endpoint;
  if (!url) return [notTried(method, 'the token endpoint is not known')];
  if (isUnreachable) return [notTried(method, 'the server cannot be reached')];

  const scope = read('scope') || 'accounts';
  const request: RequestToken = tried => requestToken(url, scope, tried, { tls, signCommand }, surroundings);
  const first = await request(settings);
  if (!first) return [notTried(method, toObstacle(settings))];
  const audiences = await tryAudiences(settings, first, request);
  const other = await tryMethod(otherMethod, preflight, read, request);
  const attempts = [first, ...audiences, ...(other.attempt ? [other.attempt] : [])];
  return [describeAttempt(first, attempts), other.line];
}

/** Requests a token by the other method, as far as its variables and the certificate allow it. */
async function tryMethod(
  method: Method,
  { tls, signCommand }: Preflight,
  read: ReadVariable,
  request: RequestToken,
): Promise<{ line: Line; attempt?: Attempt }> {
  const skip = (because: string) => ({ line: notTried(method, because) });
  if (method === 'tls_client_auth' && !tls.certificate) return skip('there is no transport certificate');
  const hasKey = signCommand || read('signing_key') !== '' || read('signing_agent') !== '';
  if (method === 'private_key_jwt' && !hasKey) return skip('signing_key is not set');
  let settings: Settings;
  try {
    settings = readSettings(name => (name === 'token_endpoint_auth_method' ? method : read(name)));
  } catch {
    return skip('its variables are not valid');
  }
  const attempt = await request(settings);
  return attempt ? { line: describeOtherMethod(attempt), attempt } : skip(toObstacle(settings));
}

/** Requests a token by the other audiences, up to the first that is accepted, where the first request was refused. */
async function tryAudiences(settings: Settings, first: Attempt, request: RequestToken): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  if (settings.method !== 'private_key_jwt' || first.isAuthenticated || first.facts.status === undefined) return [];
  for (const from of ['issuer', 'token_endpoint'] as const) {
    if (from === settings.audience.from) continue;
    const attempt = await request({ ...settings, audience: { from } });
    if (attempt) attempts.push(attempt);
    if (attempt?.isAuthenticated) break;
  }
  return attempts;
}

/**
 * The line for the method of the settings; a failure has its causes, one a line.
 *
 * @param all the attempts, including those by other audiences and by the other method
 */
export function describeAttempt({ facts, isAuthenticated }: Attempt, all: Attempt[]): Line {
  const answer = describeAnswer(facts);
  if (isAuthenticated) {
    if (facts.status === 200) return live('live_accepted', facts.method, 'accepted');
    return live('live_authenticated', facts.method, `the client was authenticated, then ${answer}`);
  }
  const accepted = all.filter(one => one.isAuthenticated).map(toWay);
  const refused = all.filter(one => !one.isAuthenticated && isRefused(one.facts)).map(toWay);
  const causes = diagnose({ ...facts, accepted, refused }).map((cause, at) => `${at + 1}. ${describeCause(cause)}`);
  const failed = isRefused(facts) ? 'live_refused' : 'live_unexpected_answer';
  const code = facts.connectionCode === undefined ? failed : 'live_unreachable';
  return live(code, facts.method, [answer, ...causes].join('\n'));
}

/** The line for the method that the settings do not have. */
export function describeOtherMethod({ facts, isAuthenticated }: Attempt): Line {
  const { method, connectionCode } = facts;
  if (isAuthenticated) return live('live_accepted', method, 'accepted');
  if (connectionCode !== undefined) return notTried(method, 'the server cannot be reached');
  const answer = describeAnswer(facts);
  return isRefused(facts)
    ? live('live_other_method_refused', method, `${answer}: a client is registered with one method`)
    : live('live_other_method_unknown', method, `${answer}, which says nothing about this method`);
}

const live = (code: OwnCode, what: string, message: string): Line => line(code, `live ${what}`, message);
const notTried = (what: string, because: string): Line => live('live_not_tried', what, `not tried: ${because}`);

const toWay = ({ facts }: Attempt): Way => ({ method: facts.method, aud: facts.assertion?.aud });

/** Whether the answer is one to a client that was not authenticated. */
const isRefused = ({ status = 0 }: Facts): boolean => status === 400 || status === 401 || status === 403;

function describeAnswer({ status, error, connectionCode }: Facts): string {
  if (connectionCode !== undefined) return `not reached (${connectionCode})`;
  if (status === 200) return 'answered 200 without an access token';
  return `answered ${status}${error ? ` ${toPlain(error)}` : ''}`;
}
