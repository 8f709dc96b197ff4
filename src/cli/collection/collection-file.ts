// A collection as a command is given it: a file, or standard input. On the machine.

import type { RunHost } from '../command.ts';
import { decodeUtf8, inFile, readBytes } from '../files.ts';

/** The text of a collection, with the name that messages have for it. */
export interface CollectionFile {
  name: string;
  text: string;
}

/**
 * Reads a collection as text.
 *
 * @param file "-" for standard input
 * @throws CommandError when it can't be read, or is not UTF-8
 */
export async function readCollectionFile(file: string, host: RunHost): Promise<CollectionFile> {
  const isStandardInput = file === '-';
  const name = isStandardInput ? 'standard input' : file;
  const bytes = isStandardInput ? await host.readStandardInput() : await readBytes(file);
  return { name, text: inFile(name, () => decodeUtf8(bytes)) };
}
