// An authorization server to try client authentication against, laid out like PayNet's: the issuer on one port, the
// endpoints and an API on another with mutual TLS. It keeps a record of all it was sent. Loopback only; runs in Node.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import { type Credentials, createCredentials, type PublicJwk, toSubjectDn } from './certificates.ts';
import { closeListener, listen, readText, replay, sendJson } from './listener.ts';
import { createProvider, getCertificate } from './provider.ts';
import { answerProvidersRequest, providersPath } from './resource-server.ts';
import {
  authorizationPath,
  type EndpointName,
  type Endpoints,
  endpointPaths,
  type Refusal,
  type Verified,
} from './server-endpoints.ts';
import { findFormFault } from './strict-rules.ts';

export { type EndpointName, endpointPaths, type Verified } from './server-endpoints.ts';

export type AuthorizationServerOptions = {
  /** The only accepted `aud`: the token endpoint, as PayNet's guide says, or the issuer, as FAPI 2.0 says. */
  audience: 'token_endpoint' | 'issuer';
  /** Name ports without mutual TLS in the metadata and the endpoints proper in `mtls_endpoint_aliases` (RFC 8705 section 5). */
  mtlsEndpointAliases?: boolean;
  /** Seconds that the server's clock, by which it judges a client assertion and dates its answers, is ahead of the machine's. */
  clockOffset?: number;
  /** Further public keys in the JWKS of the `private_key_jwt` client. */
  registeredKeys?: readonly PublicJwk[];
  /** Share certificates and key with another server; made anew if not given. */
  credentials?: Credentials;
};

/** One HTTP request as it arrived, whatever became of it. */
export type ReceivedRequest = {
  method: string;
  /** `issuer` is the port without mutual TLS, `mtls` the one with it. */
  port: 'issuer' | 'mtls';
  path: string;
  /** What follows the `?`, as sent; empty if there is none. */
  query: string;
  /** When its headers were read, in seconds since the Unix epoch by the machine's clock. */
  receivedAt: number;
  headers: Record<string, string>;
  contentType: string | undefined;
  /** As sent, undecoded. */
  body: string;
  /** Subject of the client certificate, RFC 4514; undefined on the issuer's port. */
  certificateSubject: string | undefined;
};

/** A client as it is registered, with what it needs to authenticate. */
type RegisteredClients = {
  privateKeyJwt: { client_id: string; kid: string; signingKey: string };
  tlsClientAuth: { client_id: string };
};

export type AuthorizationServer = {
  issuer: string;
  /** URLs with mutual TLS, where requests go. */
  endpoints: Endpoints;
  /** Without mutual TLS; the user agrees at once, and the answer is a redirect with the code. */
  authorizationEndpoint: string;
  /** The value of `aud` that this server takes. */
  audience: string;
  /** Base URL of the API, PayNet's "resource server URL", and its one resource. */
  resourceServerUrl: string;
  providersUrl: string;
  redirectUri: string;
  clients: RegisteredClients;
  credentials: Credentials;
  /** Every request that got past the TLS handshake, in order. */
  requests: ReceivedRequest[];
  /** Every client authentication that ended in success, in order. */
  verified: Verified[];
  /** Every refusal, in order; `endpoint` is the metadata name, a path, or `TLS` for a handshake. */
  refusals: Refusal[];
  /** Ends both listeners and every open connection. */
  close: () => Promise<void>;
};

const redirectUri = 'https://dc-demo.example.my/callback';
const discoveryPaths = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];
const issuerPaths = [...discoveryPaths, '/jwks', authorizationPath];

const toEndpoints = (base: string) =>
  Object.fromEntries(Object.entries(endpointPaths).map(([name, path]) => [name, base + path])) as Endpoints;

const findEndpoint = (path: string) =>
  (Object.keys(endpointPaths) as EndpointName[]).find(name => endpointPaths[name] === path);

/**
 * Starts an authorization server on two free ports of 127.0.0.1, with two clients, one for each method.
 *
 * @throws what `listen` throws when loopback has no free port
 * @see {@link https://www.rfc-editor.org/rfc/rfc8705} for mutual TLS and certificate-bound access tokens
 */
