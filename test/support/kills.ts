// `inject --in-place` and `run` ended at any moment, for a quick and for a long run: what is read stays as it is, what is
// written is whole, and no secret is left behind.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { inject } from '../../src/cli/collection/injection.ts';
import { largeCollectionText } from './collection-texts.ts';
import { scripts } from './collections.ts';
import { holdsPartOf } from './readings.ts';
import { createWorkplace, type Workplace } from './workplace.ts';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const SIGNALS: NodeJS.Signals[] = ['SIGKILL', 'SIGINT', 'SIGTERM', 'SIGKILL', 'SIGHUP', 'SIGKILL'];

type Kill = { cwd: string; signal: NodeJS.Signals; delay: number; env?: Record<string, string> };
type Ended = { by: NodeJS.Signals | null; code: number | null; output: string; milliseconds: number };

/** The names in a directory, and what tells that one of its files has changed. */
const stateOf = (directory: string): string =>
  readdirSync(directory)
    .map(name => {
      const stats = statSync(join(directory, name), { throwIfNoEntry: false });
      return `${name} ${stats?.mtimeMs} ${stats?.size}`;
    })
    .join('\n');

/** Starts the command line, and ends it `delay` ms later or, if told to watch a directory, after something changes in it. */
const start = async (args: string[], { cwd, signal, delay, env }: Kill, watched?: string): Promise<Ended> => {
  const before = watched && stateOf(watched);
  const began = performance.now();
  const child = spawn(process.execPath, [cli, ...args], { cwd, env: { ...process.env, ...env } });
  const ended = new Promise<Omit<Ended, 'milliseconds'>>(resolve => {
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk));
    child.on('close', (code, by) => resolve({ by, code, output }));
  });
  while (watched && stateOf(watched) === before && child.exitCode === null) await sleep(1);
  await Promise.race([ended, sleep(delay, undefined, { ref: false })]);
  child.kill(signal);
  return { ...(await ended), milliseconds: performance.now() - began };
};

/** What holds of every process that was ended: it died of the signal, or was done before, and said nothing of its insides. */
const assertEnd = ({ by, code, output }: Ended, signal: NodeJS.Signals): void => {
  // A shell shows such an end as exit code 130 for SIGINT and 143 for SIGTERM.
  assert.equal(by === signal || (by === null && code === 0), true, `ended by ${by} with ${code}: ${output}`);
  assert.doesNotMatch(output, /\n\s+at |Error:/);
};

