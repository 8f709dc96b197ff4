// Discovery, inside the sandbox: when the metadata is needed, how it is asked for with callbacks, and how it is kept in
// variables of the run. Asking is the host's; `nextDiscoveryStep` decides.

import { ENDPOINT_NAMES, isSameOrigin, METADATA_VARIABLE, type Metadata } from '../client-auth/authorization-server.ts';
import { type HttpAnswer, nextDiscoveryStep } from '../client-auth/discovery.ts';
import { ClientAuthError } from '../client-auth/errors.ts';
import type { Resolve } from '../client-auth/form.ts';
import type { KnownServer } from '../client-auth/known-server.ts';
import { isPlainlyOAuth, mayBeOAuth } from '../client-auth/oauth-signs.ts';
import { hasForm, type ReadableRequest, readNames } from '../client-auth/request.ts';
import { type ReadVariable, readSettings } from '../client-auth/settings.ts';
import type { Ask, PostmanVariables } from './host.ts';
import { findDestination, findUnknownEndpoint, findUnresolvedPath, type Target } from './target.ts';

/** A variable of the run: the issuer that has not answered, and the message of that. */
const FAILURE_VARIABLE = 'paynet_client_auth_failure';

/** For all answers together. */
const LIMIT_SECONDS = 10;

/** Whether the audience of the assertion is the URL of the token endpoint, and that is not known. */
const lacksAudience = (server: KnownServer, read: ReadVariable): boolean => {
  if (server.endpoints.token_endpoint) return false;
  const settings = readSettings(read);
  return settings.method === 'private_key_jwt' && settings.audience.from === 'token_endpoint';
};

/**
 * Says whether the metadata has to be read to know what the request is, or to authenticate it. A form without a sign of OAuth
 * is worth it only on the host of the issuer, while no endpoint is set; one that may be anyone's, not on another host, once
 * one is set.
 *
 * @throws ClientAuthError what {@link readSettings} throws, for a request to an endpoint
 */
export const needsMetadata = (
  target: Target,
  server: KnownServer,
  request: ReadableRequest,
  read: ReadVariable,
  resolve: Resolve,
): boolean => {
  const { issuer, configured } = server;
  if (server.isDiscovered || !issuer) return false;
  if (findUnknownEndpoint(target, server)) return true;
  if (findDestination(target, server)) return lacksAudience(server, read);
  // No metadata resolves a reference of the user's.
  if (findUnresolvedPath(target)) return false;
  const names = readNames(request, resolve);
  if (isPlainlyOAuth(names)) return true;
  if (!hasForm(request)) return false;
  const isOfIssuer = isSameOrigin(target.url, issuer);
  return ENDPOINT_NAMES.some(name => configured[name])
    ? isOfIssuer && mayBeOAuth(names)
    : isOfIssuer || mayBeOAuth(names);
};

/**
 * Reads the metadata of the issuer, and goes on with it. An issuer that has not answered is not asked again in this run.
 *
 * @throws ClientAuthError what {@link nextDiscoveryStep} throws, here or in a callback of `ask`
 */
export const discover = (
  issuer: string,
  ask: Ask,
  variables: PostmanVariables,
  proceed: (metadata: Metadata) => void,
): void => {
  const deadline = Date.now() + LIMIT_SECONDS * 1000;
  const failure = `${issuer} `;
  const known = String(variables.get(FAILURE_VARIABLE) ?? '');
  if (known.startsWith(failure)) throw new ClientAuthError('discovery_failed', known.slice(failure.length), 'issuer');
  const step = (answers: HttpAnswer[]): void => {
    try {
      const { url, metadata } = nextDiscoveryStep(issuer, answers);
      if (metadata) proceed(metadata);
      else
        ask(
          { url, method: 'GET', header: { Accept: 'application/json' } },
          deadline - Date.now(),
          (answer = { fault: `no answer within ${LIMIT_SECONDS} seconds` }) => step([...answers, answer]),
        );
    } catch (error) {
      if (answers.some(answer => 'fault' in answer))
        variables.set(FAILURE_VARIABLE, failure + (error as Error).message);
      throw error;
    }
  };
  step([]);
};

/**
 * Gives the metadata that discovery has left earlier in this run, and takes back the variables that it has set: they must
 * not hide what the user has set since.
 */
export const recallMetadata = (variables: PostmanVariables): Metadata | undefined => {
  const text = variables.get(METADATA_VARIABLE);
  if (typeof text !== 'string' || !text.startsWith('{')) return undefined;
  const metadata = JSON.parse(text) as Metadata;
  for (const name of ENDPOINT_NAMES) {
    const url = metadata.endpoints[name];
    if (url && variables.get(name) === url) variables.unset(name);
  }
  return metadata;
};

/** Keeps the metadata for this run, and its endpoints as variables, which this URL and later requests can refer to. */
export const keepMetadata = (metadata: Metadata, server: KnownServer, variables: PostmanVariables): void => {
  for (const name of ENDPOINT_NAMES) {
    const url = server.endpoints[name];
    if (url && !server.configured[name]) variables.set(name, url);
  }
  variables.set(METADATA_VARIABLE, JSON.stringify(metadata));
};
