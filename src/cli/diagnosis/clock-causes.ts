// Clocks as the cause of a refusal: so far apart that no server bears it, or as far as some servers bear. Pure, on the
// machine.

import { type Cause, certain, type Facts, possible } from './causes.ts';

/** Seconds that `iat` may be ahead: a server takes 10, and refuses more than 60 (FAPI 2.0 section 5.3.2.1), read to 2 s. */
const MAY_BE_REFUSED = 10;
const IS_REFUSED = 62;

/** Seconds by which an assertion that still lasts may seem old before that is worth a line. */
const SEEMS_OLD = 30;

/** How the server's clock stands to this machine's, in words; `clock_offset` where it is not 0. */
export function describeClock(difference: number, offset = 0): string {
  const seconds = Math.abs(difference);
  const words =
    difference === 0 ? 'agrees with yours' : `is ${seconds} s ${difference < 0 ? 'behind yours' : 'ahead of yours'}`;
  return `the server's clock ${words}${offset ? `, and clock_offset is ${offset}` : ''}`;
}

/** What to do about a difference of clocks, in seconds, server minus local. */
export function clockRemedy(difference: number): string {
  return Math.abs(difference) <= 86_400 ? `set clock_offset to ${difference}` : 'set the clock of this machine';
}

/** How far the clocks are apart for this assertion, in words; undefined where it can't be told. */
function readClock(facts: Facts): { lead: number; lifetime: number; words: string; remedy: string } | undefined {
  const { assertion, clockDifference, clockOffset, sentAt } = facts;
  if (!assertion || clockDifference === undefined || sentAt === undefined) return undefined;
  return {
    // Seconds that `iat` was ahead of the server's clock.
    lead: assertion.iat - Math.floor(sentAt) - clockDifference,
    lifetime: assertion.exp - assertion.iat,
    words: describeClock(clockDifference, clockOffset),
    remedy: clockRemedy(clockDifference),
  };
}

/** Clocks so far apart that no server bears it. */
export function clockFaults(facts: Facts): Cause[] {
  const clock = readClock(facts);
  if (!clock || Math.abs(clock.lead) <= IS_REFUSED) return [];
  const { lead, lifetime, words, remedy } = clock;
  if (lead > 0) return [certain(`${words}, so iat was ${lead} s in the future`, remedy)];
  if (-lead >= lifetime) return [certain(`${words}, so the assertion of ${lifetime} s had expired`, remedy)];
  return [];
}

/**
 * A clock that is off, though a server may bear it; or that is not, though the server speaks of times.
 *
 * @param isSpokenOf whether the server's words are about times
 */
export function clockDoubt(facts: Facts, isSpokenOf: boolean): { cause: Cause; isLikely: boolean } | undefined {
  const clock = readClock(facts);
  if (clock) {
    const { lead, lifetime, words, remedy } = clock;
    const doubt = (what: string, isLikely: boolean) => ({
      cause: possible(`${words}, and a server may refuse ${what}`, remedy),
      isLikely,
    });
    if (lead > MAY_BE_REFUSED) return doubt(`an iat that is more than ${MAY_BE_REFUSED} s in the future`, true);
    if (-lead >= lifetime) return doubt(`an assertion of ${lifetime} s as expired`, true);
    if (-lead > SEEMS_OLD) return doubt(`an assertion that seems ${-lead} s old`, -lead > IS_REFUSED);
  }
  if (!isSpokenOf) return undefined;
  const though = clock ? `, though ${clock.words} by the date of its answer` : '';
  const remedy = 'compare the clocks and set clock_offset to the difference, or lower client_assertion_lifetime';
  return { cause: possible(`the server speaks of the times of the assertion${though}`, remedy), isLikely: true };
}
