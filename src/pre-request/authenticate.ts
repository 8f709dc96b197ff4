// A request to an endpoint becomes an authenticated one, inside the sandbox: it is checked, the form gets its parameters, and
// one line says what was done. Pure: what the host has to give are arguments, and what it has to write comes back.

import { type Authentication, authenticateClient } from '../client-auth/client-authentication.ts';
import type { KnownServer } from '../client-auth/known-server.ts';
import { createRequestObject } from '../client-auth/request-object.ts';
import { checkServerUrl } from '../client-auth/server-url.ts';
import { type ReadVariable, readSettings, readSigning, type Signing } from '../client-auth/settings.ts';
import { type CreateRandomBytes, createSigner, type Signer } from '../client-auth/signer.ts';
import { checkQuery, checkResolved, noForm, type PostmanBody, putParameters, type Resolve } from './form.ts';
import { checkAuthorization, checkHeaders, type ReadableRequest, readForm } from './request.ts';
import type { Destination, Target } from './target.ts';

/** What has to be written: body and URL of the request, and a line on the console that says what was done. */
export type AuthenticatedRequest = { body: PostmanBody; url: string; line: string };

/** What the host gives to authenticate a request. */
export type Host = {
  request: ReadableRequest;
  readVariable: ReadVariable;
  resolve: Resolve;
  createRandomBytes: CreateRandomBytes;
};

/**
 * Authenticates a request.
 *
 * @throws ClientAuthError what is wrong with the request, the variables, the signing key or the metadata
 * @see RFC 6749 section 2.3, RFC 7521 section 4.2, RFC 8705 section 2
 */
export const authenticate = (
  { endpoint, url }: Destination,
  target: Target,
  server: KnownServer,
  { request, readVariable, resolve, createRandomBytes }: Host,
): AuthenticatedRequest => {
  // Before the URL of the request: this message names the variable.
  checkServerUrl(endpoint, server.endpoints[endpoint] as string, 'variable_invalid');
  checkQuery(target.url);
  checkResolved('The URL', target.url);
  checkHeaders(request);
  const form = readForm(request);
  if (typeof form === 'string') throw noForm(form);
  checkAuthorization(request);
  const settings = readSettings(readVariable);
  // One for all that is signed: the generator in it must not start twice.
  let signer: Signer | undefined;
  const getSigner = (signing: Signing): Signer => {
    signer ??= createSigner(signing, createRandomBytes, Date.now() / 1000);
    return signer;
  };
  const authentication = authenticateClient({ settings, server, endpoint, getSigner });
  let line = toLine(`${settings.method} at ${endpoint} ${server.endpoints[endpoint]}`, authentication);
  const signRequest = (claims: string): string => {
    line += ', with a request object';
    const signing = settings.method === 'private_key_jwt' ? settings : readSigning(readVariable);
    return createRequestObject(claims, settings.clientId, server.issuer, getSigner(signing));
  };
  const body = putParameters(form, authentication.parameters, resolve, signRequest);
  // Not by reference: a script after this one that changes the variable must not take the assertion elsewhere.
  return { body, url, line };
};

const toLine = (what: string, { assertion }: Authentication): string => {
  const line = `client authentication: ${what}`;
  if (!assertion) return line;
  const { kid, claims } = assertion;
  return `${line} kid=${kid} aud=${claims.aud} iss=${claims.iss} jti=${claims.jti} for ${claims.exp - claims.iat} s`;
};
