// The pre-request script, inside the sandbox of Postman and Newman: the order of its steps. A request to an endpoint of the
// authorization server is authenticated, or refused by one failed test and not sent; any other request stays as it is.

import type { Metadata } from '../client-auth/authorization-server.ts';
import { type KnownServer, toKnownServer } from '../client-auth/known-server.ts';
import { authenticate } from './authenticate.ts';
import { checkBuiltIns } from './built-ins.ts';
import { discover, keepMetadata, needsMetadata, recallMetadata } from './discovery.ts';
import { toRandomBytes } from './random-bytes.ts';
import {
  ask,
  getSystemRandom,
  getVariables,
  guard,
  nameExecution,
  readVariable,
  request,
  resolve,
  writeRequest,
} from './sandbox.ts';
import { checkNearMiss, findDestination, type Target, toTarget } from './target.ts';

const readTarget = (): Target => toTarget(request.url, resolve);

const readServer = (metadata: Metadata | undefined): KnownServer => {
  const server = toKnownServer(readVariable, metadata);
  if (metadata && server.isDiscovered) keepMetadata(metadata, server, getVariables());
  return server;
};

const proceed = (server: KnownServer, target: Target): void => {
  const destination = findDestination(target, server);
  if (!destination) {
    checkNearMiss(target, server, request);
    return;
  }
  const createRandomBytes = toRandomBytes(getSystemRandom, nameExecution);
  writeRequest(authenticate(destination, target, server, { request, readVariable, resolve, createRandomBytes }));
};

guard(() => {
  const { method } = request;
  if (method !== 'POST' && method.toUpperCase() !== 'POST') return;
  checkBuiltIns(resolve);
  const server = readServer(recallMetadata(getVariables()));
  const target = readTarget();
  if (!needsMetadata(target, server, request, readVariable)) {
    proceed(server, target);
    return;
  }
  // The URL is read again then: it may refer to an endpoint of the metadata.
  discover(server.issuer, ask, metadata => proceed(readServer(metadata), readTarget()));
});
