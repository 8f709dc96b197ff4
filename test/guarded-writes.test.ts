// The filter in front of the disk: whoever writes, and however, writes filtered text.

import assert from 'node:assert/strict';
import fs, { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { guardWrites } from '../src/cli/guarded-writes.ts';

describe('guardWrites', () => {
  // As a reporter gets it.
  const required = createRequire(import.meta.url)('fs') as typeof fs;
  let folder: string;
  let release: () => void;
  const path = () => join(folder, 'file');

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'paynet-client-auth-writes-'));
    release = guardWrites(text => text.replaceAll('secret', '[x]'));
  });
  after(() => {
    release();
    rmSync(folder, { recursive: true });
  });

  const ways: Record<string, (text: string) => Promise<void> | void> = {
    writeFileSync: text => required.writeFileSync(path(), text),
    'writeFileSync of bytes': text => required.writeFileSync(path(), Buffer.from(text)),
    'writeFile with a callback': text => new Promise(resolve => required.writeFile(path(), text, () => resolve())),
    'writeFile made a promise': text => promisify(required.writeFile)(path(), text),
    'fs.promises.writeFile': text => required.promises.writeFile(path(), text),
    appendFileSync: text => required.appendFileSync(path(), text),
    'fs.promises.appendFile': text => required.promises.appendFile(path(), text),
    'a write stream, even where a secret is cut by two writes': async text => {
      const stream = required.createWriteStream(path());
      stream.write(text.slice(0, 3));
      stream.write(Buffer.from(text.slice(3)));
      await new Promise<void>(resolve => stream.end(resolve));
    },
  };
  for (const [title, write] of Object.entries(ways)) {
    it(`filters what is written by ${title}`, async () => {
      rmSync(path(), { force: true });
      await write('a secret is here: ü');
      assert.equal(readFileSync(path(), 'utf8'), 'a [x] is here: ü');
    });
  }

  it('leaves bytes that are no text as they are', () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x80, 0xc3]);
    required.writeFileSync(path(), bytes);
    assert.deepEqual(readFileSync(path()), bytes);
  });

  it('filters no more once it is released', () => {
    release();
    fs.writeFileSync(path(), 'secret');
    assert.equal(readFileSync(path(), 'utf8'), 'secret');
  });
});
