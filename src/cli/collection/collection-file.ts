// A collection as a command is given it: a file, or standard input. On the machine.

import { CommandError, type Host } from '../command.ts';
import { decodeUtf8, readBytes } from '../files.ts';

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
export async function readCollectionFile(file: string, host: Host): Promise<CollectionFile> {
  const isStandardInput = file === '-';
  const name = isStandardInput ? 'standard input' : file;
  const bytes = isStandardInput ? await host.readStandardInput() : await readBytes(file);
  return { name, text: inFile(name, () => decodeUtf8(bytes)) };
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
