// Clocks as the cause of a refusal: a difference that every server refuses, or one that some servers refuse. Pure, on the
// machine.

import { type Cause, type Facts, possible, proved } from './causes.ts';

/** Seconds that `iat` may be ahead: a server accepts 10 and refuses more than 60 (FAPI 2.0 section 5.3.2.1), measured to 2 s. */
const MAY_BE_REFUSED = 10;
const IS_REFUSED = 62;

/** Seconds that a valid assertion may seem old before that is worth a line. */
const SEEMS_OLD = 30;

/**
 * Describes the server's clock against that of this machine.
 *
 * @param difference seconds, server minus local
 * @param offset seconds, from the variable `clock_offset`
 */
export function describeClock(difference: number, offset = 0): string {
  const seconds = Math.abs(difference);
  const words =
    difference === 0 ? 'agrees with yours' : `is ${seconds} s ${difference < 0 ? 'behind yours' : 'ahead of yours'}`;
  return `the server's clock ${words}${offset ? `, and clock_offset is ${offset}` : ''}`;
}

/**
 * Says what to do about a difference of the clocks.
 *
 * @param difference seconds, server minus local
 */
export function clockRemedy(difference: number): string {
  return Math.abs(difference) <= 86_400 ? `set clock_offset to ${difference}` : 'set the clock of this machine';
}

/** The clocks at the time of the assertion; undefined where that is not known. */
function readClock(facts: Facts): { lead: number; lifetime: number; words: string; remedy: string } | undefined {
  const { assertion, clockDifference, clockOffset, sentAt } = facts;
  if (!assertion || clockDifference === undefined || sentAt === undefined) return undefined;
  return {
    // Seconds by which `iat` was ahead of the server's clock.
    lead: assertion.iat - Math.floor(sentAt) - clockDifference,
    lifetime: assertion.exp - assertion.iat,
    words: describeClock(clockDifference, clockOffset),
    remedy: clockRemedy(clockDifference),
  };
}

/** Finds a difference of the clocks that every server refuses. */
export function clockFaults(facts: Facts): Cause[] {
  const clock = readClock(facts);
  if (!clock || Math.abs(clock.lead) <= IS_REFUSED) return [];
  const { lead, lifetime, words, remedy } = clock;
  if (lead > 0) return [proved('clock', `${words}, so iat was ${lead} s in the future`, remedy)];
  if (-lead >= lifetime) return [proved('clock', `${words}, so the assertion of ${lifetime} s had expired`, remedy)];
  return [];
}

/** Finds a difference of the clocks that some servers refuse. */
export function clockDoubt(facts: Facts): { cause: Cause; isLikely: boolean } | undefined {
  const clock = readClock(facts);
  if (!clock) return undefined;
  const { lead, lifetime, words, remedy } = clock;
  const doubt = (what: string, isLikely: boolean) => ({
    cause: possible('clock', `${words}, and a server may refuse ${what}`, remedy),
    isLikely,
  });
  if (lead > MAY_BE_REFUSED) return doubt(`an iat that is more than ${MAY_BE_REFUSED} s in the future`, true);
  if (-lead >= lifetime) return doubt(`an assertion of ${lifetime} s as expired`, true);
  if (-lead > SEEMS_OLD) return doubt(`an assertion that seems ${-lead} s old`, -lead > IS_REFUSED);
  return undefined;
}
