// What a run did, in numbers: those that Newman has, and what is counted beside while it goes on, requests that left with client
// authentication and requests that did not leave; and the first failure. On the machine.

import type { EventEmitter } from 'node:events';
import type { NewmanRunSummary } from 'newman';
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

/** What a run did. */
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
  assertion?: string;
}

/**
 * Counts what a run does.
 *
 * @param isAuthenticated whether a request goes to an endpoint, and authenticates the client
 * @returns what is to be called at the end of the run, with what Newman has kept of it
 */
export function keepTally(
  newman: EventEmitter,
  isAuthenticated: (request: PostedRequest) => boolean,
): (run: NewmanRunSummary['run']) => Tally {
  let [unauthenticated, unsent, stopped] = [0, 0, 0];
  let own = { isSent: false, isAuthenticated: false, hasFailed: false };

  newman.on('beforeItem', () => {
    own = { isSent: false, isAuthenticated: false, hasFailed: false };
  });
  newman.on('request', (error: unknown, { request, cursor }: RunEvent = {}) => {
    if (!request) return;
    // A request that is stopped when it would leave has lost its URL, and its failed test says why.
    const isSent = request.url.toString() !== '';
    if (error && !isSent && own.hasFailed) stopped++;
    if (cursor?.scriptId) return;
    own.isSent = isSent;
    own.isAuthenticated = isAuthenticated(request);
  });
  newman.on('assertion', (error: unknown, { assertion }: RunEvent = {}) => {
    own.hasFailed ||= Boolean(error) && assertion === TEST_NAME;
  });
  newman.on('item', () => {
    if (!own.isSent) unsent++;
    if (own.hasFailed && !own.isAuthenticated) unauthenticated++;
  });
  return ({ stats, failures }) => {
    const { total: tests = 0, failed: failedTests = 0 } = stats.assertions;
    const otherFailures = failures.length - failedTests - stopped;
    const first = failures.find(({ error }) => error.test === TEST_NAME) ?? failures[0];
    return { unauthenticated, unsent, tests, failedTests, otherFailures, firstFailure: first && toFailure(first) };
  };
}

const toFailure = ({ error, source }: NewmanRunSummary['run']['failures'][number]): Failure => ({
  name: source?.name ?? '',
  test: error.test,
  message: String(error.message ?? error),
});
