// The post-response script, inside the sandbox of Postman and Newman: the order of its steps. A request that went to an endpoint of
// the authorization server must have authenticated the client; if the server refused it, the failed test says why that may be.

import { ENDPOINT_NAMES, METADATA_VARIABLE, type Metadata } from '../client-auth/authorization-server.ts';
import { toKnownServer } from '../client-auth/known-server.ts';
import { fail, getMethod, readAnswer, readRequest, readVariable, takeTrace } from './sandbox.ts';
import { explainFault, findFault, readAssertion, readFields } from './sent-request.ts';
import { toWireUrl } from './wire-url.ts';

const readServer = () => {
  const text = readVariable(METADATA_VARIABLE);
  return toKnownServer(readVariable, text.startsWith('{') ? (JSON.parse(text) as Metadata) : undefined);
};

const check = (): void => {
  const trace = takeTrace();
  if (getMethod().toUpperCase() !== 'POST') return;
  const { endpoints, replaced } = readServer();
  const request = readRequest();
  const url = toWireUrl(request.url);
  const isAt = (known: string | undefined) => known !== undefined && toWireUrl(known) === url;
  const endpoint = ENDPOINT_NAMES.find(name => isAt(endpoints[name]) || isAt(replaced[name]));
  if (!endpoint) return;
  const endpointUrl = endpoints[endpoint] as string;
  const fields = readFields(request);
  const clientId = readVariable('client_id').trim();
  const method = readVariable('token_endpoint_auth_method').trim() || 'private_key_jwt';
  const fault = findFault(request, fields, clientId, method, trace);
  if (fault)
    fail(
      `The POST to ${endpoint} was sent without client authentication: ${fault}. ${explainFault(request, trace, endpointUrl)}`,
    );
};

try {
  check();
} catch (error) {
  fail(`The post-response script itself failed (${error instanceof Error ? error.name : typeof error}).`);
}
