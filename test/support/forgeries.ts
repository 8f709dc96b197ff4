// Requests of a client as they should be, made by jose or node:crypto and never by our own signer, for tests that bend one
// thing in them and show that the authorization server refuses it.

import { constants, createHash, createPrivateKey, randomUUID, sign } from 'node:crypto';
import { CompactSign, importPKCS8, type JWTHeaderParameters } from 'jose';
import type { AuthorizationServer, EndpointName } from '../../src/demo/authorization-server.ts';

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
export const codeVerifier = 'a-code-verifier-of-43-characters-and-no-fewer';
export const endpointNames: EndpointName[] = [
  'token_endpoint',
  'pushed_authorization_request_endpoint',
  'introspection_endpoint',
  'revocation_endpoint',
];

export const now = (): number => Math.floor(Date.now() / 1000);

/** A part of a JWS. */
export const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A compact JWS over the claims as they are, also where a JWT library would refuse to write them. */
const signWithJose = async (header: object, claims: unknown, privateKey: string): Promise<string> => {
  const { alg } = header as JWTHeaderParameters;
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader(header as JWTHeaderParameters)
    .sign(await importPKCS8(privateKey, alg));
};

/** A compact JWS signed by node:crypto: RSASSA-PSS with SHA-256 and any salt, or PKCS#1 v1.5 without one. */
export const signWithNode = (
  header: object,
  claims: object,
  privateKey: string,
  saltLength: number | 'none' = 32,
): string => {
  const signed = `${encode(header)}.${encode(claims)}`;
  const scheme =
    saltLength === 'none'
      ? { padding: constants.RSA_PKCS1_PADDING }
      : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
  const signature = sign('sha256', Buffer.from(signed), { key: createPrivateKey(privateKey), ...scheme });
  return `${signed}.${signature.toString('base64url')}`;
};

export const goodHeader = ({ credentials }: AuthorizationServer) => ({ alg: 'PS256', kid: credentials.signingKey.kid });

export const goodClaims = ({ clients, audience }: AuthorizationServer) => {
  const { client_id } = clients.privateKeyJwt;
  const iat = now();
  return { iss: client_id, sub: client_id, aud: audience, iat, exp: iat + 600, jti: randomUUID() };
};

/** A client assertion with what is changed in its claims and its header; undefined takes a member out. */
export const createAssertion = (
  server: AuthorizationServer,
  claims: object = {},
  header: object = {},
  { privateKey } = server.credentials.signingKey,
) => signWithJose({ ...goodHeader(server), ...header }, { ...goodClaims(server), ...claims }, privateKey);

export const goodRequestHeader = (server: AuthorizationServer) => ({
  ...goodHeader(server),
  typ: 'oauth-authz-req+jwt',
});

export const goodRequestClaims = ({ issuer, redirectUri, clients }: AuthorizationServer) => {
  const { client_id } = clients.privateKeyJwt;
  const iat = now();
  return {
    iss: client_id,
    client_id,
    aud: issuer,
    iat,
    nbf: iat,
    exp: iat + 600,
    jti: randomUUID(),
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'accounts',
    state: 'a-state',
    code_challenge: createHash('sha256').update(codeVerifier).digest('base64url'),
    code_challenge_method: 'S256',
  };
};

/** A request object with what is changed in its claims and its header; undefined takes a member out. */
export const createRequestObject = (
  server: AuthorizationServer,
  claims: object = {},
  header: object = {},
  { privateKey } = server.credentials.signingKey,
) => signWithJose({ ...goodRequestHeader(server), ...header }, { ...goodRequestClaims(server), ...claims }, privateKey);

/** What a form holds beside client authentication, for the client that is registered for `private_key_jwt` or another. */
export const createForm = async (
  server: AuthorizationServer,
  endpoint: EndpointName,
  token = 'unknown',
  client_id = server.clients.privateKeyJwt.client_id,
): Promise<Record<string, string>> => {
  switch (endpoint) {
    case 'token_endpoint':
      return { grant_type: 'client_credentials', scope: 'accounts' };
    case 'pushed_authorization_request_endpoint':
      return { request: await createRequestObject(server, { iss: client_id, client_id }) };
    default:
      return { token };
  }
};

export const withAssertion = (server: AuthorizationServer, assertion: string) => ({
  client_id: server.clients.privateKeyJwt.client_id,
  client_assertion_type: assertionType,
  client_assertion: assertion,
});

/** The whole form of a client that is registered for `private_key_jwt`. */
export const goodForm = async (server: AuthorizationServer, endpoint: EndpointName, token?: string) => ({
  ...(await createForm(server, endpoint, token)),
  ...withAssertion(server, await createAssertion(server)),
});
