// A collection of 50 MB through `inject` as a command: bytes outside the event, the way back, and memory. `npm run test:long`.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { largeCollectionText } from '../support/collection-texts.ts';
import { execute } from '../support/execute.ts';

const REPORT = `process.on('exit', () => process.stderr.write('\\n' + process.resourceUsage().maxRSS))`;

describe('a collection of 50 MB', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'large-collection-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('keeps every byte outside the event, and is as before when the script is taken out', async t => {
    const file = join(folder, 'collection.json');
    const original = Buffer.from(largeCollectionText(50));
    writeFileSync(file, original);
    for (const more of [[], ['--remove']]) {
      const args = ['--import', `data:text/javascript,${REPORT}`, 'dist/cli.js', 'inject', file, '--in-place', ...more];
      const { code, stderr } = await execute('node', args);
      assert.equal(code, 0, stderr);
      const memory = Number(stderr.split('\n').at(-1)) * 1024;
      t.diagnostic(`${more[0] ?? 'inject'}: ${Math.round(memory / 2 ** 20)} MB of memory at most`);
      assert.equal(memory > 0 && memory < 10 * original.length, true, `${memory / original.length} times the file`);
      const result = readFileSync(file);
      if (more.length > 0) {
        assert.equal(result.equals(original), true);
        continue;
      }
      // The event stands behind the last member, before the line break and the brace.
      const head = original.length - 2;
      assert.equal(result.subarray(0, head).equals(original.subarray(0, head)), true);
      assert.equal(result.subarray(-2).equals(original.subarray(-2)), true);
      assert.equal(result.subarray(head, head + 11).toString(), ',\n\t"event":');
    }
  });
});