export async function startAuthorizationServer(options: AuthorizationServerOptions): Promise<AuthorizationServer> {
  const credentials = options.credentials ?? (await createCredentials());
  const tls = { ...credentials.serverCertificate, minVersion: 'TLSv1.2' } as const;
  const issuerListener = https.createServer(tls);
  const mtlsListener = https.createServer({
    ...tls,
    ca: credentials.authority.cert,
    requestCert: true,
    rejectUnauthorized: true,
  });
  const close = async () => void (await Promise.all([closeListener(issuerListener), closeListener(mtlsListener)]));
  const [issuer, mtlsBase] = await Promise.all([listen(issuerListener), listen(mtlsListener)]);

  const endpoints = toEndpoints(mtlsBase);
  const metadata = options.mtlsEndpointAliases
    ? { ...toEndpoints(issuer), mtls_endpoint_aliases: endpoints }
    : endpoints;
  // The token endpoint goes by two names when it has an alias, and RFC 8705 does not say which is the audience.
  const audiences =
    options.audience === 'issuer' ? [issuer] : [...new Set([endpoints.token_endpoint, metadata.token_endpoint])];
  const clients: RegisteredClients = {
    privateKeyJwt: {
      client_id: randomUUID(),
      kid: credentials.signingKey.kid,
      signingKey: credentials.signingKey.privateKey,
    },
    tlsClientAuth: { client_id: randomUUID() },
  };

  const requests: ReceivedRequest[] = [];
  const verified: Verified[] = [];
  const refusals: Refusal[] = [];

  const provider = await createProvider({
    issuer,
    metadata,
    audiences,
    fapi: options.audience === 'issuer',
    clients: { privateKeyJwt: clients.privateKeyJwt.client_id, tlsClientAuth: clients.tlsClientAuth.client_id },
    redirectUri,
    registeredKeys: options.registeredKeys ?? [],
    credentials,
    clockOffset: options.clockOffset ?? 0,
    onVerified: entry => verified.push(entry),
    onRefusal: entry => refusals.push(entry),
  }).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const answerWithProvider = provider.callback();

  async function answer(request: ReceivedRequest, message: IncomingMessage, response: ServerResponse) {
    const { path, query, port, body } = request;
    const refuse = (endpoint: string, reason: string) => {
      refusals.push({ endpoint, reason });
      // As oidc-provider answers: without the reason.
      sendJson(response, 401, { error: 'invalid_client', error_description: 'client authentication failed' });
    };
    const certificate = getCertificate({ req: message });
    const endpoint = findEndpoint(path);

    if (port === 'mtls' && path === providersPath) {
      const text = `${message.url}\n${JSON.stringify(message.headers)}\n${body}`;
      const reply = await answerProvidersRequest({ ...request, text }, certificate, provider);
      if (reply.reason !== undefined) refusals.push({ endpoint: path, reason: reply.reason });
      return sendJson(response, reply.status, reply.body);
    }
    const isServed = port === 'issuer' ? issuerPaths.includes(path) : endpoint !== undefined;
    if (!isServed && !(options.mtlsEndpointAliases && endpoint)) {
      return sendJson(response, 404, { error: 'not_found' });
    }
    if (endpoint !== undefined) {
      if (certificate === undefined) return refuse(endpoint, 'mutual TLS is required');
      if (request.contentType?.startsWith('application/x-www-form-urlencoded')) {
        const fault = findFormFault(query, body, clientId => clientId === clients.tlsClientAuth.client_id);
        if (fault !== undefined) return refuse(endpoint, fault);
      }
    }
    return answerWithProvider(replay(message, body, port === 'issuer' ? issuer : mtlsBase), response);
  }

  const receive = (port: ReceivedRequest['port']) => async (message: IncomingMessage, response: ServerResponse) => {
    const certificate = getCertificate({ req: message });
    const [, path = '', query = ''] = /^([^?]*)\??(.*)$/.exec(message.url ?? '') ?? [];
    const request: ReceivedRequest = {
      method: message.method ?? '',
      port,
      path,
      query,
      receivedAt: Date.now() / 1000,
      headers: message.headers as Record<string, string>,
      contentType: message.headers['content-type'],
      body: '',
      certificateSubject: certificate && toSubjectDn(certificate),
    };
    requests.push(request);
    response.setHeader('date', new Date(Date.now() + (options.clockOffset ?? 0) * 1000).toUTCString());
    response.setHeader('x-fapi-interaction-id', message.headers['x-fapi-interaction-id'] ?? randomUUID());
    try {
      request.body = await readText(message);
      await answer(request, message, response);
    } catch (error) {
      refusals.push({ endpoint: request.path, reason: String(error) });
      if (!response.headersSent) sendJson(response, 500, { error: 'server_error' });
    }
  };
  issuerListener.on('request', receive('issuer'));
  mtlsListener.on('request', receive('mtls'));
  mtlsListener.on('tlsClientError', (error: Error & { code?: string }, socket: TLSSocket) => {
    refusals.push({ endpoint: 'TLS', reason: String(socket.authorizationError ?? error.code ?? error.message) });
  });

  return {
    issuer,
    endpoints,
    authorizationEndpoint: issuer + authorizationPath,
    audience: audiences[0] as string,
    resourceServerUrl: mtlsBase,
    providersUrl: mtlsBase + providersPath,
    redirectUri,
    clients,
    credentials,
    requests,
    verified,
    refusals,
    close,
  };
}
