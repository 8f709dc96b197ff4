// The property of both gates, over random cases: a green run has sent nothing to an endpoint that a server could not take, and what is
// plain is not made red.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type GateResult, gateHosts, runCases } from './gate-runs.ts';

/** Says what is shown where the property does not hold. */
const explain = (seed: number, { title, failures, faults, received }: GateResult): string =>
  JSON.stringify(
    { seed, title: JSON.parse(title), failures, faults, received: received.map(({ url, body }) => `${url} ${body}`) },
    null,
    1,
  );

/**
 * Declares the property.
 *
 * @param count of the cases of a run; each run is one in each host, with the script first and, if wanted, last
 * @param toSeed gives the seed of a run
 */
export const describeSentRequests = (count: number, arrangements: ('first' | 'last')[], toSeed: () => number): void => {
  for (const host of gateHosts) {
    for (const arrangement of arrangements) {
      describe(`of ${count} random cases in ${host.name}, with the script ${arrangement},`, () => {
        const seed = toSeed();
        let results: GateResult[] = [];
        it('a green one has sent no POST to an endpoint without exactly one good authentication', async () => {
          results = await runCases(host, count, seed, arrangement === 'last');
          for (const one of results) {
            const isBad = one.failures.length === 0 && one.faults.some(Boolean) && (host.seesAll || !one.sendsItself);
            if (isBad) assert.fail(explain(seed, one));
          }
          const green = results.filter(({ failures, received }) => failures.length === 0 && received.length > 0);
          const red = results.filter(({ failures }) => failures.length > 0);
          assert.equal(green.length > count / 5 && red.length > count / 10, true, `${green.length} ${red.length}`);
        });
        it('a plain one is green and has sent one', () => {
          const plain = results.filter(({ isPlain }) => isPlain);
          assert.equal(plain.length > 0, true);
          for (const one of plain) {
            const isGood = one.failures.length === 0 && one.faults.length === 1 && one.faults[0] === undefined;
            if (!isGood) assert.fail(explain(seed, one));
          }
        });
      });
    }
  }
};
