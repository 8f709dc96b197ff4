// `npm run bench:run`: what `run` costs over plain Newman with the same script, each run in a process of its own, one of each in
// turn: seconds of the processor and memory.

import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { inject } from '../../src/cli/collection/injection.ts';
import { scripts } from '../support/collections.ts';
import { median } from './measure.ts';

const RUNS = Number(process.env.RUNS ?? 3);
const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const newman = createRequire(import.meta.url).resolve('newman/bin/newman.js');
const folder = mkdtempSync(join(tmpdir(), 'paynet-client-auth-bench-'));
const path = (name: string) => join(folder, name);
const PRINT_USAGE = `data:text/javascript,process.on("exit",()=>{const{userCPUTime:u,systemCPUTime:s,maxRSS}=process.resourceUsage();
  console.error("USAGE",(u+s)/1e6,maxRSS)})`;

const items = JSON.stringify(
  Array.from({ length: 20_000 }, (_, id) => ({
    id,
    name: `Account ${id}`,
    iban: 'MY00 0000 0000 0000',
    amount: id * 3,
  })),
).slice(0, 4 * 2 ** 20);
const answers: Record<string, string> = {
  '/token': JSON.stringify({ access_token: 'a'.repeat(10) + '0123456789'.repeat(3), token_type: 'Bearer' }),
  '/large': items,
  '/letters': 'ey'.repeat(10 * 2 ** 20),
};
const server = createServer((request, response) => {
  request.resume();
  response.setHeader('content-type', 'application/json');
  response.end(answers[request.url ?? ''] ?? '{}');
});
await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const post = () => ({
  method: 'POST',
  url: '{{token_endpoint}}',
  body: { mode: 'urlencoded', urlencoded: [{ key: 'grant_type', value: 'client_credentials' }] },
});
const get = (where: string) => ({ method: 'GET', url: origin + where });
const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';
const collectionOf = (requests: object[]) =>
  JSON.stringify({
    info: { name: 'bench', schema },
    item: requests.map((request, i) => ({ name: `request ${i}`, request })),
  });
const repeat = (count: number, create: () => object) => Array.from({ length: count }, create);

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const variables = (count: number) => [
  ...Object.entries({ token_endpoint: `${origin}/token`, client_id: 'client', kid: 'key-1' }),
  ['signing_key', privateKey.export({ type: 'pkcs8', format: 'pem' })] as const,
  ...Array.from({ length: count }, (_, i) => [`variable_${i}`, `value ${i} of an environment`] as const),
];
const rows = JSON.stringify(
  Array.from({ length: 10_000 }, (_, i) => ({ account: `account-${i}`, name: `Name ${i}`, n: i })),
);
writeFileSync(path('rows.json'), rows);

const scenarios: [title: string, requests: object[], variableCount: number, args: string[]][] = [
  ['one token request', [post()], 0, []],
  ['200 token requests, 300 variables', repeat(200, post), 300, []],
  [
    'the same, 3 answers of 4 MB, 10,000 rows of data',
    [...repeat(200, post), ...repeat(3, () => get('/large'))],
    300,
    ['-d', path('rows.json'), '-n', '1'],
  ],
  [
    '3 answers of 4 MB, JSON report',
    repeat(3, () => get('/large')),
    0,
    ['-r', 'json', '--reporter-json-export', path('report.json')],
  ],
  ['an answer of 20 MB of "ey"', [get('/letters')], 0, []],
];

/** Seconds of the processor and bytes of one run. */
const measure = (program: string, args: string[]): Promise<{ seconds: number; bytes: number }> =>
  new Promise((resolve, reject) => {
    const child = spawn('node', ['--import', PRINT_USAGE, program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', chunk => {
      errors += chunk;
    });
    child.on('close', code => {
      const [, seconds, kilobytes] = /USAGE (\S+) (\d+)/.exec(errors) ?? [];
      if (code !== 0 || !seconds) reject(new Error(`${program} ${args.join(' ')}: ${errors}`));
      else resolve({ seconds: Number(seconds), bytes: Number(kilobytes) * 1024 });
    });
  });

const only = process.argv[2];
const table = new Table({
  head: ['', 'Newman s', 'run s', 'ratio', 'Newman MB', 'run MB', 'ratio'],
  style: { head: [], border: [] },
});
for (const [title, requests, count, args] of scenarios.filter(([name]) => !only || name.includes(only))) {
  writeFileSync(path('collection.json'), collectionOf(requests));
  writeFileSync(path('injected.json'), inject(collectionOf(requests), scripts));
  writeFileSync(path('env.json'), JSON.stringify({ values: variables(count).map(([key, value]) => ({ key, value })) }));
  const plain: Awaited<ReturnType<typeof measure>>[] = [];
  const ours: typeof plain = [];
  for (let i = 0; i < RUNS; i++) {
    plain.push(await measure(newman, ['run', path('injected.json'), '-e', path('env.json'), ...args]));
    ours.push(await measure(cli, ['run', path('collection.json'), '-e', path('env.json'), ...args]));
  }
  const of = (all: typeof plain, key: 'seconds' | 'bytes') => median(all.map(one => one[key]));
  const [a, b, c, d] = [of(plain, 'seconds'), of(ours, 'seconds'), of(plain, 'bytes') / 1e6, of(ours, 'bytes') / 1e6];
  table.push([title, a.toFixed(1), b.toFixed(1), (b / a).toFixed(2), c.toFixed(0), d.toFixed(0), (d / c).toFixed(2)]);
}
console.log(table.toString());
server.close();
rmSync(folder, { recursive: true });
