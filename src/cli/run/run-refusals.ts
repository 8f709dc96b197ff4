// Why an authorization server said no: what a run posted to its endpoints and what came back, and at the end a short
// explanation of each kind of refusal. On the machine.

import { ENDPOINT_NAMES, findEndpoint } from '../../client-auth/authorization-server.ts';
import { findNamedCause } from '../../client-auth/server-words.ts';
import type { ReadVariable } from '../../client-auth/settings.ts';
import type { Tls } from '../client/transport.ts';
import type { Cause } from '../diagnosis/causes.ts';
import { diagnose } from '../diagnosis/diagnosis.ts';
import { explain } from '../diagnosis/explanation.ts';
import { readAnswer, toFacts, toWay } from '../diagnosis/refused-request.ts';
import { readSurroundings, type Surroundings } from '../diagnosis/surroundings.ts';
import { parseObject } from '../secrets/json-object.ts';
import { toConnectionCode } from '../server/connection-faults.ts';
import type { FetchServer } from '../server/metadata.ts';
import type { PostedForm } from './posted-forms.ts';

/** Not more explanations than a reader takes in. */
const MAX_EXPLANATIONS = 3;

/** The variables by which the surroundings of one request differ from those of another. */
const VARIABLES = [...ENDPOINT_NAMES, 'issuer', 'jwks_uri', 'tls_client_auth_subject_dn', 'clock_offset'] as const;

/** Errors that may refuse the client whatever their status is (RFC 6749 section 5.2; Keycloak sends the third for the first). */
const REFUSALS = ['invalid_client', 'invalid_request', 'unauthorized_client'];

/** Whether an answer, or none, needs a reason: it refuses the client, or refuses and does not say whom. */
export const isRefusal = ({ status, body = '', connectionError }: PostedForm): boolean => {
  if (connectionError) return true;
  if (status !== 400 && status !== 401 && status !== 403) return false;
  const { error, errorDescription = '', saysCertificateMissing, saysCertificateRefused } = readAnswer(body);
  if (error !== undefined) return REFUSALS.includes(error) || findNamedCause(error, errorDescription) !== undefined;
  return status !== 400 || saysCertificateMissing || saysCertificateRefused;
};

/** The refusals of a run, in short lines of text. */
export interface Explanation {
  lines: string[];
  /** The first cause of the first refusal; undefined when there was no refusal. */
  cause: Cause | undefined;
}

/**
 * Explains the refusals of a run, each kind once; nothing when there were none.
 *
 * @param readIn a reader of the variables as they were at the end, with the data of an iteration
 * @param hasCertificateList whether certificates were chosen by URL, so that it is not known which one went along
 */
export async function explainRefusals(
  posted: PostedForm[],
  readIn: (iteration: number) => ReadVariable,
  tls: Tls,
  fetchServer: FetchServer,
  hasCertificateList: boolean,
): Promise<Explanation> {
  const found = new Map<string, Promise<Surroundings>>();
  const surroundingsOf = (read: ReadVariable) => {
    const key = JSON.stringify(VARIABLES.map(read));
    const known = found.get(key) ?? readSurroundings({ read, tls }, fetchServer);
    found.set(key, known);
    return known;
  };
  const explanations = new Map<string, string[]>();
  let cause: Cause | undefined;
  for (const { connectionError, ...exchange } of posted.filter(isRefusal)) {
    const surroundings = await surroundingsOf(readIn(exchange.iteration));
    const endpointOf = (url: string) =>
      findEndpoint(url, surroundings.known.endpoints) ?? findEndpoint(url, surroundings.known.replaced);
    const endpoint = endpointOf(exchange.url);
    if (!endpoint) continue;
    const clientId = new URLSearchParams(exchange.form).get('client_id');
    const taken = posted.filter(one => endpointOf(one.url) && isTaken(one));
    const waysOf = (isWanted: (one: PostedForm) => boolean) =>
      taken.filter(isWanted).map(({ form }) => toWay(new URLSearchParams(form)));
    const isSameClient = ({ form }: PostedForm) => new URLSearchParams(form).get('client_id') === clientId;
    const isSameHost = ({ url }: PostedForm) => new URL(url).host === new URL(exchange.url).host;
    const accepted = waysOf(isSameClient);
    const connectionCode = connectionError ? toConnectionCode(connectionError) : undefined;
    const facts = toFacts(surroundings, { ...exchange, endpoint, connectionCode }, accepted);
    if (hasCertificateList) facts.certificate = undefined;
    facts.acceptedOthers = waysOf(one => isSameHost(one) && !isSameClient(one));
    const { method, status, error, assertion } = facts;
    // The same refusal again, at another endpoint or in another iteration, has the same reason.
    const kind = JSON.stringify([clientId, method, status, error, connectionCode, assertion?.kid, assertion?.aud]);
    if (!explanations.has(kind)) explanations.set(kind, explain(facts));
    cause ??= diagnose(facts)[0];
  }
  const shown = [...explanations.values()].slice(0, MAX_EXPLANATIONS);
  if (shown.length === 0) return { lines: [], cause };
  const rest = explanations.size - shown.length;
  const heading = ['', 'Why the authorization server may have said no:'];
  return { lines: [...heading, ...shown.flat(), ...(rest > 0 ? [`and ${rest} more.`] : [])], cause };
}

/** Whether the server took the client. What is no JSON may be the page of a gateway. */
function isTaken({ status, body = '' }: PostedForm): boolean {
  const answer = parseObject(body);
  const isAnswer = body === '' || (Object.keys(answer).length > 0 && answer.error === undefined);
  return (status === 200 || status === 201) && isAnswer;
}
