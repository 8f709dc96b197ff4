// How the files of collections/ are made, on the machine, of those in collections/source/. The same sources and the same scripts
// give the same bytes.

import { readFile } from 'node:fs/promises';
import { inject } from '../src/cli/collection/injection.ts';
import type { Scripts } from '../src/cli/command.ts';
import { toV12Collection, toV12Environment } from './v12.ts';

const SOURCE = 'collections/source';
const COLLECTION = 'paynet.postman_collection.json';
const ENVIRONMENT = 'paynet.postman_environment.json';

/** What is laid out as in the directory of a workspace of Postman v12; the build alone writes there. */
export const V12 = 'collections/v12';

/**
 * Makes what is imported into Postman: the collection with the scripts in it, and the environment as it is; then both as files of
 * Postman v12.
 *
 * @returns path and text of each file
 */
export const makeCollections = async (scripts: Scripts): Promise<{ path: string; text: string }[]> => {
  const collection = await readFile(`${SOURCE}/${COLLECTION}`, 'utf8');
  const environment = await readFile(`${SOURCE}/${ENVIRONMENT}`, 'utf8');
  const files = [...toV12Collection(JSON.parse(collection), scripts), toV12Environment(JSON.parse(environment))];
  return [
    { path: `collections/${COLLECTION}`, text: inject(collection, scripts) },
    { path: `collections/${ENVIRONMENT}`, text: environment },
    ...files.map(({ path, text }) => ({ path: `${V12}/${path}`, text })),
  ];
};
