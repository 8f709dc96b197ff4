// The pre-request script, inside the sandbox of Postman and Newman: the order of its steps. A request to an endpoint of the
// authorization server is authenticated, or refused by one failed test and not sent; any other request stays as it is.

import { type Metadata, withoutQuery } from '../client-auth/authorization-server.ts';
import { authenticateClient } from '../client-auth/client-authentication.ts';
import { putParameters } from '../client-auth/form.ts';
import { type KnownServer, toKnownServer } from '../client-auth/known-server.ts';
import { withJsrsasign } from '../client-auth/ps256.ts';
import { checkRequest } from '../client-auth/request.ts';
import { createRequestObject } from '../client-auth/request-object.ts';
import { checkServerUrl } from '../client-auth/server-url.ts';
import { readSettings, readSigning, type Signing } from '../client-auth/settings.ts';
import { createSigner, type Signer } from '../client-auth/signer.ts';
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
  request,
  resolve,
  sayOnce,
  skip,
  test,
  writeRequest,
} from './sandbox.ts';
import { checkSetup, isSetupCheck } from './setup-check.ts';
import { checkKnownNow, checkNearMiss, type Destination, findDestination, type Target, toTarget } from './target.ts';

const readTarget = (): Target => toTarget(request.url, resolve);

const readServer = (metadata: Metadata | undefined): KnownServer => {
  const server = toKnownServer(readVariable, metadata);
  if (metadata && server.isDiscovered) keepMetadata(metadata, server, getVariables());
  return server;
};

const toSigner = (signing: Signing): Signer =>
  createSigner(signing, withJsrsasign(toRandomBytes(findRandomValues(), nameExecution)), Date.now() / 1000);

/** Returns what can be shown of the assertion, if it made one. */
const authenticate = (
  { endpoint, url }: Destination,
  target: Target,
  server: KnownServer,
): TracedAssertion | undefined => {
  const endpointUrl = server.endpoints[endpoint] as string;
  // Before the URL of the request: this message names the variable.
  checkServerUrl(endpoint, endpointUrl, 'variable_invalid');
  const settings = readSettings(readVariable);
  const [form, notes] = checkRequest(request, target.url, resolve, settings.replaces);
  // One for all that is signed: the generator in it must not start twice.
  let signer: Signer | undefined;
  const getSigner = (signing: Signing): Signer => {
    signer ??= toSigner(signing);
    return signer;
  };
  const authentication = authenticateClient(settings, server, endpoint, getSigner);
  const signRequest = (claims: string): string => {
    notes.push('with a request object');
    const signing = settings.method === 'private_key_jwt' ? settings : readSigning(readVariable);
    return createRequestObject(claims, settings.clientId, server.issuer, getSigner(signing));
  };
  const body = putParameters(form, authentication.parameters, resolve, signRequest);
  const where = `${settings.method} at ${endpoint} ${endpointUrl}`;
  const traced = toTraced(authentication);
  const line = toConsoleLine(where, traced?.text, authentication.assertion?.claims, notes);
  // The URL without references: a script after this one that changes a variable must not take the assertion elsewhere.
  writeRequest(body, url, line);
  return traced;
};

const proceed = (server: KnownServer, target: Target): void => {
  const destination = findDestination(target, server);
  let assertion: TracedAssertion | undefined;
  if (destination) assertion = authenticate(destination, target, server);
  else {
    checkNearMiss(target, server, request, resolve);
    const line = describeLookAlike(target.url, server);
    if (line) sayOnce(line);
  }
  leaveTrace({ url: withoutQuery(destination?.url ?? target.written), isAuthenticated: !!destination, assertion });
};

guard(() => {
  const { method } = request;
  if (isSetupCheck(method, request.url) && !checkSetup(readVariable, toSigner, test)) skip();
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
