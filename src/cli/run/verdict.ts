// The last word of a run: how many requests were authenticated and how many tests passed, and of what failed the first cause with
// what mends it. Pure, on the machine.

import { toPlain } from '../../client-auth/errors.ts';
import { toTerminalWords } from '../client/terminal-words.ts';
import type { Cause } from '../diagnosis/causes.ts';
import type { ConnectionError } from '../server/connection-faults.ts';
import type { PostedForm } from './posted-forms.ts';
import { isRefusal } from './run-refusals.ts';
import { TEST_NAME } from './signing.ts';
import type { Failure, Tally } from './tally.ts';

/** What a run came to, in numbers. */
export interface Counts {
  /** Requests to endpoints of the authorization server that left, or were to leave, with client authentication. */
  requests: number;
  /** Those of them that left with it, and were not refused. */
  authenticated: number;
  tests: number;
  passedTests: number;
  /** Requests of the collection that did not leave. */
  unsent: number;
  /** Failures that are no test: of requests without an answer, of scripts that threw. */
  otherFailures: number;
}

/** The numbers of a run that is over. */
export function toCounts({ unauthenticated, unsent, tests, failedTests, otherFailures }: Tally, posted: PostedForm[]) {
  const sent = posted.filter(({ isAuthenticated }) => isAuthenticated);
  return {
    requests: sent.length + unauthenticated,
    authenticated: sent.filter(one => !isRefusal(one)).length,
    tests,
    passedTests: tests - failedTests,
    unsent,
    otherFailures,
  } satisfies Counts;
}

const count = (number: number, thing: string): string => `${number} ${thing}${number === 1 ? '' : 's'}`;

/** The numbers of a run in words: "6 of 6 requests authenticated, 9 of 9 tests passed". */
export function describeCounts({ requests, authenticated, tests, passedTests, unsent, otherFailures }: Counts): string {
  return [
    requests > 0 ? `${authenticated} of ${count(requests, 'request')} authenticated` : 'no request authenticated',
    tests > 0 ? `${passedTests} of ${count(tests, 'test')} passed` : 'no tests',
    ...(unsent > 0 ? [`${count(unsent, 'request')} not sent`] : []),
    ...(otherFailures > 0 ? [count(otherFailures, 'other failure')] : []),
  ].join(', ');
}

const CAUSES = {
  proved: 'Cause, proved',
  named: 'Cause, in the words of the server',
  possible: 'Possible cause',
} as const;

/**
 * The first cause of what failed in one line, and in the next what mends it, where that is known.
 *
 * @param cause of the first refusal; undefined when there was none
 * @param failure the first one; undefined when nothing failed
 * @param unreachable why metadata could not be fetched before the run: better words than those of a script that had the same fault
 * @param redact takes secrets out of a text, before it is cut
 */
export function toCause(
  cause: Cause | undefined,
  failure: Failure | undefined,
  unreachable: ConnectionError[],
  redact: (text: string) => string,
): string[] {
  if (cause) return [`${CAUSES[cause.evidence]}: ${cause.fact}`, `Do this: ${cause.remedy}`].map(redact);
  if (!failure) return [];
  const [message = ''] = redact(failure.message).split('\n');
  if (failure.test !== TEST_NAME) {
    const test = failure.test === undefined ? '' : `test "${redact(failure.test)}": `;
    return [`First failure: "${redact(failure.name)}": ${test}${toPlain(message)}`];
  }
  const known = unreachable.find(({ url }) => failure.message.includes(`" from ${url}. `));
  if (known) return [`Cause: ${known.fault.fact}`, `Do this: ${known.fault.remedy}`].map(redact);
  // An error of ours says what is the case, and then what to do.
  const [, fact = message, remedy] = /^(.*?)\. (?=[A-Z])(.*)$/.exec(toTerminalWords({ message })) ?? [];
  return [`Cause: ${fact}`, ...(remedy ? [`Do this: ${remedy}`] : [])];
}
