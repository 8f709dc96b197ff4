// What a run did, counted while it goes on: requests that left with client authentication, requests that did not leave, tests, and
// the first failure. On the machine.

import type { EventEmitter } from 'node:events';
import type { PostedRequest } from './posted-forms.ts';
import { TEST_NAME } from './signing.ts';

/** A failure as Newman keeps it. */
export interface Failure {
  /** The request or the script that it is of. */
  name: string;
  /** The name of the test; undefined where no test has failed, but a request or a script. */
  test: string | undefined;
  message: string;
}

/** What a run did; complete when it is over. */
export interface Tally {
  /** Requests that were to be authenticated and were not. */
  unauthenticated: number;
  /** Requests of the collection that did not leave, whoever has stopped them. */
  unsent: number;
  tests: number;
  failedTests: number;
  /** Failures that are no test: of requests without an answer, of scripts that threw. */
  otherFailures: number;
  /** The first failed test of client authentication, or else the first failure. */
  firstFailure: Failure | undefined;
}

interface RunEvent {
  request?: PostedRequest;
  /** With the id of the script, where a script sends the request. */
  cursor?: { scriptId?: string };
  item?: { name?: string };
  assertion?: string;
}

/**
 * Counts what a run does.
 *
 * @param isAuthenticated whether a request goes to an endpoint, and authenticates the client
 */
export function keepTally(newman: EventEmitter, isAuthenticated: (request: PostedRequest) => boolean): Tally {
  const tally: Tally = {
    ...{ unauthenticated: 0, unsent: 0, tests: 0, failedTests: 0, otherFailures: 0 },
    firstFailure: undefined,
  };
  let own = { isSent: false, isAuthenticated: false, hasFailed: false };
  const noteFailure = (error: unknown, { item }: RunEvent, test?: string): void => {
    const failure = { name: item?.name ?? '', test, message: String((error as Error)?.message ?? error) };
    const isBetter = test === TEST_NAME && tally.firstFailure?.test !== TEST_NAME;
    if (!tally.firstFailure || isBetter) tally.firstFailure = failure;
  };
  const noteOther = (error: unknown, data: RunEvent): void => {
    tally.otherFailures++;
    noteFailure(error, data);
  };

  newman.on('beforeItem', () => {
    own = { isSent: false, isAuthenticated: false, hasFailed: false };
  });
  newman.on('request', (error: unknown, data: RunEvent = {}) => {
    const { request, cursor } = data;
    if (!request) return;
    // A request that is stopped when it would leave has lost its URL, and its failed test says why.
    const isSent = request.url.toString() !== '';
    if (error && (isSent || !own.hasFailed)) noteOther(error, data);
    if (cursor?.scriptId) return;
    own.isSent = isSent;
    own.isAuthenticated = isAuthenticated(request);
  });
  newman.on('script', (error: unknown, data: RunEvent = {}) => {
    if (error) noteOther(error, data);
  });
  newman.on('assertion', (error: unknown, data: RunEvent = {}) => {
    tally.tests++;
    if (!error) return;
    tally.failedTests++;
    own.hasFailed ||= data.assertion === TEST_NAME;
    noteFailure(error, data, data.assertion);
  });
  newman.on('item', () => {
    if (!own.isSent) tally.unsent++;
    if (own.hasFailed && !own.isAuthenticated) tally.unauthenticated++;
  });
  return tally;
}
