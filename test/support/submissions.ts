// Requests to the authorization server, and what becomes of them: accepted, or refused for a reason that the server keeps to
// itself.

import assert from 'node:assert/strict';
import type { AuthorizationServer, EndpointName } from '../../src/demo/authorization-server.ts';
import type { KeyedCertificate } from '../../src/demo/certificates.ts';
import { type HttpAnswer, postForm, type Tls } from './https-client.ts';

/** What a client of the server trusts and presents. */
export const tlsOf = ({ credentials }: AuthorizationServer): Tls => ({
  ca: credentials.authority.cert,
  ...credentials.transportCertificate,
});

/** A request to an endpoint; an array of pairs can hold a name twice. */
export type Submission = {
  form: Record<string, string> | [string, string][];
  headers?: Record<string, string>;
  query?: string;
  certificate?: KeyedCertificate;
};

/** Sends it, with the transport certificate of the server's client if no other is given. */
export const submit = (
  server: AuthorizationServer,
  endpoint: EndpointName,
  request: Submission,
): Promise<HttpAnswer> => {
  const { form, headers, query = '', certificate } = request;
  return postForm(server.endpoints[endpoint] + query, { ...tlsOf(server), ...certificate }, form, headers);
};

/** Shows that a request is accepted. */
export const assertAccepted = async (server: AuthorizationServer, endpoint: EndpointName, request: Submission) => {
  const seen = server.verified.length;
  const { status, json } = await submit(server, endpoint, request);
  assert.equal(status < 300, true, `${endpoint}: ${status} ${JSON.stringify(json)} ${server.refusals.at(-1)?.reason}`);
  assert.deepEqual(
    server.verified.slice(seen).map(entry => entry.endpoint),
    [endpoint],
  );
};

/** Shows that a request is refused for a reason, which the client is not told where it is about its authentication. */
export const assertRefused = async (
  server: AuthorizationServer,
  endpoint: EndpointName,
  request: Submission,
  reason: RegExp,
  status = 401,
) => {
  const seen = { refusals: server.refusals.length, verified: server.verified.length };
  const { json, ...answer } = await submit(server, endpoint, request);
  const [refusal, ...more] = server.refusals.slice(seen.refusals);
  assert.match(refusal?.reason ?? `it was not refused: ${JSON.stringify(json)}`, reason);
  assert.deepEqual([refusal?.endpoint, more], [endpoint, []]);
  assert.deepEqual([answer.status, json.error], [status, status === 401 ? 'invalid_client' : 'invalid_request']);
  if (status === 401) assert.equal(json.error_description, 'client authentication failed');
  assert.equal(server.verified.length, seen.verified);
};
