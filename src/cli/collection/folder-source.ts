// The folder of a collection of Postman v12 as a source. On the machine.

import { resolve } from 'node:path';
import { CommandError } from '../command.ts';
import { inFile } from '../files.ts';
import { locate } from './collection.ts';
import type { CollectionSource, Edited, StoredDocument } from './collection-source.ts';
import { isObject, toShown } from './findings.ts';
import { copyChanged, writeChanges } from './folder-output.ts';
import { NAME_BY_EVENT } from './script-text.ts';
import { type Changes, toInjected, toRemoved } from './yaml-changes.ts';
import { foldCollection, type NotFolded } from './yaml-fold.ts';
import { type CollectionFolder, filesOf, foldersOf, readExamples, readFolder, type YamlFile } from './yaml-folder.ts';
import { findRoot } from './yaml-root.ts';

/**
 * Reads a folder.
 *
 * @param path a directory, or a file of a request or a definition
 * @param collection the one to choose in a workspace of several
 * @throws CommandError when it can't be read, or is none
 */
export async function readFolderSource(path: string, collection: string | undefined): Promise<CollectionSource> {
  const root = await findRoot(path, collection);
  const folder = await readFolder(root);
  const { collection: folded, not } = foldCollection(folder);
  const text = JSON.stringify(folded);
  const files = new Map([...filesOf(folder)].map(file => [file.path, file.text]));
  /** The collection, or the folder of that name: exactly one, or `locate` throws. */
  const find = (name: string | undefined): CollectionFolder => {
    inFile(root, () => locate(text, name));
    return name === undefined ? folder : (foldersOf(folder).find(one => one.name === name) as CollectionFolder);
  };
  const toEdited = (changes: Changes): Edited => {
    const changed: Changes = new Map([...changes].filter(([file, change]) => change.text !== files.get(file)));
    return {
      isChanged: changed.size > 0,
      replace: () => writeChanges(changed),
      save: output => copyChanged(root, changed, output),
      print: () => Promise.reject(new CommandError(`${root}: a folder needs --in-place or --output.`, 2)),
    };
  };
  const isInside = resolve(root).length < resolve(path).length;
  const inside = `${path} is in the collection ${root}, which is taken as a whole. --folder takes one folder.`;
  return {
    name: root,
    text,
    notes: [...(isInside ? [inside] : []), ...toNotes(not)],
    dropsChanges: true,
    readDocuments: async () => [...filesOf(folder), ...(await readExamples(root))].flatMap(toDocuments),
    inject: (scripts, where) => toEdited(toInjected(root, find(where.folder), scripts, where.last)),
    remove: name => toEdited(toRemoved(find(name))),
  };
}

const toNotes = ({ requests, scripts }: NotFolded): string[] => [
  ...requests.map(
    ({ name, kind }) =>
      `${JSON.stringify(toShown(name))} is a ${kind}: the scripts are for HTTP requests, and "run" leaves it out.`,
  ),
  ...scripts.map(({ name, listen }) => {
    const whose = name === '' ? 'the collection' : JSON.stringify(toShown(name));
    const more = NAME_BY_EVENT[listen].replace('the', 'more than one');
    return `${whose} has ${more}; Postman runs only the first, and so does run. Put them into one.`;
  }),
];

const toDocuments = ({ path, value, comments }: YamlFile): StoredDocument[] => [
  { name: path, root: Array.isArray(value.scripts) ? { ...value, scripts: value.scripts.map(inLines) } : value },
  { name: path, root: { comments } },
];

/** A script with its lines, as v2.1 has them: the place of a secret is then that of its line, `code[3]`. */
const inLines = (script: unknown): unknown =>
  isObject(script) && typeof script.code === 'string' ? { ...script, code: script.code.split('\n') } : script;
