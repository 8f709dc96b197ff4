// The filter in front of the disk: whoever writes, and however, writes filtered text.

import assert from 'node:assert/strict';
import fs, { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { guardWrites } from '../../../src/cli/run/guarded-writes.ts';

describe('guardWrites', () => {
  // As a reporter gets it.
  const required = createRequire(import.meta.url)('fs') as typeof fs;
  let folder: string;
  let writeTheRest: () => void;
  const path = () => join(folder, 'file');

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'paynet-client-auth-writes-'));
    writeTheRest = guardWrites(text => text.replaceAll('secret', '[x]'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const secret = 'a secret is here: ü';
  const clean = 'a [x] is here: ü';
  const [half, rest] = [secret.slice(0, 4), secret.slice(4)];
  const bytes = Buffer.from(secret);
  const called = (act: (done: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => act(error => (error ? reject(error) : resolve())));
  const withFd = (write: (fd: number) => unknown, flags = 'w') => {
    const fd = required.openSync(path(), flags);
    write(fd);
    required.closeSync(fd);
  };
  const withHandle = async (write: (handle: fs.promises.FileHandle) => Promise<unknown>) => {
    const handle = await required.promises.open(path(), 'w');
    await write(handle);
    await handle.close();
  };
  const ended = (stream: NodeJS.WritableStream) => {
    stream.write(half);
    stream.write(Buffer.from(rest));
    return called(done => stream.end(() => done())).then(() => sleep(20));
  };

  const ways: Record<string, () => unknown> = {
    writeFileSync: () => required.writeFileSync(path(), secret),
    'writeFileSync of bytes': () => required.writeFileSync(path(), bytes),
    'writeFileSync of hexadecimal': () => required.writeFileSync(path(), bytes.toString('hex'), 'hex'),
    'writeFileSync of Base64': () => required.writeFileSync(path(), bytes.toString('base64'), { encoding: 'base64' }),
    'writeFileSync into a descriptor': () => withFd(fd => required.writeFileSync(fd, secret)),
    'writeFile with a callback': () => called(done => required.writeFile(path(), secret, done)),
    'writeFile with options': () => called(done => required.writeFile(path(), bytes, { flag: 'w' }, done)),
    'writeFile made a promise': () => promisify(required.writeFile)(path(), secret),
    'appendFile with a callback': () => called(done => required.appendFile(path(), secret, done)),
    'appendFileSync in pieces': () => {
      for (const letter of secret) required.appendFileSync(path(), letter);
    },
    'writeFileSync with the flag to append': () => {
      for (const letter of secret) required.writeFileSync(path(), letter, { flag: 'a' });
    },
    'fs.promises.writeFile': () => required.promises.writeFile(path(), secret),
    'fs.promises.writeFile of a list': () => required.promises.writeFile(path(), [half, rest]),
    'fs.promises.writeFile of a stream': () => required.promises.writeFile(path(), Readable.from([half, rest])),
    'fs.promises.writeFile into a handle': () => withHandle(handle => required.promises.writeFile(handle, secret)),
    'fs.promises.appendFile': () => required.promises.appendFile(path(), secret),
    'writeSync of texts': () => withFd(fd => [half, rest].map(text => required.writeSync(fd, text))),
    'writeSync of bytes': () => withFd(fd => [...bytes.keys()].map(at => required.writeSync(fd, bytes, at, 1))),
    'writeSync with options': () =>
      withFd(fd => required.writeSync(fd, bytes, ...([{ offset: 0 }] as unknown as [number]))),
    'writeSync at places': () => withFd(fd => [...bytes.keys()].map(at => required.writeSync(fd, bytes, at, 1, at))),
    'writeSync into a file that is also read': () => withFd(fd => required.writeSync(fd, secret), 'w+'),
    writevSync: () => withFd(fd => required.writevSync(fd, [bytes.subarray(0, 4), bytes.subarray(4)])),
    'open, write and close with callbacks': async () => {
      const fd = await promisify(required.open)(path(), 'w');
      const { bytesWritten } = await promisify(required.write)(fd, bytes, 0, bytes.length);
      assert.equal(bytesWritten, bytes.length);
      await promisify(required.close)(fd);
    },
    'writev with a callback': async () => {
      const fd = await promisify(required.open)(path(), 'w');
      await called(done => required.writev(fd, [bytes.subarray(0, 4), bytes.subarray(4)], done));
      await promisify(required.close)(fd);
    },
    'the write of a file handle': () =>
      withHandle(async handle => [await handle.write(half), await handle.write(rest)]),
    'the writev of a file handle': () => withHandle(handle => handle.writev([bytes.subarray(0, 4), bytes.subarray(4)])),
    'the writeFile of a file handle': () => withHandle(handle => handle.writeFile(secret)),
    'the appendFile of a file handle': () =>
      withHandle(async handle => [await handle.appendFile(half), await handle.appendFile(rest)]),
    'the stream of a file handle': async () => {
      const handle = await required.promises.open(path(), 'w');
      await ended(handle.createWriteStream());
    },
    'createWriteStream, even where a secret is cut by two writes': () => ended(required.createWriteStream(path())),
    'new WriteStream': () => ended(Reflect.construct(required.WriteStream, [path()])),
  };
  for (const [title, write] of Object.entries(ways)) {
    it(`filters what is written by ${title}`, async () => {
      rmSync(path(), { force: true });
      await write();
      writeTheRest();
      assert.equal(readFileSync(path(), 'utf8'), clean);
    });
  }

  it('filters text in other encodings', () => {
    for (const encoding of ['latin1', 'utf16le'] as const) {
      required.writeFileSync(path(), secret, encoding);
      assert.equal(readFileSync(path(), encoding), clean);
    }
  });

  it('filters bytes that are no UTF-8 without changing the others', () => {
    required.writeFileSync(
      path(),
      Buffer.concat([Buffer.from([0xff, 0x80]), Buffer.from(' secret'), Buffer.from([0xc3])]),
    );
    assert.deepEqual(
      readFileSync(path()),
      Buffer.concat([Buffer.from([0xff, 0x80]), Buffer.from(' [x]'), Buffer.from([0xc3])]),
    );
  });

  it('keeps what a file held, and the places that are written to', () => {
    writeFileSync(path(), '0123456789');
    withFd(
      fd => [required.writeSync(fd, 'ab', 2), required.writeSync(fd, 'c', 4), required.writeSync(fd, 'z', 9)],
      'r+',
    );
    required.appendFileSync(path(), '!');
    writeTheRest();
    assert.equal(readFileSync(path(), 'utf8'), '01abc5678z!');
  });

  const orders: [title: string, expected: string, act: (file: string) => void][] = [
    [
      'what is appended by name and through a descriptor',
      '123',
      file => {
        required.appendFileSync(file, '1');
        const fd = required.openSync(file, 'a');
        required.writeSync(fd, '2');
        required.closeSync(fd);
        required.appendFileSync(file, '3');
      },
    ],
    [
      'what comes after the file was emptied by a number of flags',
      'new',
      file => {
        required.appendFileSync(file, 'old');
        const fd = required.openSync(file, required.constants.O_WRONLY | required.constants.O_TRUNC);
        required.writeSync(fd, 'new');
        required.closeSync(fd);
      },
    ],
    [
      'what comes after the file was cut by its name',
      'new',
      file => {
        required.appendFileSync(file, 'old');
        required.truncateSync(file, 0);
        required.appendFileSync(file, 'new');
      },
    ],
    [
      'what comes after the file was cut by its descriptor',
      'b',
      file => {
        const fd = required.openSync(file, 'w');
        required.writeSync(fd, 'aaaa');
        required.ftruncateSync(fd, 0);
        required.writeSync(fd, 'b', 0);
        required.closeSync(fd);
      },
    ],
    [
      'what is written over the end',
      '[1,2]',
      file => {
        const fd = required.openSync(file, 'w');
        required.writeSync(fd, '[1,2,');
        required.writeSync(fd, ']', required.fstatSync(fd).size - 1);
        required.closeSync(fd);
      },
    ],
  ];
  for (const [title, expected, act] of orders) {
    it(`keeps the order of ${title}`, () => {
      required.writeFileSync(path(), '');
      act(path());
      assert.equal(required.readFileSync(path(), 'utf8'), expected);
    });
  }

  it('lets what was written be read and copied before the process ends', async () => {
    required.writeFileSync(path(), '');
    required.appendFileSync(path(), secret);
    required.copyFileSync(path(), join(folder, 'copy'));
    assert.equal(required.readFileSync(join(folder, 'copy'), 'utf8'), clean);
    required.rmSync(join(folder, 'copy'));
    required.appendFileSync(path(), secret);
    assert.equal(await required.promises.readFile(path(), 'utf8'), clean + clean);
    const handle = await required.promises.open(path(), 'w+');
    await handle.write(secret);
    assert.equal((await handle.stat()).size, Buffer.byteLength(clean));
    await handle.truncate(1);
    await handle.close();
    assert.equal(required.readFileSync(path(), 'utf8'), 'a');
    withFd(fd => {
      required.writeSync(fd, secret);
      const read = Buffer.alloc(100);
      assert.equal(read.toString('utf8', 0, required.readSync(fd, read, 0, 100, 0)), clean);
    }, 'w+');
  });

  it('appends to more files than may be open', () => {
    const files = Array.from({ length: 150 }, (_, index) => join(folder, `many-${index}`));
    for (const round of [1, 2]) for (const file of files) required.appendFileSync(file, `${round}`);
    for (const file of files) {
      assert.equal(required.readFileSync(file, 'utf8'), '12');
      required.rmSync(file);
    }
    assert.equal(required.readdirSync('/proc/self/fd').length < 140, true, 'too many descriptors are open');
  });

  it('gives the code of an error, as fs does', async () => {
    const error = await called(done => required.writeFile(join(folder, 'none', 'file'), 'x', done)).catch(one => one);
    assert.equal(error.code, 'ENOENT');
  });

  it('forgets what was appended to a file that is written anew', () => {
    required.appendFileSync(path(), 'old');
    required.writeFileSync(path(), 'new');
    required.appendFileSync(path(), 'er');
    writeTheRest();
    assert.equal(readFileSync(path(), 'utf8'), 'newer');
  });

  it('says at once when a file cannot be opened, and at the end when what is left cannot be written', () => {
    const none = join(folder, 'none/file');
    assert.throws(() => required.appendFileSync(none, 'x'), { code: 'ENOENT' });
    assert.throws(() => required.openSync(none, 'w'), { code: 'ENOENT' });
    if (!fs.existsSync('/dev/full')) return;
    required.writeSync(required.openSync('/dev/full', 'w'), 'x');
    assert.throws(writeTheRest, /\/dev\/full: cannot be written: the disk is full/);
  });

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
