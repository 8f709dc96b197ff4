// `npm run bench`: what a client assertion costs in Newman, in one process, as medians over an empty script and as ratios.
// Every signature is verified. Then what the scripts weigh. `--chart <file>` draws the costs.

import { constants, type KeyObject, verify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { startAgentProcess } from '../support/agent-process.ts';
import { collectionOf, form, postResponse, raw } from '../support/collections.ts';
import { createRsaKey, toPkcs8 } from '../support/keys.ts';
import { startRecorder } from '../support/recorder.ts';
import { type Bar, toChart } from './chart.ts';
import { measure, median } from './measure.ts';
import { createScripts, pastedLibrary } from './scripts.ts';
import { measureSizes } from './sizes.ts';

const { values: options } = parseArgs({
  options: {
    bits: { type: 'string', default: '2048,3072,4096' },
    rounds: { type: 'string', default: '10' },
    only: { type: 'string', default: 'all' },
    chart: { type: 'string' },
  },
});
const WARM_UP = 2;
const ITERATIONS = 6;
const OURS = 'this script';
const AGENT = 'this script, with a signing agent';
const FLOOR = 'RSA-PSS by hand on BigInt';
const PASTED = 'jsrsasign pasted, by eval';
const UNRELATED = 'this script, another request';
const EMPTY_TEST = 'empty post-response script';

const isSigned = (assertion: string, key: KeyObject): boolean => {
  const [header, claims, signature] = assertion.split('.');
  const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  return verify('sha256', Buffer.from(`${header}.${claims}`), pss, Buffer.from(signature ?? '', 'base64url'));
};

const scripts = await createScripts();
const recorder = await startRecorder();
const url = `${recorder.origin}/token`;
const token = { url: '{{token_endpoint}}', body: form(['grant_type', 'client_credentials']) };
const api = { url: `${recorder.origin}/accounts`, ...raw('application/json', '{}') };
type Variant = { name: string; source: string; request: typeof token | typeof api; signs: boolean; test?: string };
const VARIANTS: Variant[] = [
  { name: 'empty script', source: scripts.empty, request: token, signs: false },
  { name: UNRELATED, source: scripts.ours, request: api, signs: false },
  { name: FLOOR, source: scripts.configured, request: token, signs: true },
  { name: OURS, source: scripts.ours, request: token, signs: true },
  { name: AGENT, source: scripts.ours, request: token, signs: true },
  { name: 'jsrsasign imported whole', source: scripts.whole, request: token, signs: true },
  { name: PASTED, source: scripts.pasted, request: token, signs: true },
  { name: EMPTY_TEST, source: scripts.ours, request: token, signs: true, test: '' },
  { name: 'post-response, another request', source: scripts.ours, request: api, signs: false, test: postResponse },
  { name: 'post-response', source: scripts.ours, request: token, signs: true, test: postResponse },
].filter(({ source }) => options.only === 'all' || (source !== scripts.whole && source !== scripts.pasted));

/** Median milliseconds over the empty script, by the name of the variant. */
const measureCosts = async (bits: number): Promise<Map<string, number>> => {
  const { privateKey, publicKey } = createRsaKey(bits);
  const environment = { token_endpoint: url, client_id: 'client-1', kid: 'key-1', signing_key: toPkcs8(privateKey) };
  const agent = await startAgentProcess(environment.signing_key);
  const { signing_key: _, ...withoutKey } = environment;
  const toVariables = (name: string): Record<string, string> => {
    if (name === AGENT) return { ...withoutKey, signing_agent: agent.url };
    return name === PASTED ? { ...environment, jsrsasign: pastedLibrary } : environment;
  };
  const times = new Map<string, number[]>(VARIANTS.map(({ name }) => [name, []]));
  for (let round = 0; round <= Number(options.rounds); round++) {
    for (const { name, source, request, signs, test } of VARIANTS) {
      const all = toVariables(name);
      const event = [
        { listen: 'prerequest', script: { exec: [source] } },
        { listen: 'test', script: { exec: [test ?? ''] } },
      ];
      const step = test === undefined ? 'prerequest' : 'test';
      const run = await measure(collectionOf([request], { event }), all, WARM_UP + ITERATIONS, step);
      const expected = signs ? WARM_UP + ITERATIONS : 0;
      if (run.assertions.length !== expected || !run.assertions.every(one => isSigned(one, publicKey))) {
        throw new Error(`${name}: ${run.assertions.length} assertions, or one that does not verify`);
      }
      // The first round warms the process up.
      if (round > 0) times.get(name)?.push(...run.times.slice(WARM_UP));
    }
  }
  agent.kill();
  const middle = (name: string) => median(times.get(name) ?? []);
  return new Map(
    VARIANTS.map(({ name, test }) => {
      const empty = test === undefined ? 'empty script' : EMPTY_TEST;
      return [name, middle(name) - (name === empty ? 0 : middle(empty))];
    }),
  );
};

const print = (head: string[], rows: string[][]): void => {
  const table = new Table({
    head,
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'right', 'right'],
  });
  for (const row of rows) table.push(row);
  console.log(table.toString());
};

const machine = `Newman 6.2.2, Node ${process.version}, ${cpus().length} cores of ${cpus()[0]?.model.trim()}`;
console.log(machine);
const bars: Bar[] = [];
for (const bits of options.bits.split(',').map(Number)) {
  const costs = await measureCosts(bits);
  const cost = (name: string) => costs.get(name) ?? Number.NaN;
  const rows = VARIANTS.filter(({ name }) => !name.startsWith('empty')).map(({ name }) => [
    name,
    cost(name).toFixed(2),
    (cost(name) / cost(OURS)).toFixed(2),
    (cost(name) / cost(FLOOR)).toFixed(2),
  ]);
  print([`RSA-${bits}`, 'ms over an empty script', 'to this script', 'to the floor'], rows);
  console.log(`An empty script takes ${cost('empty script').toFixed(2)} ms.\n`);
  for (const { name, test } of VARIANTS.slice(1)) {
    if (test === undefined && (name !== UNRELATED || bits === 2048))
      bars.push({ group: `RSA-${bits}`, name, value: cost(name) });
  }
}
await recorder.close();

if (options.only === 'all') {
  print(['size in bytes', 'script', 'gzip', 'collection', 'JSON report'], await measureSizes(scripts));
  console.log(
    'The collection has 30 requests and the script in front of them; the report is Newman’s of one run of it.',
  );
}
if (options.chart)
  writeFileSync(options.chart, toChart(bars, OURS, 'Cost of one client assertion, over an empty script', machine));
