// Options of `run` that end it, silence it, or name what it can't read.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { runCommand } from '../../support/command-line.ts';
import { execute } from '../../support/execute.ts';
import { createFolder, type Folder } from '../../support/workplace.ts';

describe('paynet-client-auth run', () => {
  let folder: Folder;
  let server: Server;
  let count = 0;
  /** A collection of one request, which is answered after so many milliseconds. */
  const collectionOf = (delay: number, exec: string[] = []) => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${delay}`;
    const event = [{ listen: 'prerequest', script: { exec } }];
    const item = [{ name: 'one', event, request: { method: 'GET', url } }];
    return folder.write(`collection-${count++}.json`, { info: { name: 'x', schema: 'v2.1.0' }, item });
  };
  const run = (...args: string[]) => runCommand(['run', ...args]);

  before(async () => {
    folder = createFolder();
    server = createServer(({ url }, response) => {
      setTimeout(() => response.end('{}'), Number(url?.slice(1))).unref();
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  });
  after(() => {
    folder.remove();
    server.closeAllConnections();
    server.close();
  });

  // Each waits for its time: side by side.
  describe('with --timeout', { concurrency: true }, () => {
    const ended = (timeout: number) =>
      `error: the run was ended by --timeout after ${timeout} ms. Raise it, or run less at once.\n`;
    for (const [title, timeout, delay, exec] of [
      ['Newman is ready', 1, 0, []],
      ['an answer is there', 1500, 9000, []],
      ['a script has ended', 1500, 0, ['for (;;);']],
      ['a timer of a script has run out', 1500, 0, ['setTimeout(() => undefined, 9000);']],
    ] as const) {
      it(`says that it ended the run before ${title}`, async () => {
        // Newman may crash then, which only a process of its own can show.
        const args = ['run', collectionOf(delay, [...exec]), '--timeout', String(timeout), '--silent'];
        const { code, stdout, stderr } = await execute('node', ['dist/cli.js', ...args]);
        assert.deepEqual([code, stdout, stderr], [1, '', ended(timeout)]);
      });
    }

    it('says nothing of it where the time was enough', async () => {
      const { code, stderr } = await run(collectionOf(0), '--timeout', '60000', '--silent');
      assert.deepEqual([code, stderr], [0, '']);
    });
  });

  it('shows nothing with --silent, and writes its reports', async () => {
    const report = ['-r', 'cli,json', '--reporter-json-export', folder.path('report.json')];
    const { code, stdout, stderr } = await run(collectionOf(0), '--silent', ...report);
    assert.deepEqual([code, stdout, stderr], [0, '', '']);
    assert.equal(JSON.parse(readFileSync(folder.path('report.json'), 'utf8')).run.stats.requests.total, 1);
  });

  it('reads no collection and no environment from a URL, and says why', async () => {
    for (const url of ['https://api.example.my/c.json', 'HTTP://127.0.0.1:1/c.json']) {
      for (const args of [[url], [collectionOf(0), '-e', url]]) {
        const { code, stdout, stderr } = await run(...args);
        assert.deepEqual([code, stdout], [2, ''], args.join(' '));
        assert.equal(stderr.startsWith(`error: ${url}: is a URL, not a file. Download it first`), true, stderr);
        assert.match(stderr, /scripts of a collection can read the signing key\.\n$/);
      }
    }
  });
});
