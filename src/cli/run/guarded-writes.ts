// Lets text pass through a filter before it reaches the disk, whoever in this process writes it: reporters are code of other
// people, and some write files by themselves. On the machine.
//
// The idea: what is written to a file stays in memory until the file is closed, so that the filter sees it as a whole; or until
// somebody reads, copies or cuts the file, or opens it once more. All functions of `fs` that write are made of four of them:
// open, write, close, and the writing of a whole file.

import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { callbackify } from 'node:util';
import { cannotBeWritten, writeText } from '../files.ts';

type Filter = (text: string) => string;
type Callback = (error: unknown, ...results: unknown[]) => void;
interface Options {
  encoding?: BufferEncoding | null;
  flag?: fs.OpenMode;
  mode?: fs.Mode;
  signal?: AbortSignal;
}

/** What was written one behind the other; without a place, it goes where the file is. */
interface Stretch {
  at: number | null;
  parts: Buffer[];
  length: number;
}

/** A file that was opened to be written. */
interface OpenFile {
  path: unknown;
  /** Device and inode: which file it is, by whatever name. */
  id: string;
  stretches: Stretch[];
}

/** As they are before they are replaced. */
const real = { ...fs, promises: { ...fs.promises } };

/** Text is filtered in whatever encoding it is; bytes in which there is nothing to filter stay as they are. */
function filterBytes(bytes: Buffer, filter: Filter): Buffer {
  const encodings: BufferEncoding[] = [
    isUtf8(bytes) ? 'utf8' : 'latin1',
    ...(bytes.includes(0) ? (['utf16le'] as const) : []),
  ];
  for (const encoding of encodings) {
    const text = bytes.toString(encoding);
    const filtered = filter(text);
    if (filtered !== text) return Buffer.from(filtered, encoding);
  }
  return bytes;
}

const isText = (data: unknown): data is string | NodeJS.ArrayBufferView =>
  typeof data === 'string' || ArrayBuffer.isView(data);

/** A copy: who writes may use the bytes again for something else. */
const toBytes = (data: string | NodeJS.ArrayBufferView, encoding?: BufferEncoding | null): Buffer =>
  typeof data === 'string'
    ? Buffer.from(data, encoding ?? 'utf8')
    : Buffer.from(Buffer.from(data.buffer, data.byteOffset, data.byteLength));

/** What a call of `write` writes, and where: (text, position, encoding), (bytes, offset, length, position) or (bytes, options). */
function toPiece(data: string | NodeJS.ArrayBufferView, rest: unknown[]): { bytes: Buffer; at: number | null } {
  const [first, second, third] = rest as [unknown, unknown, unknown];
  const toPlace = (value: unknown) => (typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null);
  if (typeof data === 'string') {
    return {
      bytes: toBytes(data, typeof second === 'string' ? (second as BufferEncoding) : 'utf8'),
      at: toPlace(first),
    };
  }
  const named =
    typeof first === 'object' && first !== null ? first : { offset: first, length: second, position: third };
  const { offset, length, position } = named as { offset?: unknown; length?: unknown; position?: unknown };
  const start = typeof offset === 'number' ? offset : 0;
  const end = typeof length === 'number' ? start + length : undefined;
  return { bytes: toBytes(data).subarray(start, end), at: toPlace(position) };
}

