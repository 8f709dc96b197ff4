// Reads and writes whole files; each way in which that fails has its own message. On the machine.

import { isUtf8 } from 'node:buffer';
import { access, constants, lstat, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { CommandError } from './command.ts';

/** Whether a text can be the path of a file, and is not what a file holds, as a key: that is never to be shown. */
export const isPath = (text: string): boolean =>
  text !== '' && text.length <= 1024 && !/[\r\n]|-----BEGIN|^\s*\{/.test(text);

/**
 * Reads a whole file as bytes.
 *
 * @throws CommandError when there is no such file, it is a directory, or it cannot be read
 */
export async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    if (!isPath(file)) {
      const got = file === '' ? 'nothing' : `${file.length} characters of text`;
      throw new CommandError(`expected the path of a file, got ${got}. Write the text into a file, and name that.`, 2);
    }
    if (/^https?:\/\//i.test(file)) {
      const why =
        'What comes from there can change from run to run, and scripts of a collection can read the signing key';
      throw new CommandError(`${file}: is a URL, not a file. Download it first, and look at it. ${why}.`, 2);
    }
    const reasons: Record<string, string> = {
      ENOENT: 'no such file. Check the path.',
      ENOTDIR: 'no such file. Check the path.',
      EISDIR: 'is a directory, not a file. Name a file in it.',
      EACCES: 'no permission to read it. Check the rights of the file and of its directory.',
    };
    throw new CommandError(`${file}: ${reasons[errorCode(error)] ?? `cannot be read: ${messageOf(error)}`}`, 1, {
      cause: error,
    });
  }
}

/**
 * Reads a whole file as text.
 *
 * @throws CommandError that names the file, when it can't be read or is not UTF-8
 */
export async function readText(file: string): Promise<string> {
  const bytes = await readBytes(file);
  return inFile(file, () => decodeUtf8(bytes));
}

/** Does something with a file; the message of a `CommandError` then begins with the name of the file. */
export function inFile<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(`${name}: ${error.message}`, error.exitCode, { cause: error });
  }
}

/**
 * Decodes UTF-8 and keeps a byte order mark, so that encoding the text again gives the same bytes.
 *
 * @throws CommandError when the bytes are not UTF-8, where a decoder would silently replace some of them
 */
export function decodeUtf8(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  throw new CommandError(`not UTF-8 text${utf16 ? ' but UTF-16' : ''}. Save the file as UTF-8.`);
}

/**
 * Writes a whole file or nothing: beside the old one, flushed, then renamed over it. Mode, owner and a symbolic link to the file
 * are kept. A device or a pipe, which cannot be replaced, is written to directly.
 *
 * @param mode permissions of the file, in place of those of the old one
 * @throws CommandError when the file cannot be written; the old one is then unchanged
 */
export async function writeWhole(file: string, content: string | Uint8Array, mode?: number): Promise<void> {
  const toParts = () => (typeof content === 'string' ? encodeUtf8(content) : content);
  try {
    const existing = await statOrMissing(file);
    if (existing?.isDirectory()) throw new CommandError(`${file}: is a directory. Name a file in it.`);
    if (existing && !existing.isFile()) return await writeFile(file, toParts());
    // A rename would also replace a file that its owner made read-only.
    if (existing) await access(file, constants.W_OK);
    // The package writes with a single write(2), which a full disk cuts short without an error: write in its place.
    await writeFileAtomic(file, '', {
      tmpfileCreated: temporary => writeFile(temporary, toParts(), { flag: 'r+' }),
      ...(mode !== undefined && { mode }),
    });
  } catch (error) {
    throw error instanceof CommandError ? error : cannotBeWritten(file, error);
  }
}

/**
 * Writes a file that was not there, whole or not at all.
 *
 * @param force whether a file that is there is replaced
 * @param mode permissions of the file; by default those of any new file
 * @throws CommandError when there is such a file, or it cannot be written
 */
export async function writeNew(file: string, content: string, force = false, mode?: number): Promise<void> {
  if (force) return await writeWhole(file, content, mode);
  const handle = await open(file, 'wx', mode).catch(error => {
    throw errorCode(error) === 'EEXIST' ? isThere(file) : cannotBeWritten(file, error);
  });
  try {
    await handle.writeFile(content);
    await handle.sync();
  } catch (error) {
    await rm(file, { force: true });
    throw cannotBeWritten(file, error);
  } finally {
    await handle.close();
  }
}

/**
 * Refuses to begin where a file is there that must not be replaced.
 *
 * @throws CommandError that names the file
 */
export async function refuseExisting(files: string[], force = false): Promise<void> {
  for (const file of files) if (!force && (await exists(file))) throw isThere(file);
}

/** Whether there is a file, directory or link of this name. */
export const exists = async (file: string): Promise<boolean> =>
  (await lstat(file).catch(() => undefined)) !== undefined;

const isThere = (file: string): CommandError =>
  new CommandError(`${file}: is there already. Name another file, or replace it with --force.`);

/** Whether two paths name one file, by whatever links. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  if (resolve(one) === resolve(other)) return true;
  const [a, b] = await Promise.all([one, other].map(file => stat(file).catch(() => undefined)));
  return a !== undefined && a.dev === b?.dev && a.ino === b.ino;
}

/**
 * Encodes a text part by part in one small buffer, so that the bytes of a large file are never all in memory. A part is valid
 * until the next one is requested.
 */
export function* encodeUtf8(text: string): Generator<Uint8Array> {
  const unitsOfPart = 100_000;
  const encoder = new TextEncoder();
  // A UTF-16 code unit becomes at most 3 bytes.
  const buffer = new Uint8Array(3 * unitsOfPart);
  for (let start = 0; start < text.length; ) {
    let end = start + unitsOfPart;
    // The two halves of a surrogate pair must be encoded together.
    if ((text.codePointAt(end - 1) ?? 0) > 0xffff) end -= 1;
    yield buffer.subarray(0, encoder.encodeInto(text.slice(start, end), buffer).written);
    start = end;
  }
}

/**
 * Describes a failed write.
 *
 * @param name what was written to
 * @param error the error of the operating system
 */
export function cannotBeWritten(name: string, error: unknown): CommandError {
  const reasons: Record<string, string> = {
    ENOENT: `the directory "${dirname(name)}" does not exist. Create it first.`,
    ENOTDIR: `"${dirname(name)}" is not a directory. Check the path.`,
    EEXIST: 'there is a file where a directory must be. Check the path.',
    EACCES: 'no permission. Check the rights of the file and of its directory.',
    EPERM: 'no permission. Check the rights of the file and of its directory.',
    EROFS: 'the file system is read-only. Choose another place.',
    ENOSPC: 'the disk is full. Make room and try again.',
    EDQUOT: 'the disk quota is used up. Make room and try again.',
    EFBIG: 'the file would be larger than the system allows. Raise the limit and try again.',
  };
  const reason = reasons[errorCode(error)] ?? messageOf(error);
  return new CommandError(`${name}: cannot be written: ${reason}`, 1, { cause: error });
}

async function statOrMissing(file: string) {
  try {
    return await stat(file);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    const link = await lstat(file).catch(() => undefined);
    if (link) throw new CommandError(`${file}: is a symbolic link to a file that does not exist. Remove the link.`);
    return undefined;
  }
}

function errorCode(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
