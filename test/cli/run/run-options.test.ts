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

  it('names an option that it has not as it was typed, and what to use instead of one that Newman has', async () => {
    for (const [args, says] of [
      [
        ['-k'],
        /^error: unknown option "-k"\. The certificate of the server is always verified.*--ssl-extra-ca-certs <file>\.$/m,
      ],
      [['--insecure'], /^error: unknown option "--insecure"\. The certificate of the server is always verified/m],
      [['-v'], /^error: unknown option "-v"\. .*--verbose/m],
      [
        ['--postman-api-key', 'x'],
        /^error: unknown option "--postman-api-key"\. Nothing is read from the Postman API/m,
      ],
      [['--no-color'], /^error: unknown option "--no-color"\. Use --color off\.$/m],
      [['--colour=off'], /^error: unknown option "--colour=off"\.$/m],
      [['--reporter-x-y=z'], /^error: unknown option "--reporter-x-y=z"\. Name its reporter with --reporters\.$/m],
      [['-n', 'abc'], /^error: option '-n, --iteration-count <n>' argument 'abc' is invalid\. Give a whole number\.$/m],
      [['--timeout=1s'], /^error: option '--timeout <ms>' argument '1s' is invalid\. Give a whole number\.$/m],
    ] as const) {
      const { code, stderr } = await run(collectionOf(0), ...args);
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, says);
    }
  });

  it('knows every option of `newman run`, or says what to use instead', async () => {
    const newman = readFileSync('node_modules/newman/bin/newman.js', 'utf8');
    const options = [...newman.matchAll(/\.option\('(?:-\w ?, )?(--[\w-]+)/g)].map(([, option]) => option as string);
    assert.ok(options.length > 30);
    const { stdout } = await run('--help');
    const missing = options.filter(option => !new RegExp(`${option}\\b`).test(stdout));
    assert.deepEqual(missing, ['--postman-api-key', '--insecure']);
    for (const option of missing)
      assert.match((await run(collectionOf(0), option)).stderr, /unknown option "[^"]*"\. \w/);
  });

  it('lists the folders where one is not there', async () => {
    const request = { method: 'GET', url: 'http://127.0.0.1:1/' };
    const item = [
      {
        name: 'Client',
        item: [
          { name: 'one', request },
          { name: 'Inner', item: [] },
        ],
      },
      { name: 'two', request },
    ];
    const file = folder.write('folders.json', { info: { name: 'x', schema: 'v2.1.0' }, item });
    const { code, stderr } = await run(file, '--folder', 'Client', '--folder', 'Nope');
    assert.deepEqual(
      [code, stderr],
      [2, 'error: there is no folder or request "Nope". The collection has: "Client", "Inner".\n'],
    );
  });

  it('writes no escape codes with --color off and with NO_COLOR, Newman none either', async () => {
    const failing = folder.write('failing.json', {
      info: { name: 'x', schema: 'v2.1.0' },
      item: [{ name: 'one', request: { method: 'GET', url: 'http://127.0.0.1:1/' } }],
    });
    const outputOf = async (args: string[], env: Record<string, string>) => {
      const { stdout, stderr } = await execute(process.execPath, ['dist/cli.js', 'run', failing, ...args], { env });
      return stdout + stderr;
    };
    // FORCE_COLOR is what makes Newman colour what is no terminal.
    const outputs = await Promise.all([
      outputOf(['--color', 'off'], { FORCE_COLOR: '1' }),
      outputOf([], { FORCE_COLOR: '1', NO_COLOR: '1' }),
    ]);
    for (const text of outputs) {
      assert.match(text, /ECONNREFUSED/);
      assert.equal(text.includes('\u001b'), false, JSON.stringify(text.slice(0, 300)));
    }
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
