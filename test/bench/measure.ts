// Measures a step of Newman, on the machine: from the event before its script to the event after it.

import newman, { type NewmanRunOptions } from 'newman';

/**
 * Runs a collection of one request and gives the times of its script.
 *
 * @returns milliseconds, one for each iteration, and the assertions that were put into the form
 */
export const measure = (
  collection: object,
  environment: Record<string, string>,
  iterations: number,
  step: 'prerequest' | 'test' = 'prerequest',
): Promise<{ times: number[]; assertions: string[] }> =>
  new Promise((resolve, reject) => {
    const times: number[] = [];
    const assertions: string[] = [];
    let start = 0;
    const options = {
      collection,
      environment: { values: Object.entries(environment).map(([key, value]) => ({ key, value })) },
      iterationCount: iterations,
      reporters: [],
    };
    newman
      .run(options as NewmanRunOptions, (error, summary) => {
        const failure = error ?? summary.run.failures[0]?.error;
        if (failure) reject(failure);
        else resolve({ times, assertions });
      })
      .on(step === 'test' ? 'beforeTest' : 'beforePrerequest', () => {
        start = performance.now();
      })
      .on(step, () => {
        times.push(performance.now() - start);
      })
      .on('beforeRequest', (_error, { request }) => {
        const assertion = (request.body?.urlencoded as unknown as { get(name: string): string } | undefined)?.get(
          'client_assertion',
        );
        if (assertion) assertions.push(assertion);
      });
  });

/** The middle one of the values. */
export const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
