// The filter in front of the disk: whoever writes, and however, writes filtered text.

import assert from 'node:assert/strict';
import fs, { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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
  const path = () => join(folder, 'file');

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'paynet-client-auth-writes-'));
    guardWrites(text => text.replaceAll('secret', '[x]'));
  });
  after(() => rmSync(folder, { recursive: true }));

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

  it('replaces a file as a whole, keeps a link to it, and writes into a device', async () => {
    const write = promisify((file: string, text: string, done: (error: Error | null) => void) =>
      required.writeFile(file, text, done),
    );
    writeFileSync(path(), 'old');
    const link = join(folder, 'link');
    symlinkSync('file', link);
    const { ino } = fs.statSync(path());
    await write(link, 'a secret');
    assert.equal(readFileSync(path(), 'utf8'), 'a [x]');
    assert.equal(fs.readlinkSync(link), 'file');
    assert.notEqual(fs.statSync(path()).ino, ino);
    assert.deepEqual(readdirSync(folder).sort(), ['file', 'link']);
    await write('/dev/null', 'a secret');
    await assert.rejects(write(join(folder, 'none/file'), 'x'), /cannot be written: the directory ".*" does not exist/);
  });
});
