// `npm run bench:inject`: time and memory of `inject` on collections of 1 to 20 MB, each in a process of its own.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { median } from './measure.ts';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'paynet-client-auth-bench-'));
const input = join(folder, 'in.json');
const output = join(folder, 'out.json');
const PRINT_MEMORY = 'data:text/javascript,process.on("exit",()=>console.error("KB",process.resourceUsage().maxRSS))';

/** A collection of so many requests, about 4 KB each. */
const createCollection = (requests: number): string => {
  const item = Array.from({ length: requests }, (_, index) => ({
    name: `Request ${index}`,
    request: {
      method: 'POST',
      header: Array.from({ length: 10 }, (_unused, i) => ({ key: `x-header-${i}`, value: `{{value-${index}-${i}}}` })),
      url: { raw: `{{base}}/path/${index}`, host: ['{{base}}'], path: ['path', String(index)] },
      description: 'A sentence that describes the request. '.repeat(65),
    },
    response: [],
  }));
  const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';
  return JSON.stringify({ info: { name: 'Large', schema }, item }, null, '\t');
};

/** Seconds and kilobytes of one run of the command line. */
const run = (...args: string[]): { seconds: number; memory: number } => {
  const start = performance.now();
  const { status, stderr } = spawnSync('node', ['--import', PRINT_MEMORY, cli, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return { seconds: (performance.now() - start) / 1000, memory: Number(/KB (\d+)/.exec(stderr)?.[1]) };
};

const base = median(Array.from({ length: 5 }, () => run('--version').memory));
const table = new Table({
  head: ['collection', 'requests', 'seconds', 'memory over --version', 'times the file'],
  style: { head: [], border: [] },
});
for (const requests of [250, 1250, 2500, 5000]) {
  writeFileSync(input, createCollection(requests));
  const size = statSync(input).size;
  const runs = Array.from({ length: 5 }, () => run('inject', input, '-o', output));
  const seconds = median(runs.map(one => one.seconds));
  const memory = (median(runs.map(one => one.memory)) - base) * 1024;
  table.push([
    `${(size / 1e6).toFixed(1)} MB`,
    requests,
    seconds.toFixed(2),
    `${(memory / 1e6).toFixed(0)} MB`,
    (memory / size).toFixed(1),
  ]);
}
console.log(table.toString());
rmSync(folder, { recursive: true });
