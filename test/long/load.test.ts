// A thousand token requests in one run and many runs at a time, over mutual TLS: every one is accepted, every one has a jti of
// its own, and the script keeps no memory. `npm run test:long`.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { NewmanRunOptions } from 'newman';
import { median } from '../bench/measure.ts';
import { collectionOf, form, script } from '../support/collections.ts';
import { execute } from '../support/execute.ts';
import type { Measured, Order } from '../support/measured-run.ts';
import { createWorkplace, type Workplace } from '../support/workplace.ts';

const REQUESTS = 1000;
const ITEMS = 5;
const SAMPLES = 20;

describe('under load', () => {
  let workplace: Workplace;
  before(async () => {
    workplace = await createWorkplace();
  });
  after(() => workplace.remove());
  beforeEach(() => {
    const { requests, verified, refusals } = workplace.server;
    for (const list of [requests, verified, refusals]) list.length = 0;
  });

  /** A thousand token requests with a script in front of them, measured in a process of its own. */
  const measure = async (source: string, settings: Record<string, string>): Promise<Measured> => {
    const { server, transport } = workplace;
    const { token_endpoint } = server.endpoints;
    const body = form(['grant_type', 'client_credentials'], ['scope', 'accounts'], ['client_id', '{{client_id}}']);
    const items = Array.from({ length: ITEMS }, () => ({ url: token_endpoint, body }));
    const values = Object.entries({ token_endpoint, ...settings }).map(([key, value]) => ({ key, value }));
    const options = {
      collection: collectionOf(items, {}, source),
      environment: { name: 'env', values },
      iterationCount: REQUESTS / ITEMS,
      sslClientCert: transport.cert,
      sslClientKey: transport.key,
      sslExtraCaCerts: transport.ca,
    } as unknown as NewmanRunOptions;
    const order: Order = { options, samples: SAMPLES, requests: REQUESTS };
    const args = ['--expose-gc', 'build/run.js', 'test/support/measured-run.ts'];
    const { stdout, stderr } = await execute('node', args, { input: JSON.stringify(order) });
    assert.match(stdout, /^\{/, stderr);
    return JSON.parse(stdout);
  };

  /** Kilobytes that a run keeps for each request from one sample to another: the median, as V8 also frees by steps. */
  const growth = ({ samples }: Measured, from: number, to: number): number => {
    const heaps = samples.slice(from, to + 1).map(({ heap }) => heap / 1024);
    return median(heaps.slice(1).map((heap, i) => (heap - (heaps[i] ?? 0)) / (REQUESTS / SAMPLES)));
  };

  it(`${REQUESTS} requests of one run are accepted, each with a jti of its own, and the script keeps nothing of them`, async t => {
    const { server } = workplace;
    const { client_id, kid, signingKey } = server.clients.privateKeyJwt;
    const ours = await measure(script, { client_id, kid, signing_key: signingKey });
    assert.deepEqual(ours.failures, []);
    assert.deepEqual(ours.statuses, { 200: REQUESTS });
    assert.deepEqual(server.refusals, []);
    assert.equal(server.verified.length, REQUESTS);
    assert.deepEqual([...new Set(server.verified.map(({ method }) => method))], ['private_key_jwt']);
    assert.equal(new Set(server.verified.map(({ jti }) => jti)).size, REQUESTS);

    // What Newman keeps by itself is seen where the certificate alone authenticates the client, and the script is empty.
    const bare = await measure('// empty', { client_id: server.clients.tlsClientAuth.client_id });
    assert.deepEqual(bare.statuses, { 200: REQUESTS });
    const half = SAMPLES / 2 - 1;
    const last = SAMPLES - 1;
    for (const [name, run] of Object.entries({ 'with the script': ours, 'with an empty script': bare })) {
      const rss = run.samples.map(sample => Math.round(sample.rss / 2 ** 20));
      t.diagnostic(
        `${name}: ${(REQUESTS / run.seconds).toFixed(0)} requests/s, ${((run.seconds * 1000) / REQUESTS).toFixed(1)} ms each; ` +
          `kept for each request ${growth(run, 0, half).toFixed(1)} KB in the first half, ${growth(run, half, last).toFixed(1)} KB in the second; ` +
          `${rss[0]}, ${rss[half]}, ${rss[last]} MB of memory at the start, the middle and the end`,
      );
    }
    // The second half, when all that is loaded once is loaded. Newman itself keeps the assertion, which is almost 1 KB.
    const kept = growth(ours, half, last) - growth(bare, half, last);
    assert.equal(kept < 3, true, `the script keeps ${kept} KB of each request`);
    assert.equal(growth(ours, half, last) < 1.5 * growth(ours, 0, half), true, 'the memory grows faster and faster');
  });

  it('eight runs at a time with the same key are accepted, and no jti is there twice', async t => {
    const { server, args } = workplace;
    const start = performance.now();
    const runs = await Promise.all(
      Array.from({ length: 8 }, () =>
        execute('node', [
          'dist/cli.js',
          ...args,
          '-n',
          '40',
          '--reporters',
          'json',
          '--reporter-json-export',
          '/dev/null',
        ]),
      ),
    );
    const seconds = (performance.now() - start) / 1000;
    for (const { code, stderr } of runs) assert.equal(code, 0, stderr);
    assert.deepEqual(server.refusals, []);
    assert.equal(server.verified.length, 320);
    assert.equal(new Set(server.verified.map(({ jti }) => jti)).size, 320);
    t.diagnostic(`320 requests in ${seconds.toFixed(1)} s, the start of eight processes included`);
  });
});
