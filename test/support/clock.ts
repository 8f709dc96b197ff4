// A clock that a test moves.

import type { TestContext } from 'node:test';

/** Lets time pass for server and client alike. */
export const startClock = (t: TestContext) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  return (seconds: number) => t.mock.timers.tick(seconds * 1000);
};
