// The files of a v12 collection, read within bounds. On the machine. Postman stores a request as <name>.request.yaml, and what a
// collection or a folder has of its own as .resources/definition.yaml.

import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parseYaml } from '../client/yaml-text.ts';
import { CommandError } from '../command.ts';
import { inFile, readText } from '../files.ts';
import { isObject, type Json } from './findings.ts';
import { mustBe, toText } from './yaml-fields.ts';

/** A YAML file of a collection. */
export interface YamlFile {
  /** As messages have it. */
  path: string;
  text: string;
  value: Json;
  comments: string;
}

/** A collection, or a folder in it. */
export interface CollectionFolder {
  path: string;
  /** Name of the collection or folder: that of the definition, or else of the directory. */
  name: string;
  /** Whether it has the directory of the definition. */
  hasResources: boolean;
  definition: YamlFile | undefined;
  requests: YamlFile[];
  folders: CollectionFolder[];
}

export const RESOURCES = '.resources';
/** In this order: of both the first counts. */
const DEFINITIONS = ['definition.yaml', 'definition.yml'];
export const REQUEST = /\.request\.ya?ml$/;
const EXAMPLE = /\.example\.ya?ml$/;

/** More than this is a directory that was named by mistake. */
const MAX_ENTRIES = 50_000;
const MAX_BYTES = 100_000_000;
/** Folders in folders: Newman's stack overflows beyond some hundred. */
const MAX_DEPTH = 100;

/** What of the bounds is used up. */
interface Usage {
  entries: number;
  bytes: number;
}

/**
 * Reads a collection.
 *
 * @param root its directory
 * @throws CommandError with the path when a file is not YAML, or a bound is passed
 */
export const readFolder = (root: string): Promise<CollectionFolder> => readInside(root, { entries: 0, bytes: 0 }, 0);

async function readInside(path: string, usage: Usage, depth: number): Promise<CollectionFolder> {
  if (depth > MAX_DEPTH) throw new CommandError(`${path}: more than ${MAX_DEPTH} folders in each other. Move it up.`);
  const folder: CollectionFolder = {
    path,
    name: '',
    hasResources: false,
    definition: undefined,
    requests: [],
    folders: [],
  };
  for (const { name, isDirectory } of await list(path, usage)) {
    const inside = join(path, name);
    if (isDirectory && name === RESOURCES) {
      folder.hasResources = true;
      folder.definition = await readDefinition(inside, usage);
    } else if (isDirectory) folder.folders.push(await readInside(inside, usage, depth + 1));
    else if (REQUEST.test(name)) folder.requests.push(await readYamlFile(inside, usage));
  }
  // A directory without requests is a folder only where a definition says so.
  folder.folders = folder.folders.filter(
    ({ definition, requests, folders }) => definition || requests.length > 0 || folders.length > 0,
  );
  folder.name = nameOf(folder);
  return folder;
}

const nameOf = ({ definition, path }: CollectionFolder): string =>
  (definition && inFile(definition.path, () => toText(definition.value.name, 'name'))) || basename(resolve(path));

/** All files of a collection that are read. */
export function* filesOf(folder: CollectionFolder): Generator<YamlFile> {
  if (folder.definition) yield folder.definition;
  yield* folder.requests;
  for (const one of folder.folders) yield* filesOf(one);
}

/** All requests in a folder, at any depth. */
export const requestsOf = (folder: CollectionFolder): YamlFile[] => [
  ...folder.requests,
  ...folder.folders.flatMap(requestsOf),
];

/** All folders in a folder, at any depth. */
export const foldersOf = ({ folders }: CollectionFolder): CollectionFolder[] =>
  folders.flatMap(one => [one, ...foldersOf(one)]);

async function readDefinition(resources: string, usage: Usage): Promise<YamlFile | undefined> {
  const names = (await list(resources, usage)).map(({ name }) => name);
  const name = DEFINITIONS.find(one => names.includes(one));
  return name === undefined ? undefined : readYamlFile(join(resources, name), usage);
}

/**
 * Reads the examples of a collection, which are answers that were saved.
 *
 * @throws CommandError as {@link readFolder} does
 */
export async function readExamples(root: string): Promise<YamlFile[]> {
  const usage = { entries: 0, bytes: 0 };
  const files: YamlFile[] = [];
  const open = [root];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    for (const { name, isDirectory } of await list(path, usage)) {
      if (isDirectory) open.push(join(path, name));
      else if (EXAMPLE.test(name)) files.push(await readYamlFile(join(path, name), usage));
    }
  }
  return files;
}

/** The entries of a directory by name. A link to a directory is none: it may lead to where it is. */
async function list(path: string, usage: Usage): Promise<{ name: string; isDirectory: boolean }[]> {
  const entries = await readdir(path, { withFileTypes: true });
  usage.entries += entries.length;
  if (usage.entries > MAX_ENTRIES) {
    throw new CommandError(`${path}: more than ${MAX_ENTRIES} files. Name the directory of one collection.`);
  }
  return entries
    .map(entry => ({ name: entry.name, isDirectory: entry.isDirectory() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function readYamlFile(path: string, usage: Usage): Promise<YamlFile> {
  usage.bytes += await sizeOf(path);
  if (usage.bytes > MAX_BYTES) {
    throw new CommandError(`${path}: more than ${MAX_BYTES / 1e6} MB together. Name the directory of one collection.`);
  }
  const text = await readText(path);
  return inFile(path, () => toYamlFile(path, text));
}

/**
 * Reads a file from its text.
 *
 * @throws CommandError when that is not the YAML of a map
 */
export function toYamlFile(path: string, text: string): YamlFile {
  const { value, comments } = parseYaml(text);
  if (!isObject(value) || Array.isArray(value)) throw mustBe('the file', 'a map', value);
  return { path, text, value, comments };
}

/** A link that leads nowhere is told by the one who reads it. */
const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

/** Whether a directory is a collection or a folder: it holds requests, or a definition. */
export async function isCollectionFolder(path: string): Promise<boolean> {
  const names = await readdir(path).catch((): string[] => []);
  if (names.some(name => REQUEST.test(name))) return true;
  return names.includes(RESOURCES) && (await readdir(join(path, RESOURCES))).some(name => DEFINITIONS.includes(name));
}
