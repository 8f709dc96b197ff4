// Why an authorization server said no: what a run posted to its endpoints and what came back, and at the end a short
// explanation of each kind of refusal. On the machine.

import { findEndpoint } from '../client-auth/authorization-server.ts';
import type { Client } from './client-options.ts';
import { decodeAssertion, readSurroundings, toFacts } from './collect-facts.ts';
import { type Accepted, explain } from './diagnosis.ts';
import { toConnectionCode } from './server-facts.ts';

/** A form that was posted, and what came back. */
export interface PostedForm {
  url: string;
  form: string;
  /** HTTP status; undefined when the connection failed. */
  status: number | undefined;
  body: string | undefined;
  /** Header `Date` of the answer. */
  date: string | undefined;
  /** Milliseconds since the Unix epoch. */
  receivedAt: number;
  /** Milliseconds from sending to the answer. */
  duration: number | undefined;
  /** The error of a connection that failed. */
  connectionError: unknown;
}

/** Not more explanations than a reader takes in. */
const MAX_EXPLANATIONS = 3;

/** Whether an answer needs a reason: it refuses the client, or refuses and says nothing (RFC 6749 section 5.2). */
const isRefusal = ({ status, body = '', connectionError }: PostedForm): boolean => {
  if (connectionError) return true;
  if (status !== 400 && status !== 401 && status !== 403) return false;
  if (body.trim() === '') return status !== 400;
  return /"error"\s{0,99}:\s{0,99}"(invalid_client|invalid_request)"/.test(body);
};

/**
 * Explains the refusals of a run, each kind once; nothing when there were none.
 *
 * @param hasCertificateList whether certificates were chosen by URL, so that it is not known which one went along
 */
export async function explainRefusals(
  posted: PostedForm[],
  client: Client,
  hasCertificateList: boolean,
): Promise<string[]> {
  const refused = posted.filter(isRefusal);
  if (refused.length === 0) return [];
  const surroundings = await readSurroundings(client);
  const { endpoints, replaced } = surroundings.known;
  const explanations = new Map<string, string[]>();
  for (const { connectionError, ...exchange } of refused) {
    const endpoint = findEndpoint(exchange.url, endpoints) ?? findEndpoint(exchange.url, replaced);
    if (!endpoint) continue;
    const clientId = new URLSearchParams(exchange.form).get('client_id');
    const connectionCode = connectionError ? toConnectionCode(connectionError) : undefined;
    const facts = toFacts(surroundings, { ...exchange, endpoint, connectionCode }, acceptedOf(posted, clientId));
    if (hasCertificateList) facts.certificate = undefined;
    facts.kidVariable = client.read('kid') || undefined;
    // The same refusal again, at another endpoint or in another iteration, has the same reason.
    const kind = JSON.stringify([
      clientId,
      facts.method,
      facts.status,
      facts.error,
      facts.assertion?.kid,
      facts.assertion?.aud,
    ]);
    if (!explanations.has(kind)) explanations.set(kind, explain(facts));
  }
  const shown = [...explanations.values()].slice(0, MAX_EXPLANATIONS);
  if (shown.length === 0) return [];
  const rest = explanations.size - shown.length;
  return [
    '',
    'Why the authorization server may have said no:',
    ...shown.flat(),
    ...(rest > 0 ? [`and ${rest} more.`] : []),
  ];
}

/** What the server took of the same client. */
function acceptedOf(posted: PostedForm[], clientId: string | null): Accepted[] {
  return posted.flatMap(({ status, form }): Accepted[] => {
    const parameters = new URLSearchParams(form);
    if (!status || status >= 300 || parameters.get('client_id') !== clientId) return [];
    const jws = parameters.get('client_assertion');
    if (jws === null) return [{ method: 'tls_client_auth', aud: undefined }];
    return [{ method: 'private_key_jwt', aud: decodeAssertion(jws)?.aud }];
  });
}
