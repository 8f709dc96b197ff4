// A collection as a command is given it: a JSON file, standard input, or a folder of Postman v12. What a command does with it is
// the same. On the machine.

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option } from 'commander';
import { CommandError, type Host } from '../command.ts';
import { assertCollection } from './collection.ts';
import { inFile, readCollectionFile } from './collection-file.ts';
import { toShown } from './findings.ts';
import { foldCollection } from './yaml-fold.ts';
import { type CollectionFolder, readExamples, readFolder, type YamlFile } from './yaml-folder.ts';
import { findRoot } from './yaml-root.ts';

/** A collection, however it is stored. */
export interface CollectionSource {
  /** What messages call it. */
  name: string;
  /** JSON text in format v2.1 or v2.0; as it is in a file. */
  text: string;
  /** What is to be known of how it was read, in sentences. */
  notes: string[];
  /** All that is stored, to be searched for secrets. */
  readDocuments: () => Promise<StoredDocument[]>;
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
  host: Host,
): Promise<CollectionSource> {
  if (await isFolder(path)) return await readFolderSource(path, collection);
  if (collection !== undefined) {
    throw new CommandError(`--collection chooses in a workspace, and ${path} is none. Leave it out.`, 2);
  }
  const { name, text } = await readCollectionFile(path, host);
  const readDocuments = async () => {
    inFile(name, () => assertCollection(text));
    return [{ name: '', root: JSON.parse(text.replace(/^\uFEFF/, '')) }];
  };
  return { name, text, notes: [], readDocuments };
}

/** Whether a path names a folder, or a YAML file in one. */
async function isFolder(path: string): Promise<boolean> {
  const found = path === '-' ? undefined : await stat(path).catch(() => undefined);
  return found !== undefined && (found.isDirectory() || /\.ya?ml$/.test(path));
}

async function readFolderSource(path: string, collection: string | undefined): Promise<CollectionSource> {
  const root = await findRoot(path, collection);
  const folder = await readFolder(root);
  const { collection: folded, leftOut } = foldCollection(folder);
  const notes: string[] = [];
  if (resolve(root).length < resolve(path).length) {
    notes.push(`${path} is in the collection ${root}, which is taken as a whole. --folder takes one folder.`);
  }
  for (const { name, kind } of leftOut) {
    notes.push(`${JSON.stringify(toShown(name))} is left out: it is a ${kind}, and Newman sends HTTP requests.`);
  }
  return {
    name: root,
    text: JSON.stringify(folded),
    notes,
    readDocuments: async () => [...filesOf(folder), ...(await readExamples(root))].flatMap(toDocuments),
  };
}

function* filesOf(folder: CollectionFolder): Generator<YamlFile> {
  if (folder.definition) yield folder.definition;
  yield* folder.requests;
  for (const one of folder.folders) yield* filesOf(one);
}

const toDocuments = ({ path, value, comments }: YamlFile): StoredDocument[] => [
  { name: path, root: value },
  { name: path, root: { comments } },
];
