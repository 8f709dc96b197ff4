// Writes the files of a run: reports, and exported scopes. Each is written whole or not at all. On the machine.

import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, parse, resolve } from 'node:path';
import { cannotBeWritten, writeWhole } from '../files.ts';

/** A file as reporters and Newman hand it over. */
export interface ExportedFile {
  path?: unknown;
  /** Its name where the path is a directory, or where there is none: then it goes into `newman/`. */
  default?: string;
  /** Text or bytes, or an object that becomes JSON. */
  content?: unknown;
}

/** A file with what is to be written into it. */
export interface Export extends ExportedFile {
  content: string | Uint8Array;
}

/** Makes text of what is to be written, as Newman does. */
export function toExport({ content, ...file }: ExportedFile): Export {
  if (typeof content === 'string' || content instanceof Uint8Array) return { ...file, content };
  return { ...file, content: content ? JSON.stringify(content, null, 2) : '' };
}

/**
 * Writes a file where Newman would: under a name with the time where none is given.
 *
 * @throws CommandError when it can't be written; an old file is then untouched
 */
export async function writeExport({ path, default: name, content }: Export): Promise<void> {
  if (typeof path !== 'string' && name === undefined) return;
  const { name: base, ext } = parse(name ?? '');
  const stamped = `${base}-${new Date().toISOString().replace(/\D+/g, '-')}0${ext}`;
  const given = typeof path === 'string' ? resolve(path) : join('newman', stamped);
  await mkdir(dirname(given), { recursive: true }).catch(error => {
    throw cannotBeWritten(error.path ?? given, error);
  });
  const isDirectory = (await stat(given).catch(() => undefined))?.isDirectory();
  await writeWhole(isDirectory ? join(given, stamped) : given, content);
}
