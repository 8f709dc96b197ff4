// `npm run bench`: what a client assertion costs in Newman, in one process, as medians over an empty script and as ratios.
// Every signature is verified.

import { constants, type KeyObject, verify } from 'node:crypto';
import Table from 'cli-table3';
import { collectionOf, form, raw } from '../support/collections.ts';
import { createRsaKey, toPkcs8 } from '../support/keys.ts';
import { startRecorder } from '../support/recorder.ts';
import { measure, median } from './measure.ts';
import { createScripts, pastedLibrary } from './scripts.ts';

const SIZES = (process.env.BENCH_BITS ?? '2048,3072,4096').split(',').map(Number);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 9);
const WARM_UP = 2;
const ITERATIONS = 6;

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

const VARIANTS = [
  { name: 'empty script', source: scripts.empty, request: token },
  { name: 'this script, unrelated request', source: scripts.ours, request: api },
  { name: 'RSA-PSS by hand on BigInt', source: scripts.byHand, request: token },
  { name: 'this script', source: scripts.ours, request: token },
  { name: 'jsrsasign imported whole', source: scripts.whole, request: token },
  { name: 'jsrsasign pasted, by eval', source: scripts.pasted, request: token },
];

for (const bits of SIZES) {
  const { privateKey, publicKey } = createRsaKey(bits);
  const environment = { token_endpoint: url, client_id: 'client-1', kid: 'key-1', signing_key: toPkcs8(privateKey) };
  const times = new Map<string, number[]>(VARIANTS.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, source, request } of VARIANTS) {
      if (/whole|pasted/.test(name) && process.env.BENCH_QUICK) continue;
      const all = source === scripts.pasted ? { ...environment, jsrsasign: pastedLibrary } : environment;
      const run = await measure(collectionOf([request], {}, source), all, WARM_UP + ITERATIONS);
      const count = source === '' || request === api ? 0 : WARM_UP + ITERATIONS;
      if (run.assertions.length !== count || !run.assertions.every(one => isSigned(one, publicKey))) {
        throw new Error(`${name}: ${run.assertions.length} assertions, or one that does not verify`);
      }
      if (round > 0) times.get(name)?.push(...run.times.slice(WARM_UP));
    }
  }
  const empty = median(times.get('empty script') ?? []);
  const over = (name: string) => median(times.get(name) ?? []) - empty;
  const table = new Table({
    head: [`RSA-${bits}`, 'ms over empty', 'to this script', 'to the floor'],
    style: { head: [] },
  });
  for (const { name } of VARIANTS.slice(1)) {
    const ratio = (to: string) => (over(name) / over(to)).toFixed(2);
    table.push([name, over(name).toFixed(2), ratio('this script'), ratio('RSA-PSS by hand on BigInt')]);
  }
  console.log(`empty script: ${empty.toFixed(2)} ms`);
  console.log(table.toString());
}
await recorder.close();