const isForWriting = (flags: unknown): boolean =>
  typeof flags === 'number'
    ? (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0
    : typeof flags === 'string' && !/^(?:r|rs|sr)$/.test(flags);

const isTruncating = (flags: unknown): boolean =>
  typeof flags === 'number' ? (flags & fs.constants.O_TRUNC) !== 0 : String(flags).startsWith('w');

const isPath = (target: unknown): target is fs.PathLike =>
  typeof target === 'string' || target instanceof URL || Buffer.isBuffer(target);

/** Functions that read, copy or cut a file, named or open: what was written to it has to be there before. */
const READERS = ['readFile', 'copyFile', 'truncate', 'read', 'ftruncate', 'fstat'] as const;

/** So many files to which something was appended by name are kept open. */
const MAX_APPENDED = 100;

/** A function with a callback that does what another does at once; `toResults` says what the callback is given. */
const toAsync =
  (act: (...args: never[]) => unknown, toResults = (result: unknown, _args: unknown[]): unknown[] => [result]) =>
  (...args: unknown[]): void => {
    const done = args.pop() as Callback;
    if (typeof done !== 'function') throw new TypeError('The last argument must be a callback.');
    try {
      setImmediate(done, null, ...toResults((act as (...args: unknown[]) => unknown)(...args), args));
    } catch (error) {
      setImmediate(done, error);
    }
  };

/**
 * Puts a filter in front of all functions of `fs` that write, and of its streams and file handles, which are made of them. It
 * stays as long as the process: where one report cannot be written, Newman says that it is done while it still writes the
 * others.
 *
 * @returns what has to be called when the process ends: it writes what was not closed, and throws when that can't be written
 */
export function guardWrites(filter: Filter): () => void {
  const open = new Map<number, OpenFile>();
  /** The descriptor of each file that something was appended to by its name: a secret may come in pieces. */
  const appended = new Map<string, number>();

  const toId = ({ dev, ino }: fs.BigIntStats): string => `${dev} ${ino}`;
  /** Of a file by its name; empty where there is none that can be seen. */
  const idOf = (path: fs.PathLike): string => {
    try {
      return toId(real.statSync(path, { bigint: true }));
    } catch {
      return '';
    }
  };
  const identify = (fd: number): string => toId(real.fstatSync(fd, { bigint: true }));

  const note = (fd: number, path: unknown, flags: unknown): void => {
    open.delete(fd);
    const id = open.size > 0 || isForWriting(flags) ? identify(fd) : '';
    // What was written before the file was emptied is gone; all else has its place before what comes now.
    if (isTruncating(flags)) {
      for (const file of open.values()) if (file.id === id) file.stretches = [];
    } else flushFile(id);
    if (isForWriting(flags)) open.set(fd, { path, id, stretches: [] });
  };

  const writeAll = (fd: number, bytes: Buffer, at: number | null): void => {
    for (let done = 0; done < bytes.length; ) {
      try {
        done += real.writeSync(fd, bytes, done, bytes.length - done, at === null ? null : at + done);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        // A pipe is full; whoever reads it needs a moment.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      }
    }
  };

  const put = (fd: number, bytes: Buffer, at: number | null): number => {
    const file = open.get(fd);
    // It was open before, as standard output is, which nobody closes.
    if (!file) writeAll(fd, filterBytes(bytes, filter), at);
    else {
      const last = file.stretches.at(-1);
      if (last && (at === null ? last.at === null : at === (last.at ?? 0) + last.length)) {
        last.parts.push(bytes);
        last.length += bytes.length;
      } else file.stretches.push({ at, parts: [bytes], length: bytes.length });
    }
    return bytes.length;
  };

  const flush = (fd: number): void => {
    const file = open.get(fd);
    const stretches = file?.stretches ?? [];
    if (file) file.stretches = [];
    for (const { at, parts } of stretches) writeAll(fd, filterBytes(Buffer.concat(parts), filter), at);
  };
  const flushFile = (id: string): void => {
    for (const [fd, file] of open) if (file.id === id) flush(fd);
  };
  /** Of a descriptor, or of a file by its name. */
  const flushTarget = (target: unknown): void => {
    if (typeof target === 'number') flush(target);
    else if (open.size > 0 && isPath(target)) flushFile(idOf(target));
  };
  const settle = (fd: number): void => {
    try {
      flush(fd);
    } finally {
      open.delete(fd);
    }
  };

  const openSync = (path: fs.PathLike, flags: fs.OpenMode = 'r', mode?: fs.Mode): number => {
    const fd = real.openSync(path, flags, mode);
    note(fd, path, flags);
    return fd;
  };
  const closeSync = (fd: number): void => {
    try {
      settle(fd);
    } finally {
      real.closeSync(fd);
    }
  };
  const writeSync = (fd: number, data: unknown, ...rest: unknown[]): number => {
    if (!isText(data)) return real.writeSync(fd, data as never);
    const { bytes, at } = toPiece(data, rest);
    return put(fd, bytes, at);
  };
  const writevSync = (fd: number, buffers: NodeJS.ArrayBufferView[], position?: number | null): number => {
    const bytes = Buffer.concat(buffers.map(buffer => toBytes(buffer)));
    return put(fd, bytes, position ?? null);
  };
  /** Appends to a file by its name, as if it were open from the first time on. */
  const append = (path: fs.PathLike, bytes: Buffer, flag: fs.OpenMode, mode?: fs.Mode): void => {
    const known = appended.get(idOf(path));
    if (known !== undefined && open.has(known) && !String(flag).includes('x')) {
      put(known, bytes, null);
      return;
    }
    const fd = openSync(path, flag, mode);
    put(fd, bytes, null);
    appended.set(identify(fd), fd);
    const [oldest] = appended;
    if (appended.size <= MAX_APPENDED || !oldest) return;
    appended.delete(oldest[0]);
    if (open.has(oldest[1])) closeSync(oldest[1]);
  };
  const writeWhole = (
    target: unknown,
    data: unknown,
    given: Options | BufferEncoding | null | undefined,
    otherwise: string,
  ) => {
    const {
      encoding,
      mode,
      flag = otherwise,
      signal,
    } = typeof given === 'string' ? { encoding: given } : (given ?? {});
    if (!isText(data)) return real.writeFileSync(target as never, data as never);
    signal?.throwIfAborted();
    const bytes = toBytes(data, encoding);
    if (typeof target === 'number') put(target, bytes, null);
    else if (String(flag).startsWith('a')) append(target as fs.PathLike, bytes, flag, mode);
    else {
      const fd = openSync(target as fs.PathLike, flag, mode);
      put(fd, bytes, null);
      closeSync(fd);
    }
  };
  const writeFileSync = (target: unknown, data: unknown, options?: Options) => writeWhole(target, data, options, 'w');
  const appendFileSync = (target: unknown, data: unknown, options?: Options) => writeWhole(target, data, options, 'a');

  // Newman's way to write a report: it is whole or not there, and an old one stays until then.
  const replaceFile = callbackify(async (file: string, text: string) => {
    try {
      await writeText(file, filter(text));
    } catch (error) {
      // Whoever makes the directory that is missing asks for the code.
      const { code, errno, syscall, path } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
      throw Object.assign(error as Error, code !== undefined && { code, errno, syscall, path });
    }
  });
  const writeFileLater = toAsync(writeFileSync, () => []);
  const writeFile = (...args: unknown[]): void => {
    const [file, text, done] = args;
    const isReport = typeof file === 'string' && typeof text === 'string' && typeof done === 'function';
    if (isReport) replaceFile(file, text, done as () => void);
    else writeFileLater(...args);
  };
  /** A callback of `open` can't be called at once: a pipe is open when somebody reads it. */
  const openLater = (path: unknown, ...rest: unknown[]): void => {
    const done = rest.pop() as Callback;
    const flags = rest[0] ?? 'r';
    (real.open as (...args: unknown[]) => void)(path, ...rest, (error: unknown, fd: number) => {
      if (!error) note(fd, path, flags);
      done(error, fd);
    });
  };

  /** Whole texts of promises, which may come in parts. */
  const writeParts = (write: typeof writeFileSync) => async (target: unknown, data: unknown, options?: Options) => {
    const descriptor = (target as { fd?: unknown } | null)?.fd ?? target;
    if (isText(data) || typeof data !== 'object' || data === null) return write(descriptor, data, options);
    const encoding = typeof options === 'string' ? options : options?.encoding;
    const parts: Buffer[] = [];
    for await (const part of data as AsyncIterable<string | NodeJS.ArrayBufferView>)
      parts.push(toBytes(part, encoding));
    write(descriptor, Buffer.concat(parts), options);
  };
  const openHandle = async (path: fs.PathLike, flags: fs.OpenMode = 'r', mode?: fs.Mode) => {
    const handle = await real.promises.open(path, flags, mode);
    const { fd } = handle;
    note(fd, path, flags);
    if (!open.has(fd)) return handle;
    const close = handle.close.bind(handle);
    const afterFlush =
      <A extends unknown[], R>(act: (...args: A) => R) =>
      (...args: A): R => {
        flush(fd);
        return act.apply(handle, args);
      };
    const writeToHandle = writeParts(writeFileSync);
    return Object.assign(handle, {
      write: async (data: unknown, ...rest: unknown[]) => ({
        bytesWritten: writeSync(fd, data, ...rest),
        buffer: data,
      }),
      writev: async (buffers: NodeJS.ArrayBufferView[], position?: number) => ({
        bytesWritten: writevSync(fd, buffers, position),
        buffers,
      }),
      writeFile: (data: unknown, options?: Options) => writeToHandle(fd, data, options),
      appendFile: (data: unknown, options?: Options) => writeToHandle(fd, data, options),
      truncate: afterFlush(handle.truncate),
      stat: afterFlush(handle.stat as (...args: unknown[]) => unknown),
      read: afterFlush(handle.read as (...args: unknown[]) => unknown),
      close: async () => {
        try {
          if (handle.fd === fd) settle(fd);
        } finally {
          await close();
        }
      },
    });
  };

  replace(fs, {
    openSync,
    closeSync,
    writeSync,
    writevSync,
    writeFileSync,
    appendFileSync,
    writeFile,
    open: openLater,
    write: toAsync(writeSync, (written, [, data]) => [written, data]),
    writev: toAsync(writevSync, (written, [, buffers]) => [written, buffers]),
    appendFile: toAsync(appendFileSync, () => []),
    close: (fd: number, done: Callback = () => undefined) => {
      try {
        settle(fd);
        real.close(fd, done);
      } catch (error) {
        real.close(fd, () => done(error));
      }
    },
  });
  replace(fs.promises, {
    open: openHandle,
    writeFile: writeParts(writeFileSync),
    appendFile: writeParts(appendFileSync),
  });
  for (const module of [fs, fs.promises] as Record<string, unknown>[]) {
    for (const name of READERS.flatMap(one => [one, `${one}Sync`])) {
      const act = module[name];
      if (typeof act !== 'function') continue;
      replace(module, {
        [name]: (target: unknown, ...rest: unknown[]) => {
          flushTarget(target);
          return act.call(module, target, ...rest);
        },
      });
    }
  }
  syncBuiltinESMExports();

  return () => {
    let failure: Error | undefined;
    for (const [fd, { path }] of open) {
      try {
        settle(fd);
      } catch (error) {
        failure ??= cannotBeWritten(String(path), error);
      }
    }
    if (failure) throw failure;
  };
}

/** Puts functions in the place of others, with all that is said of those: how they are made promises, say. */
function replace(module: object, functions: Record<string, (...args: never[]) => unknown>): void {
  for (const [name, act] of Object.entries(functions)) {
    const before = Object.getOwnPropertyDescriptors((module as Record<string, object>)[name]);
    Object.assign(module, { [name]: Object.defineProperties(act, before as PropertyDescriptorMap) });
  }
}
