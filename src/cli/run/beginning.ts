// What a run begins with, for a look at it before: the variables of all scopes, the text of its data, the part of the collection that
// is run. On the machine.

import type { Beginning } from '../client/beginning.ts';
import type { Client } from '../client/client-options.ts';
import { createReader, type Environment, type EnvironmentValue } from '../client/environment.ts';
import { readText } from '../files.ts';
import type { RunOptions } from './newman-options.ts';

type Item = { name?: unknown; id?: unknown; item?: unknown };

/** Reads what a run begins with. */
export async function readBeginning(
  client: Client,
  collection: Item & { variable?: unknown },
  globals: Environment | undefined,
  globalVar: EnvironmentValue[],
  { folder, iterationData, signingKey }: RunOptions,
): Promise<Beginning> {
  const variables = Array.isArray(collection.variable)
    ? collection.variable.filter(one => typeof one?.key === 'string')
    : [];
  const values = [...(globals?.values ?? []), ...globalVar, ...variables, ...client.environment.values];
  const read = createReader({ name: 'run', values });
  const part = folder ? { ...collection, item: findItems(collection, folder) } : collection;
  const data = iterationData === undefined ? '' : await readText(iterationData);
  return { client, collection, part, data, read, keyFile: signingKey };
}

/** The items of a collection, at any depth, with one of these names or identifiers. */
function findItems(root: Item, names: string[]): Item[] {
  const items = Array.isArray(root.item) ? root.item.filter(one => typeof one === 'object' && one !== null) : [];
  return items.flatMap(one => (names.includes(one.name) || names.includes(one.id) ? [one] : findItems(one, names)));
}
