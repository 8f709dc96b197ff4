// What Newman does around the scripts: the exit code of its command, and what is in its JSON report. The script is built on it.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import newman, { type NewmanRunOptions } from 'newman';
import { form } from '../support/collections.ts';
import { execute } from '../support/execute.ts';
import { toCollection, urlOf } from '../support/probe.ts';
import { type Recorder, startRecorder } from '../support/recorder.ts';

describe('the command newman run', () => {
  const command = fileURLToPath(import.meta.resolve('newman/bin/newman.js'));
  let folder: string;
  let recorder: Recorder;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'paynet-client-auth-newman-'));
    recorder = await startRecorder();
  });
  after(async () => {
    await recorder.close();
    rmSync(folder, { recursive: true });
  });

  /** Runs the script in front of a first request, and a second request after it. */
  const run = async (script: string) => {
    recorder.requests.length = 0;
    const collection = join(folder, 'collection.json');
    const report = join(folder, 'report.json');
    rmSync(report, { force: true });
    writeFileSync(collection, JSON.stringify(toCollection({ script: [script, ''] })));
    const args = [command, 'run', collection, '--env-var', `origin=${recorder.origin}`];
    const reporter = ['--reporters', 'json', '--reporter-json-export', report];
    const { code, stderr } = await execute(process.execPath, [...args, ...reporter]);
    return { code, stderr, sent: recorder.requests.length, hasReport: existsSync(report) };
  };

  const rows: [when: string, script: string, does: string, seen: object][] = [
    [
      'a script that throws',
      "throw new Error('thrown');",
      'exits 1, and everything is sent',
      { code: 1, sent: 2, hasReport: true },
    ],
    [
      'pm.execution.skipRequest() alone',
      'pm.execution.skipRequest();',
      'exits 0, though a request is missing',
      { code: 0, sent: 1, hasReport: true },
    ],
    [
      'a failed pm.test, then pm.execution.skipRequest()',
      "pm.test('a test', () => { throw new Error('thrown'); }); pm.execution.skipRequest();",
      'exits 1, and goes on with the next request',
      { code: 1, sent: 1, hasReport: true },
    ],
    [
      'an error thrown in the callback of pm.sendRequest',
      `pm.sendRequest(${urlOf('/aside')}, () => { throw new Error('thrown'); });`,
      'exits 0, and everything is sent',
      { code: 0, sent: 3, hasReport: true },
    ],
    [
      'a rejected promise that nobody handles',
      "Promise.reject(new Error('thrown'));",
      'dies at once, without sending and without a report',
      { code: 1, sent: 0, hasReport: false },
    ],
  ];
  for (const [when, script, does, seen] of rows) {
    it(`${when}: ${does}`, async () => {
      const { stderr, ...rest } = await run(script);
      assert.deepEqual(rest, seen, stderr);
    });
  }
});

describe("Newman's JSON report", () => {
  const SCRIPT = `const secret = name => 'value of ' + name;
    pm.environment.set('set_environment', secret('environment'));
    pm.globals.set('set_global', secret('global'));
    pm.collectionVariables.set('set_collection', secret('collection'));
    pm.variables.set('unused', secret('unused'));
    pm.variables.set('used', secret('used'));`;
  let folder: string;
  let report: string;
  /** Whether the report was among what the emitter exports, and on the disk: when the run is over, and when all is done. */
  const times: Record<string, [exported: boolean, written: boolean]> = {};

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'paynet-client-auth-report-'));
    const path = join(folder, 'report.json');
    const recorder = await startRecorder();
    recorder.answers.set('/probe', { body: 'the answer' });
    const collection = toCollection({
      script: SCRIPT,
      request: { body: form(['field', 'value in the body'], ['used', '{{used}}']) },
      collection: { variable: [{ key: 'initial', value: 'value in the collection' }] },
    });
    const environment = {
      values: [
        { key: 'origin', value: recorder.origin },
        { key: 'signing_key', value: 'the key' },
      ],
    };
    await new Promise<void>(resolve => {
      const options = { collection, environment, reporters: ['json'], reporter: { json: { export: path } } };
      const emitter = newman.run(options as NewmanRunOptions, () => resolve()) as ReturnType<typeof newman.run> & {
        exports: { path: string }[];
      };
      const note = (event: string) => () => {
        times[event] = [emitter.exports.some(file => file.path === path), existsSync(path)];
      };
      // Reporters listen before this listener does.
      emitter.on('start', () => emitter.on('beforeDone', note('beforeDone')));
      emitter.on('done', note('done'));
    });
    await recorder.close();
    report = readFileSync(path, 'utf8');
  });
  after(() => rmSync(folder, { recursive: true }));

  const rows: [string, held: boolean, string | Buffer][] = [
    ['the environment', true, 'the key'],
    ['what scripts set in the environment', true, 'value of environment'],
    ['what scripts set in the globals', true, 'value of global'],
    ['the variables that the collection came with', true, 'value in the collection'],
    ['what scripts set in the collection', false, 'value of collection'],
    ['what scripts set with pm.variables', false, 'value of unused'],
    ['what scripts set with pm.variables and a request uses', true, 'value of used'],
    ['the bodies of requests', true, 'value in the body'],
    ['the bodies of answers, as the numbers of their bytes', true, Buffer.from('the answer')],
  ];
  for (const [what, held, value] of rows) {
    it(`${held ? 'holds' : 'does not hold'} ${what}`, () => {
      const sought = JSON.stringify(value).replace(/^"|"$/g, '');
      assert.equal(JSON.stringify(JSON.parse(report)).includes(sought), held);
    });
  }

  it('is among the exports of the emitter when the run is over, and on the disk after that', () => {
    assert.deepEqual(times, { beforeDone: [true, false], done: [true, true] });
  });
});
