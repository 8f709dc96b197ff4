// How the files of collections/ are made, on the machine, of those in collections/source/. The same sources and the same scripts
// give the same bytes.

import { readdir, readFile } from 'node:fs/promises';
import { inject } from '../src/cli/collection/injection.ts';
import type { Scripts } from '../src/cli/command.ts';

const SOURCE = 'collections/source';

/**
 * Makes what is imported into Postman: the collection with the scripts in it, and the environment as it is.
 *
 * @returns path and text of each file
 */
export const makeCollections = async (scripts: Scripts): Promise<{ path: string; text: string }[]> =>
  Promise.all(
    (await readdir(SOURCE)).map(async name => {
      const text = await readFile(`${SOURCE}/${name}`, 'utf8');
      const isCollection = name.endsWith('.postman_collection.json');
      return { path: `collections/${name}`, text: isCollection ? inject(text, scripts) : text };
    }),
  );