/** All that is expected of both commands, each ended so many times. */
export const describeKills = (times: number): void => {
  describe(`inject --in-place, ended ${times} times`, () => {
    const original = largeCollectionText(10);
    const injected = inject(original, scripts);
    let directory: string;
    let file: string;

    before(() => {
      directory = mkdtempSync(join(tmpdir(), 'paynet-client-auth-kills-'));
      file = join(directory, 'collection.json');
      writeFileSync(file, original, { mode: 0o600 });
    });
    after(() => rmSync(directory, { recursive: true }));

    it('leaves the old collection or the new one, and after a kill a half one beside it that nobody else can read', async t => {
      const whole = { cwd: directory, signal: 'SIGKILL', delay: 60_000 } as const;
      const { milliseconds } = await start(['inject', 'collection.json', '--in-place'], whole);
      assert.equal(readFileSync(file, 'utf8') === injected, true, 'the script is not in');
      let ends = 0;
      let halves = 0;
      for (let round = 0; round < times; round += 1) {
        const isInjected = readFileSync(file, 'utf8') === injected;
        const args = ['inject', 'collection.json', '--in-place', ...(isInjected ? ['--remove'] : [])];
        const signal = SIGNALS[round % SIGNALS.length] as NodeJS.Signals;
        const watched = Math.random() < 0.6 ? directory : undefined;
        const delay = Math.random() * (watched ? 40 : milliseconds);
        const ended = await start(args, { cwd: directory, signal, delay }, watched);
        assertEnd(ended, signal);
        if (ended.by) ends += 1;
        const text = readFileSync(file, 'utf8');
        const isWhole = text === original || text === injected;
        assert.equal(isWhole, true, `${signal} after ${delay} ms: ${text.length} characters`);
        const beside = readdirSync(directory).filter(name => name !== 'collection.json');
        if (signal !== 'SIGKILL') assert.deepEqual(beside, []);
        for (const name of beside) {
          assert.match(name, /^collection\.json\.\d+$/);
          assert.equal(statSync(join(directory, name)).mode & 0o077, 0);
          rmSync(join(directory, name));
          halves += 1;
        }
      }
      t.diagnostic(`${ends} of ${times} were ended before they were done; ${halves} left a half file`);
      assert.equal(ends > 0, true, 'every process was done before the signal');
    });
  });

  describe(`run, ended ${times} times`, () => {
    let workplace: Workplace;
    let out: string;
    const inputs = ['collection.json', 'env.json', 'key.pem'];

    before(async () => {
      workplace = await createWorkplace();
      out = workplace.path('out');
    });
    after(() => workplace.remove());

    /** Whether a report is all there. */
    const isWhole = (name: string, text: string): boolean => {
      if (name.endsWith('.xml')) return /<\/testsuites>\s*$/.test(text);
      try {
        return typeof JSON.parse(text) === 'object';
      } catch {
        return false;
      }
    };

    it('leaves collection and environment alone, each report old or whole, and no secret anywhere', async t => {
      const temporary = workplace.path('tmp');
      mkdirSync(temporary);
      const reports = ['report.json', 'report.xml', 'environment.json'];
      const args = [
        ...[...workplace.args, '-n', '2', '--verbose', '--reporters', 'cli,json,junit'],
        ...['--reporter-json-export', join(out, 'report.json'), '--reporter-junit-export', join(out, 'report.xml')],
        ...['--export-environment', join(out, 'environment.json')],
      ];
      const read = (name: string) => readFileSync(workplace.path(name), 'utf8');
      const before = inputs.map(read);
      const keyLines = read('key.pem').match(/^[^-].*$/gm) ?? [];
      const end = (signal: NodeJS.Signals, delay: number, watched?: string) =>
        start(args, { cwd: workplace.path(''), signal, delay, env: { TMPDIR: temporary } }, watched);
      const { code, output, milliseconds } = await end('SIGKILL', 60_000);
      assert.equal(code, 0, output);

      let ends = 0;
      let halves = 0;
      let written = 0;
      for (let round = 0; round < times; round += 1) {
        for (const name of readdirSync(out)) rmSync(join(out, name));
        for (const name of reports) writeFileSync(join(out, name), 'old');
        workplace.server.requests.length = 0;
        const signal = SIGNALS[round % SIGNALS.length] as NodeJS.Signals;
        const watched = Math.random() < 0.4 ? out : undefined;
        const delay = Math.random() * (watched ? 10 : milliseconds);
        const ended = await end(signal, delay, watched);
        assertEnd(ended, signal);
        if (ended.by) ends += 1;

        assert.deepEqual(inputs.map(read), before);
        assert.deepEqual(readdirSync(temporary), []);
        assert.deepEqual(readdirSync(workplace.path('')).sort(), [...inputs, 'out', 'tmp'].sort());
        const forms = workplace.server.requests.map(({ body }) => new URLSearchParams(body));
        const secrets = [...keyLines, ...forms.flatMap(form => form.get('client_assertion') ?? [])];
        const texts = readdirSync(out).map(name => ({ name, text: readFileSync(join(out, name), 'utf8') }));
        for (const { name, text } of [...texts, { name: 'console', text: ended.output }]) {
          assert.doesNotMatch(text, /eyJ[\w-]{20,}\.[\w-]{20}/, `${name} holds an assertion`);
          assert.equal(holdsPartOf(text, secrets), false, `${name} holds a secret`);
        }
        for (const { name, text } of texts) {
          if (!reports.includes(name)) {
            assert.match(name, /^(report\.json|report\.xml|environment\.json)\.\d+$/);
            assert.equal(signal, 'SIGKILL', `${name} was left behind`);
            halves += 1;
          } else if (text !== 'old') {
            assert.equal(isWhole(name, text), true, `${name} is not whole: ${text.length} characters`);
            written += 1;
          }
        }
        assert.equal(
          reports.every(name => texts.some(text => text.name === name)),
          true,
          'an old report is gone',
        );
      }
      t.diagnostic(`${ends} of ${times} were ended before they were done; ${written} reports; ${halves} half files`);
      assert.equal(ends > 0, true, 'every process was done before the signal');
    });
  });
};
