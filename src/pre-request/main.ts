// The pre-request script, inside the sandbox of Postman and Newman: the order of its steps. A request to an endpoint of the
// authorization server is authenticated, or refused by one failed test and not sent; any other request stays as it is.

import { type Metadata, withoutQuery } from '../client-auth/authorization-server.ts';
import { authenticateClient } from '../client-auth/client-authentication.ts';
import type { ClientAuthError } from '../client-auth/errors.ts';
import { putParameters } from '../client-auth/form.ts';
import { type KnownServer, toKnownServer } from '../client-auth/known-server.ts';
import { withJsrsasign } from '../client-auth/ps256.ts';
import { checkRequest } from '../client-auth/request.ts';
import { createRequestObject } from '../client-auth/request-object.ts';
import { checkServerUrl } from '../client-auth/server-url.ts';
import { type ReadVariable, readSettings, readSigning, type Signing } from '../client-auth/settings.ts';
import { createSigner, openPasted, type Signer } from '../client-auth/signer.ts';
import { type TracedAssertion, toTraced } from '../client-auth/trace.ts';
import { checkBuiltIns } from './built-ins.ts';
import { toConsoleLine } from './console-line.ts';
import { discover, keepMetadata, needsMetadata, recallMetadata } from './discovery.ts';
import { describeLookAlike } from './look-alike.ts';
import { toRandomBytes } from './random-bytes.ts';
import {
  ask,
  findRandomValues,
  getVariables,
  guard,
  leaveTrace,
  nameExecution,
  readVariable,
  readVault,
  request,
  resolve,
  resolveUrl,
  sayOnce,
  skip,
  test,
  writeRequest,
} from './sandbox.ts';
import { checkSetup, isSetupCheck } from './setup-check.ts';
import { withSigner } from './signing-agent.ts';
import { checkKnownNow, checkNearMiss, type Destination, findDestination, type Target, toTarget } from './target.ts';

const readTarget = (): Target => toTarget(request.url, resolveUrl);

const readServer = (metadata: Metadata | undefined): KnownServer => {
  const server = toKnownServer(readVariable, metadata);
  if (metadata && server.isDiscovered) keepMetadata(metadata, server, getVariables());
  return server;
};

const toSigner = (signing: Signing): Signer =>
  createSigner(signing, openPasted(withJsrsasign(toRandomBytes(findRandomValues(), nameExecution))), Date.now() / 1000);

/** @param leave called with what can be shown of the assertion, if it made one */
const authenticate = (
  { endpoint, url }: Destination,
  target: Target,
  server: KnownServer,
  read: ReadVariable,
  leave: (assertion: TracedAssertion | undefined) => void,
): void => {
  const endpointUrl = server.endpoints[endpoint] as string;
  // Before the URL of the request: this message names the variable.
  checkServerUrl(endpoint, endpointUrl);
  const settings = readSettings(read);
  const [form, notes] = checkRequest(request, target.url, resolve, settings.replaces);
  /** The claims of each request object: {{$guid}} in them is another one each time. */
  const claimsOf: string[] = [];
  const make = (getSigner: (signing: Signing) => Signer) => {
    const made = [...notes];
    let next = 0;
    const authentication = authenticateClient(settings, server, endpoint, getSigner);
    const signRequest = (claims: string): string => {
      made.push('with a request object');
      const signing = settings.method === 'private_key_jwt' ? settings : readSigning(read);
      claimsOf[next] ??= claims;
      return createRequestObject(claimsOf[next++] as string, settings.clientId, server.issuer, getSigner(signing));
    };
    const body = putParameters(form, authentication.parameters, resolve, signRequest);
    return { authentication, body, notes: made };
  };
  withSigner(settings.clientId, toSigner, ask, make, ({ authentication, body, notes }) => {
    const where = `${settings.method} at ${endpoint} ${endpointUrl}`;
    const traced = toTraced(authentication);
    const line = toConsoleLine(where, traced?.text, authentication.assertion?.claims, notes);
    // The URL without references: a script after this one that changes a variable must not take the assertion elsewhere.
    writeRequest(body, url, line);
    leave(traced);
  });
};

const proceed = (server: KnownServer, target: Target): void => {
  const destination = findDestination(target, server);
  const leave = (url: string, assertion?: TracedAssertion): void =>
    leaveTrace({ url: withoutQuery(url), isAuthenticated: !!destination, assertion });
  if (!destination) {
    checkNearMiss(target, server, request, resolve);
    const line = describeLookAlike(target.url, server);
    if (line) sayOnce(line);
    leave(target.written);
    return;
  }
  const step = (read: ReadVariable): void =>
    authenticate(destination, target, server, read, assertion => leave(destination.url, assertion));
  try {
    step(readVariable);
  } catch (error) {
    // The vault is asked only when all but the key is right, and something is to be signed: the app may ask the user.
    if ((error as ClientAuthError).variable !== 'signing_key' || !readVault(step)) throw error;
  }
};

guard(() => {
  const { method } = request;
  if (isSetupCheck(method, request.url)) {
    const check = (read: ReadVariable): void => {
      checkSetup(readVariable, read, toSigner, ask, test, hasIssuer => {
        if (!hasIssuer) skip();
      });
    };
    if (!readVault(check)) check(readVariable);
  }
  const isPost = method === 'POST' || method.toUpperCase() === 'POST';
  if (!isPost && !method.includes('{{')) return;
  checkBuiltIns(resolve);
  // Hosts write a method in upper case, the name of a variable in it too.
  if (!isPost) {
    checkKnownNow('The method, in upper case,', method, request, resolve);
    return;
  }
  const server = readServer(recallMetadata(getVariables()));
  const target = readTarget();
  if (needsMetadata(target, server, request, readVariable, resolve)) {
    // The URL is read again then: it may refer to an endpoint of the metadata.
    discover(server.issuer, ask, getVariables(), metadata => proceed(readServer(metadata), readTarget()));
  } else {
    proceed(server, target);
  }
});
