// Lets text pass through a filter before it reaches the disk, whoever in this process writes it: reporters are code of other
// people, and some write files by themselves. On the machine.

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { Writable } from 'node:stream';
import { callbackify } from 'node:util';
import { writeText } from './files.ts';

type Data = string | NodeJS.ArrayBufferView;

/** Text is filtered, bytes that are UTF-8 too; all else is written as it is. */
const filterData = (data: unknown, filter: (text: string) => string): unknown => {
  if (typeof data === 'string') return filter(data);
  if (!ArrayBuffer.isView(data)) return data;
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? Buffer.from(filter(text), 'utf8') : data;
};

/**
 * Puts a filter in front of all functions of `fs` that write whole texts, and of its write streams, whose text is
 * filtered as a whole when they end. It stays as long as the process: where one report cannot be written, Newman says that
 * it is done while it still writes the others.
 */
export function guardWrites(filter: (text: string) => string): void {
  const { writeFile, writeFileSync, appendFile, appendFileSync } = fs;
  const { writeFile: writeFilePromise, appendFile: appendFilePromise } = fs.promises;

  const guard = <F extends (...args: never[]) => unknown>(write: F): F =>
    ((target: unknown, data: unknown, ...rest: unknown[]) =>
      (write as unknown as (...args: unknown[]) => unknown).call(
        fs,
        target,
        filterData(data, filter),
        ...rest,
      )) as unknown as F;

  const writeFiltered = guard(writeFile) as (...args: unknown[]) => void;
  const replaceFile = callbackify((file: string, text: string) => writeText(file, filter(text)));
  // Newman's way to write a report: it is whole or not there, and an old one stays until then.
  const write = (...args: unknown[]) => {
    const [file, text, done] = args;
    const isWhole = typeof file === 'string' && typeof text === 'string' && typeof done === 'function';
    if (isWhole) replaceFile(file, text, done as () => void);
    else writeFiltered(...args);
  };
  fs.writeFile = Object.assign(write, { __promisify__: writeFilePromise }) as typeof fs.writeFile;
  fs.appendFile = Object.assign(guard(appendFile), { __promisify__: appendFilePromise }) as typeof fs.appendFile;
  fs.writeFileSync = guard(writeFileSync);
  fs.appendFileSync = guard(appendFileSync);
  fs.promises.writeFile = guard(writeFilePromise);
  fs.promises.appendFile = guard(appendFilePromise);
  fs.createWriteStream = ((path: fs.PathLike, options?: BufferEncoding | { flags?: string }) => {
    const chunks: Buffer[] = [];
    const flags = typeof options === 'object' ? options.flags : undefined;
    return new Writable({
      write(chunk: Data, encoding, done) {
        chunks.push(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : Buffer.from(chunk as Buffer));
        done();
      },
      final(done) {
        writeFile(path, filterData(Buffer.concat(chunks), filter) as Buffer, { flag: flags ?? 'w' }, done);
      },
    });
  }) as unknown as typeof fs.createWriteStream;
  syncBuiltinESMExports();
}
