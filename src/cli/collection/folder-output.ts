// Writes what was changed in a folder of a v12 collection: in place, or into a copy of the folder. Each file is written whole or not
// at all. On the machine.

import { cp, mkdir, mkdtemp, readdir, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { CommandError } from '../command.ts';
import { cannotBeWritten, writeWhole } from '../files.ts';
import type { Changes } from './yaml-changes.ts';

/**
 * Writes changes to where they belong, new files first.
 *
 * @throws CommandError when a file can't be written
 */
export async function writeChanges(changes: Changes): Promise<void> {
  for (const [path, { text, withDirectory }] of changes) {
    if (text === undefined) continue;
    if (withDirectory) await attempt(dirname(path), () => mkdir(dirname(path), { recursive: true }));
    await writeWhole(path, text);
  }
  for (const [path, { text, withDirectory }] of changes) {
    if (text !== undefined) continue;
    await attempt(path, () => unlink(path));
    // Someone may have put something else into it.
    if (withDirectory) await rmdir(dirname(path)).catch(() => undefined);
  }
}

/**
 * Copies a folder with the changes: beside the target first, so that there is never a half of it.
 *
 * @param target a directory that is not there, or is empty
 * @throws CommandError when it holds something, or can't be written; with exit code 2 when one is in the other
 */
export async function copyChanged(root: string, changes: Changes, target: string): Promise<void> {
  const [from, to] = [resolve(root), resolve(target)];
  if (`${to}${sep}`.startsWith(from + sep) || `${from}${sep}`.startsWith(to + sep)) {
    throw new CommandError(
      `${target}: is in the collection, or around it. Name another directory, or use --in-place.`,
      2,
    );
  }
  await refuseFilled(target);
  const staging = await attempt(target, () => mkdtemp(join(dirname(to), `.${basename(to)}-`)));
  try {
    const copy = join(staging, basename(to));
    await attempt(target, () => cp(from, copy, { recursive: true, verbatimSymlinks: true }));
    await writeChanges(
      new Map([...changes].map(([path, change]) => [join(copy, relative(from, resolve(path))), change])),
    );
    // Not every system renames over an empty directory.
    await rmdir(to).catch(() => undefined);
    await attempt(target, () => rename(copy, to));
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function refuseFilled(target: string): Promise<void> {
  const names = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') throw new CommandError(`${target}: is a file. Name a new directory.`);
    throw cannotBeWritten(target, error);
  });
  if (names.length > 0) throw new CommandError(`${target}: is not empty. Name a new directory.`);
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof CommandError ? error : cannotBeWritten(path, error);
  }
}
