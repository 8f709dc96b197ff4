// A folder of a v12 collection as a collection in format v2.1, in memory. Pure, on the machine. Folders and requests are sorted as
// Postman does: by `order`, which is 0 where it is missing, then by the name of the file.

import { CommandError } from '../command.ts';
import { inFile } from './collection-file.ts';
import type { Json } from './findings.ts';
import { toList, toMap, toPairs, toText, withText } from './yaml-fields.ts';
import type { CollectionFolder, YamlFile } from './yaml-folder.ts';
import { describe, foldAuth, foldRequest } from './yaml-request.ts';

/** A collection in format v2.1, and the requests that are not in it. */
export interface Folded {
  collection: Json;
  /** Their names, after those of their folders, with their `$kind`. */
  leftOut: { name: string; kind: string }[];
}

const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';

/**
 * Folds a collection.
 *
 * @throws CommandError with the path of the file when a field is of another kind
 */
export function foldCollection(folder: CollectionFolder): Folded {
  const leftOut: Folded['leftOut'] = [];
  const { name, ...others } = foldFolder(folder, '', leftOut);
  const { id, description } = folder.definition?.value ?? {};
  const info = { name, schema: SCHEMA, ...(id ? { _postman_id: String(id) } : {}), ...describe({ description }) };
  return { collection: { info, ...others }, leftOut };
}

function foldFolder(folder: CollectionFolder, path: string, leftOut: Folded['leftOut']): Json {
  const { definition } = folder;
  const own = definition ? inFile(definition.path, () => foldDefinition(definition.value)) : {};
  const entries = [
    ...folder.folders.map(one => ({
      file: one.definition,
      entry: one.entry,
      fold: () => {
        const name = toText(one.definition?.value.name, 'name') || one.entry;
        const { description } = one.definition?.value ?? {};
        return { ...foldFolder(one, `${path}${name} / `, leftOut), ...describe({ description }) };
      },
    })),
    ...folder.requests.map(one => ({ file: one, entry: one.entry, fold: () => foldItem(one, path, leftOut) })),
  ];
  const sorted = entries
    .map(({ file, entry, fold }) => ({ order: file ? orderOf(file) : 0, entry, fold }))
    .sort((a, b) => a.order - b.order || (a.entry < b.entry ? -1 : 1));
  const item = sorted.map(({ fold }) => fold()).filter(one => one !== undefined);
  return { name: toText(definition?.value.name, 'name') || folder.entry, ...own, item };
}

const orderOf = ({ path, value }: YamlFile): number => inFile(path, () => Number(toText(value.order, 'order')) || 0);

function foldItem(file: YamlFile, path: string, leftOut: Folded['leftOut']): Json | undefined {
  return inFile(file.path, () => {
    const { value } = file;
    const name = toText(value.name, 'name') || file.entry.replace(/\.request\.ya?ml$/, '');
    const kind = toText(value.$kind, '$kind');
    if (kind === '') throw new CommandError('"$kind" is missing. Write "$kind: http-request".');
    if (kind !== 'http-request') {
      leftOut.push({ name: path + name, kind });
      return undefined;
    }
    const { request, protocolProfileBehavior } = foldRequest(value, foldAuth(value.auth));
    const event = foldScripts(value.scripts);
    return { name, ...(event.length > 0 && { event }), protocolProfileBehavior, request };
  });
}

/** What a collection and a folder have in common, without their name and their requests. */
function foldDefinition(value: Json): Json {
  const auth = foldAuth(value.auth);
  const event = foldScripts(value.scripts);
  const variable = toPairs(value.variables, 'variables').map(withText);
  return { ...(event.length > 0 && { event }), ...(variable.length > 0 && { variable }), ...(auth && { auth }) };
}

const LISTEN: Record<string, string> = { beforeRequest: 'prerequest', afterResponse: 'test' };

/** The scripts for HTTP as events; those for other protocols are none of v2.1. */
function foldScripts(scripts: unknown): Json[] {
  return toList(scripts, 'scripts').flatMap((one, index) => {
    const script = toMap(one, `scripts[${index}]`);
    const listen = LISTEN[toText(script.type, `scripts[${index}].type`).replace(/^http:/, '')];
    if (!listen) return [];
    const exec = toText(script.code, `scripts[${index}].code`).split('\n');
    return [{ listen, script: { type: 'text/javascript', exec } }];
  });
}
