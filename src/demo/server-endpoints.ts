// The endpoints of the embedded authorization server, how they are set up, and what is reported about the requests to them. Runs
// in Node.

import type { Credentials, PublicJwk } from './certificates.ts';

/** The endpoints that authenticate the client, by their metadata names (RFC 8414). */
export const endpointPaths = {
  token_endpoint: '/token',
  pushed_authorization_request_endpoint: '/par',
  introspection_endpoint: '/introspection',
  revocation_endpoint: '/token/revoke',
} as const;

/** Where the user's browser is sent; nobody is authenticated there but the user. */
export const authorizationPath = '/auth';

export type EndpointName = keyof typeof endpointPaths;

/** URLs of the endpoints that authenticate the client, by their metadata names. */
export type Endpoints = Record<EndpointName, string>;

/** What the server verified about the client of one request that it answered with success. */
export type Verified = {
  endpoint: EndpointName;
  method: 'private_key_jwt' | 'tls_client_auth';
  client_id: string;
  /** Subject of the certificate on the connection, as RFC 4514 writes it. */
  certificateSubject: string;
  /** Of the client assertion; undefined with `tls_client_auth`. */
  kid: string | undefined;
  aud: string | undefined;
  jti: string | undefined;
  /** At the token endpoint. */
  grantType: string | undefined;
  /** `jti` of the request object, at the endpoint for pushed authorization requests. */
  requestObject: string | undefined;
};

/** A refused request, with the reason, which the answer to the client does not have. */
export type Refusal = { endpoint: string; reason: string };

export type ProviderSettings = {
  issuer: string;
  /** What the metadata says, beside oidc-provider's own members. */
  metadata: Endpoints & { mtls_endpoint_aliases?: Endpoints };
  /** The accepted `aud` of a client assertion; more than one value only if they name the same endpoint. */
  audiences: readonly string[];
  /** FAPI 2.0 profile of oidc-provider. */
  fapi: boolean;
  clients: { privateKeyJwt: string; tlsClientAuth: string };
  redirectUri: string;
  registeredKeys: readonly PublicJwk[];
  credentials: Credentials;
  /** Seconds that the server's clock is ahead of the machine's. */
  clockOffset: number;
  onVerified: (verified: Verified) => void;
  onRefusal: (refusal: Refusal) => void;
};
