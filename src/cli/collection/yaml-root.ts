// Where the v12 collection begins that a path names: a directory or file inside of it, or the workspace around it. On the machine.
// Postman keeps the collections of a workspace in postman/collections/.

import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CommandError } from '../command.ts';
import { isCollectionFolder, RESOURCES } from './yaml-folder.ts';

/**
 * Finds the directory of the collection.
 *
 * @param path a directory, or a file of a request or a definition
 * @param collection name of the directory of a collection, where the path is that of a workspace
 * @returns the path itself where that is the collection
 * @throws CommandError when there is none, or several and none is chosen; with exit code 2 for a usage error
 */
export async function findRoot(path: string, collection: string | undefined): Promise<string> {
  const start = toDirectory(resolve(path));
  const home = await findHome(start);
  if (home !== undefined) return join(home, choose(path, await listDirectories(home), collection));
  refuseChoice(path, collection);
  const root = await findOutermost(start);
  if (root === undefined) {
    const what = 'no *.request.yaml and no .resources/definition.yaml is in it';
    throw new CommandError(`${path}: is not the directory of a collection: ${what}. Name another one.`);
  }
  return root === resolve(path) ? path : root;
}

/** Refuses the name of a collection where there is nothing to choose from. */
export function refuseChoice(path: string, collection: string | undefined): void {
  if (collection === undefined) return;
  throw new CommandError(`--collection chooses in a workspace, and ${path} is none. Leave it out.`, 2);
}

/** The outermost directory around a path that holds requests or a definition; a folder between two may hold neither. */
async function findOutermost(start: string): Promise<string | undefined> {
  let outermost: string | undefined;
  for (let path = start; path !== dirname(path); path = dirname(path)) {
    if (isAtHome(path)) return path;
    if (await isCollectionFolder(path)) outermost = path;
  }
  return outermost;
}

/** Whether a directory is where a workspace keeps its collections, whatever is in it. */
const isAtHome = (path: string): boolean => isHome(dirname(path));

const isHome = (path: string): boolean => basename(path) === 'collections' && basename(dirname(path)) === 'postman';

/** The directory of a request, or of the collection or folder that a definition belongs to. */
function toDirectory(path: string): string {
  const directory = /\.ya?ml$/.test(path) ? dirname(path) : path;
  return basename(directory) === RESOURCES ? dirname(directory) : directory;
}

/** The directory postman/collections of a workspace, of which the path may name each part. */
async function findHome(path: string): Promise<string | undefined> {
  for (const home of [path, join(path, 'collections'), join(path, 'postman', 'collections')]) {
    if (isHome(home) && (await listDirectories(home)).length > 0) return home;
  }
  return undefined;
}

const listDirectories = async (path: string): Promise<string[]> => {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter(entry => entry.isDirectory()).map(({ name }) => name);
};

function choose(path: string, names: string[], chosen: string | undefined): string {
  const [only = ''] = names;
  if (chosen === undefined && names.length === 1) return only;
  if (chosen !== undefined && names.includes(chosen)) return chosen;
  const listed = names.map(name => JSON.stringify(name)).join(', ');
  if (chosen !== undefined) {
    throw new CommandError(`${path}: there is no collection ${JSON.stringify(chosen)}. There are: ${listed}.`, 2);
  }
  throw new CommandError(`${path}: holds several collections. Choose one with --collection: ${listed}.`, 2);
}
