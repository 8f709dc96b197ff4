// A process of its own, started with --expose-gc: runs a collection in Newman and measures time and memory. What to run
// comes as JSON on standard input, what was measured goes as JSON to standard output.

import { text } from 'node:stream/consumers';
import newman, { type NewmanRunOptions } from 'newman';

export type Order = { options: NewmanRunOptions; samples: number; requests: number };

/** Memory in bytes after so many requests, when all garbage has been collected. */
type Sample = { requests: number; heap: number; rss: number };

export type Measured = { seconds: number; failures: string[]; statuses: Record<string, number>; samples: Sample[] };

const { gc } = globalThis as { gc?: () => void };
if (!gc) throw new Error('Start this with --expose-gc.');

const { options, samples: count, requests: total }: Order = JSON.parse(await text(process.stdin));
const samples: Sample[] = [];
const statuses: Record<string, number> = {};
let requests = 0;
let paused = 0;

const sample = () => {
  const start = performance.now();
  // The first collection runs finalizers, whose leavings the second one collects.
  gc();
  gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  samples.push({ requests, heap: heapUsed + external, rss });
  paused += performance.now() - start;
};

const start = performance.now();
newman
  .run({ ...options, reporters: [] }, (error, summary) => {
    const failures = [error, ...summary.run.failures.map(failure => failure.error)].filter(Boolean).map(String);
    const seconds = (performance.now() - start - paused) / 1000;
    process.stdout.write(JSON.stringify({ seconds, failures, statuses, samples } satisfies Measured));
  })
  .on('request', (_error, { response }) => {
    const status = String(response?.code);
    statuses[status] = (statuses[status] ?? 0) + 1;
  })
  .on('item', () => {
    requests += 1;
    if (requests % (total / count) === 0) sample();
  });
