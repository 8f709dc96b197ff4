// A collection as a command is given it: a JSON file, standard input, or a folder of Postman v12. What a command does with it is
// the same. On the machine.

import { stat } from 'node:fs/promises';
import { Option } from 'commander';
import type { RunHost, Scripts } from '../command.ts';
import { decodeUtf8, inFile, readBytes, writeWhole } from '../files.ts';
import { parseCollection } from './collection.ts';
import { readFolderSource } from './folder-source.ts';
import { inject, remove, type Where } from './injection.ts';
import { refuseChoice } from './yaml-root.ts';

/** A collection, however it is stored. */
export interface CollectionSource {
  /** What messages call it. */
  name: string;
  /** JSON text in format v2.1 or v2.0; as it is in a file. */
  text: string;
  /** What is to be known of how it was read, in sentences. */
  notes: string[];
  /**
   * Whether Postman drops what a script of the collection has changed in a request, where the request or a folder around it has a
   * script of the same kind.
   */
  dropsChanges: boolean;
  /** All that is stored, to be searched for secrets. */
  readDocuments: () => Promise<StoredDocument[]>;
  /** The collection with the scripts; throws CommandError as the function `inject` does. */
  inject: (scripts: Scripts, where: Where) => Edited;
  /** The collection without the scripts, or one folder of it; throws CommandError as the function `remove` does. */
  remove: (folder: string | undefined) => Edited;
}

/** A collection that was edited, and not yet written. */
export interface Edited {
  isChanged: boolean;
  /** Writes to where it was read; what would not change keeps its time stamp. */
  replace: () => Promise<void>;
  /** Writes to another place. */
  save: (output: string) => Promise<void>;
  /** Writes to standard output. */
  print: () => Promise<void>;
}

/** A file of a collection, parsed; the one file of a whole collection has no name. */
export interface StoredDocument {
  name: string;
  root: unknown;
}

/** What commands say of their argument. */
export const COLLECTION_ARGUMENT = 'collection in format v2.1 or v2.0, or the folder of a collection of Postman v12';

/** The option that chooses in a workspace. */
export const createCollectionOption = (): Option =>
  new Option('--collection <name>', 'the collection of this name, where the folder is a workspace with several');

/**
 * Reads a collection.
 *
 * @param path of a file or a folder; "-" for standard input
 * @param collection the one to choose in a workspace of several
 * @throws CommandError when it can't be read, or is none
 */
export async function readCollection(
  path: string,
  collection: string | undefined,
  host: RunHost,
): Promise<CollectionSource> {
  if (await isFolder(path)) return await readFolderSource(path, collection);
  refuseChoice(path, collection);
  return await readFileSource(path, host);
}

/** Whether a path names a folder, or a YAML file in one. */
async function isFolder(path: string): Promise<boolean> {
  const found = path === '-' ? undefined : await stat(path).catch(() => undefined);
  return found !== undefined && (found.isDirectory() || /\.ya?ml$/.test(path));
}

const toText = (name: string, bytes: Buffer): string => inFile(name, () => decodeUtf8(bytes));

async function readFileSource(path: string, host: RunHost): Promise<CollectionSource> {
  const isStandardInput = path === '-';
  const name = isStandardInput ? 'standard input' : path;
  // The bytes are not kept: a collection may have 50 MB.
  const text = toText(name, isStandardInput ? await host.readStandardInput() : await readBytes(path));
  const toEdited = (result: string): Edited => ({
    isChanged: result !== text,
    replace: async () => {
      if (result !== text) await writeWhole(path, result);
    },
    save: output => writeWhole(output, result),
    print: () => host.print(result),
  });
  return {
    name,
    text,
    notes: [],
    dropsChanges: false,
    readDocuments: async () => [{ name: '', root: inFile(name, () => parseCollection(text)) }],
    inject: (scripts, where) => toEdited(inFile(name, () => inject(text, scripts, where))),
    remove: folder => toEdited(inFile(name, () => remove(text, folder))),
  };
}
