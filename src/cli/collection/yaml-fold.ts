// A folder of a v12 collection as a collection in format v2.1, in memory. Pure, on the machine. Folders and requests are sorted as
// Postman does: by `order`, which is 0 where it is missing, then by the name of the file.

import { basename } from 'node:path';
import { CommandError } from '../command.ts';
import { inFile } from '../files.ts';
import type { Json } from './findings.ts';
import type { Listen } from './script-text.ts';
import { toList, toMap, toPairs, toText, withText } from './yaml-fields.ts';
import { type CollectionFolder, REQUEST, type YamlFile } from './yaml-folder.ts';
import { describe, foldAuth, foldRequest } from './yaml-request.ts';
import { toListen } from './yaml-scripts.ts';

/** What of a collection is not in format v2.1; each with its name after those of its folders, '' for the collection itself. */
export interface NotFolded {
  /** Requests, with their `$kind`. */
  requests: { name: string; kind: string }[];
  /** Scripts that Postman's command line does not run, because it runs only the first of a kind. */
  scripts: { name: string; listen: Listen }[];
}

/** A collection in format v2.1, and what is not in it. */
export interface Folded {
  collection: Json;
  not: NotFolded;
}

const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';

/**
 * Folds a collection.
 *
 * @throws CommandError with the path of the file when a field is of another kind
 */
export function foldCollection(folder: CollectionFolder): Folded {
  const not: NotFolded = { requests: [], scripts: [] };
  const { name, ...others } = foldFolder(folder, '', not);
  const { id, description } = folder.definition?.value ?? {};
  const info = { name, schema: SCHEMA, ...(id ? { _postman_id: String(id) } : {}), ...describe({ description }) };
  return { collection: { info, ...others }, not };
}

/** Between the names of folders. */
const THEN = ' / ';

function foldFolder(folder: CollectionFolder, path: string, not: NotFolded): Json {
  const { definition } = folder;
  const own = definition ? inFile(definition.path, () => foldDefinition(definition.value, path, not)) : {};
  const inside = (name: string) => (path === '' ? name : path + THEN + name);
  const entries = [
    ...folder.folders.map(one => ({
      path: one.path,
      order: orderOf(one.definition),
      fold: () => {
        const { description } = one.definition?.value ?? {};
        return { ...foldFolder(one, inside(one.name), not), ...describe({ description }) };
      },
    })),
    ...folder.requests.map(one => ({ path: one.path, order: orderOf(one), fold: () => foldItem(one, inside, not) })),
  ];
  // They are in one directory.
  const sorted = entries.sort((a, b) => a.order - b.order || (a.path < b.path ? -1 : 1));
  const item = sorted.map(({ fold }) => fold()).filter(one => one !== undefined);
  return { name: folder.name, ...own, item };
}

const orderOf = (file: YamlFile | undefined): number =>
  file ? inFile(file.path, () => Number(toText(file.value.order, 'order')) || 0) : 0;

/**
 * Folds a request.
 *
 * @param inside its name after those of its folders
 * @returns undefined for a request of another protocol
 * @throws CommandError as {@link foldCollection} does
 */
export function foldItem(file: YamlFile, inside = (name: string) => name, not?: NotFolded): Json | undefined {
  return inFile(file.path, () => {
    const { value } = file;
    const name = toText(value.name, 'name') || basename(file.path).replace(REQUEST, '');
    const kind = toText(value.$kind, '$kind');
    if (kind === '') throw new CommandError('"$kind" is missing. Write "$kind: http-request".');
    if (kind !== 'http-request') {
      not?.requests.push({ name: inside(name), kind });
      return undefined;
    }
    const { request, protocolProfileBehavior } = foldRequest(value, foldAuth(value.auth));
    const event = foldScripts(value.scripts, inside(name), not);
    return { name, ...(event.length > 0 && { event }), protocolProfileBehavior, request };
  });
}

/** What a collection and a folder have in common, without their name and their requests. */
function foldDefinition(value: Json, path: string, not: NotFolded): Json {
  const auth = foldAuth(value.auth);
  const event = foldScripts(value.scripts, path, not);
  const variable = toPairs(value.variables, 'variables').map(withText);
  return { ...(event.length > 0 && { event }), ...(variable.length > 0 && { variable }), ...(auth && { auth }) };
}

/** The scripts for HTTP as events, of each kind the first; those for other protocols are none of v2.1. */
function foldScripts(scripts: unknown, name: string, not: NotFolded | undefined): Json[] {
  const run = new Set<Listen>();
  return toList(scripts, 'scripts').flatMap((one, index) => {
    const script = toMap(one, `scripts[${index}]`);
    const listen = toListen(toText(script.type, `scripts[${index}].type`));
    const code = toText(script.code, `scripts[${index}].code`);
    if (!listen) return [];
    if (run.has(listen)) {
      not?.scripts.push({ name, listen });
      return [];
    }
    run.add(listen);
    return [{ listen, script: { type: 'text/javascript', exec: code.split('\n') } }];
  });
}
