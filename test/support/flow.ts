// A client that goes the whole way at the authorization server: pushes its request, sends the browser, asks for tokens and
// uses them. What it signs is made by jose, never by our own signer.

import assert from 'node:assert/strict';
import type { AuthorizationServer, EndpointName } from '../../src/demo/authorization-server.ts';
import { codeVerifier, createAssertion, createForm, withAssertion } from './forgeries.ts';
import { type HttpAnswer, postForm, send, type Tls } from './https-client.ts';
import { tlsOf } from './submissions.ts';

export const PAR: EndpointName = 'pushed_authorization_request_endpoint';

/** The two clients of the server, each authenticated in its way. */
export type Client = 'private_key_jwt' | 'tls_client_auth';

/** The steps of the way, at a server that has started when the first of them is taken. */
export const createFlow = (getServer: () => AuthorizationServer) => {
  const idOf = (client: Client) =>
    client === 'private_key_jwt'
      ? getServer().clients.privateKeyJwt.client_id
      : getServer().clients.tlsClientAuth.client_id;

  const authenticationOf = async (client: Client): Promise<Record<string, string>> =>
    client === 'private_key_jwt'
      ? withAssertion(getServer(), await createAssertion(getServer()))
      : { client_id: idOf(client) };

  const post = async (endpoint: EndpointName, form: Record<string, string>, client: Client = 'private_key_jwt') =>
    postForm(getServer().endpoints[endpoint], tlsOf(getServer()), { ...(await authenticationOf(client)), ...form });

  const lastReason = () => getServer().refusals.at(-1)?.reason ?? '';

  /** Shows that an answer is a refusal, and what for. */
  const assertRefused = ({ status, json }: HttpAnswer, error: string, reason: RegExp) => {
    assert.deepEqual([status, json.error], [400, error], `${JSON.stringify(json)} ${lastReason()}`);
    assert.match(lastReason(), reason);
  };

  const assertAccepted = ({ status, json }: HttpAnswer) =>
    assert.equal(status < 300, true, `${status} ${JSON.stringify(json)} ${lastReason()}`);

  const push = (request: string, more: Record<string, string> = {}) => post(PAR, { request, ...more });

  /** What the user's browser is sent back with. */
  const browse = async (
    query: Record<string, string>,
  ): Promise<{ answer: HttpAnswer; parameters: URLSearchParams }> => {
    const answer = await send(`${getServer().authorizationEndpoint}?${new URLSearchParams(query)}`, {
      ca: tlsOf(getServer()).ca,
    });
    const [, search = ''] = (answer.headers.location ?? '').split('?');
    return { answer, parameters: new URLSearchParams(search) };
  };

  const pushFor = async (client: Client) => {
    const form = await createForm(getServer(), PAR, undefined, idOf(client));
    const { json } = await post(PAR, form, client);
    return { client_id: idOf(client), request_uri: String(json.request_uri) };
  };

  /** A code of the user's consent. */
  const fetchCode = async (client: Client = 'private_key_jwt'): Promise<string> => {
    const { parameters } = await browse(await pushFor(client));
    return parameters.get('code') ?? '';
  };

  const codeForm = (code: string): Record<string, string> => ({
    grant_type: 'authorization_code',
    code,
    redirect_uri: getServer().redirectUri,
    code_verifier: codeVerifier,
  });

  const refreshForm = (refresh_token: unknown): Record<string, string> => ({
    grant_type: 'refresh_token',
    refresh_token: String(refresh_token),
  });

  const fetchTokens = async (client: Client = 'private_key_jwt') => {
    const answer = await post('token_endpoint', codeForm(await fetchCode(client)), client);
    assertAccepted(answer);
    return answer.json;
  };

  const callApi = (token: unknown, certificate: Partial<Tls> = {}) =>
    send(
      getServer().providersUrl,
      { ...tlsOf(getServer()), ...certificate },
      { headers: { authorization: `Bearer ${token}` } },
    );

  return {
    idOf,
    authenticationOf,
    post,
    lastReason,
    assertRefused,
    assertAccepted,
    push,
    browse,
    pushFor,
    fetchCode,
    codeForm,
    refreshForm,
    fetchTokens,
    callApi,
  };
};
