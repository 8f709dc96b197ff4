// A collection of 50 MB through `inject` as a command: bytes outside the event, the way back, time and memory. `npm run test:long`.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { largeCollectionText } from '../support/collection-texts.ts';
import { execute } from '../support/execute.ts';
import { createFolder, type Folder } from '../support/workplace.ts';

/** A process that says in the end what it took: seconds of the processor, and memory in kilobytes. */
const REPORT = `process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  process.stderr.write('\\n' + JSON.stringify({ seconds: (userCPUTime + systemCPUTime) / 1e6, kilobytes: maxRSS }));
})`;

describe('a collection of 50 MB', () => {
  const original = Buffer.from(largeCollectionText(50));
  let folder: Folder;
  let file: string;
  before(() => {
    folder = createFolder();
    file = folder.path('collection.json');
    writeFileSync(file, original);
  });
  after(() => folder.remove());

  /** Runs inject, with bounds that only what reads the file again and again would pass. */
  const inject = async (...more: string[]) => {
    const args = ['--import', `data:text/javascript,${REPORT}`, 'dist/cli.js', 'inject', file, ...more];
    const { code, stderr } = await execute('node', args);
    const { seconds, kilobytes } = JSON.parse(stderr.split('\n').at(-1) ?? '');
    const times = (kilobytes * 1024) / original.length;
    assert.equal(seconds < 30, true, `${seconds} s`);
    assert.equal(times < 10, true, `${times} times the file`);
    return { code, diagnostic: `${more.join(' ')}: ${seconds.toFixed(1)} s, ${Math.round(kilobytes / 1024)} MB` };
  };

  it('keeps every byte outside the event, and is as before when the script is taken out', async t => {
    for (const times of ['first', 'second']) {
      const { code, diagnostic } = await inject('--in-place');
      assert.equal(code, 0);
      t.diagnostic(`${diagnostic}, the ${times} time`);
      const result = readFileSync(file);
      // The event is behind the last member, before the line break and the brace.
      const head = original.length - 2;
      assert.equal(result.subarray(0, head).equals(original.subarray(0, head)), true);
      assert.equal(result.subarray(-2).equals(original.subarray(-2)), true);
      assert.equal(result.subarray(head, head + 11).toString(), ',\n\t"event":');
    }
    const { code, diagnostic } = await inject('--in-place', '--remove');
    assert.equal(code, 0);
    t.diagnostic(diagnostic);
    assert.equal(readFileSync(file).equals(original), true);
  });

  it('is looked through for a folder that it does not have', async t => {
    const { code, diagnostic } = await inject('--folder', 'none');
    assert.equal(code, 1);
    t.diagnostic(diagnostic);
  });
});
