// The text of a Postman collection: whether it is one, and where the collection or one of its folders is in it. Pure, on the
// machine. Postman Collection Format v2.0 and v2.1: https://schema.postman.com/

import { type ParseErrorCode, printParseErrorCode, visit } from 'jsonc-parser';
import { toWords } from '../client/config-file.ts';
import { CommandError } from '../command.ts';
import type { Json } from './findings.ts';
import { memberOf, type ObjectSpan, readObject, skipSpace } from './json-text.ts';

/**
 * Parses a collection in format v2.0 or v2.1.
 *
 * @param text strict JSON, which may begin with a byte order mark
 * @throws CommandError with line and column of the first fault, or with what the text is instead
 */
export function parseCollection(text: string): Json {
  const json = text.slice(rootStart(text));
  let root: unknown;
  try {
    root = JSON.parse(json);
  } catch (error) {
    const fault = firstFault(json) ?? (error as Error).message;
    throw new CommandError(`not JSON: ${fault}. Correct it there, or export the collection again.`, 1, {
      cause: error,
    });
  }
  const mistaken = whatElse(root);
  if (mistaken) throw new CommandError(`not a Postman collection but ${mistaken}`);
  return root as Json;
}

/** The first fault of a JSON text with its line and column, both counted from 1; undefined for a text that is too deep. */
function firstFault(json: string): string | undefined {
  let fault: string | undefined;
  const onError = (code: ParseErrorCode, _offset: number, _length: number, line: number, column: number) => {
    fault = `${toWords(printParseErrorCode(code))} at line ${line + 1}, column ${column + 1}`;
    throw new SyntaxError(fault);
  };
  try {
    visit(json, { onError }, { disallowComments: true });
  } catch {
    return fault;
  }
  return undefined;
}

/** What a parsed file is instead of a collection, and what to do about it; undefined for a collection. */
function whatElse(root: unknown): string | undefined {
  if (Array.isArray(root)) return 'an array. Name the file of one collection.';
  if (typeof root !== 'object' || root === null) return 'a single value. Name the file of one collection.';
  const { info, item, requests, values, collection, collections, run, openapi, swagger } = root as Record<
    string,
    unknown
  >;
  const schema = (info as { schema?: unknown } | null | undefined)?.schema;
  // Newman runs a collection without a schema, and without "info", too.
  if (schema === undefined && Array.isArray(item)) return undefined;
  if (typeof schema === 'string') {
    if (/\bv2\.[01]\b/.test(schema)) return undefined;
    return `a file of the format ${JSON.stringify(schema)}. Export it from Postman as "Collection v2.1".`;
  }
  if (openapi ?? swagger) return 'an OpenAPI description. Import it into Postman and export the collection as v2.1.';
  if (collection && run) return 'a report of Newman. Name the file of the collection that was run.';
  if (collection) return 'an answer of the Postman API. Save the value of "collection" as a file of its own.';
  if (Array.isArray(requests)) return 'a collection in format v1. Export it from Postman as "Collection v2.1".';
  if (Array.isArray(collections)) return 'an export of all data of Postman. Export the one collection as v2.1.';
  if (Array.isArray(values)) return 'an environment or globals. Name the file of the collection.';
  return 'some other JSON, without "info" and "item". Export the collection from Postman as v2.1.';
}

/** A collection, and the part of it that the scripts are injected into: the collection itself or a folder. */
export interface Place {
  root: ObjectSpan;
  target: ObjectSpan;
}

/** What may hold scripts: a collection, a folder or a request. */
export interface Holder {
  object: ObjectSpan;
  /** What it is in; undefined for the outermost. */
  parent: Holder | undefined;
}

/** The outermost holder, then all that is in it, at any depth. */
export function holdersIn(outermost: ObjectSpan): Holder[] {
  const holders: Holder[] = [{ object: outermost, parent: undefined }];
  for (const parent of holders) {
    for (const object of memberOf(parent.object, 'item')?.objects ?? []) holders.push({ object, parent });
  }
  return holders;
}

/** The value of a member; undefined when there is none. */
export function readMember(text: string, object: ObjectSpan, key: string): unknown {
  const member = memberOf(object, key);
  return member && JSON.parse(text.slice(member.start, member.end));
}

/** The names that lead to a holder, without that of the outermost. */
export function namesOf(text: string, holder: Holder): string[] {
  const names: string[] = [];
  for (let one = holder; one.parent; one = one.parent) {
    const name = readMember(text, one.object, 'name');
    names.unshift(typeof name === 'string' && name !== '' ? name : 'without a name');
  }
  return names;
}

/** The names that lead to a holder, in one text. */
export const nameOf = (text: string, holder: Holder): string => namesOf(text, holder).join(' / ');

/**
 * Finds the collection in its text, or one folder of it.
 *
 * @param text a text that {@link parseCollection} accepts
 * @param folder name of a folder at any depth; the collection itself if undefined
 * @throws CommandError when there is not exactly one folder of that name
 */
export function locate(text: string, folder?: string): Place {
  const root = readObject(text, skipSpace(text, rootStart(text)), 'item');
  if (folder === undefined) return { root, target: root };
  const [, ...items] = holdersIn(root);
  const isFolder = ({ object }: Holder) => memberOf(object, 'item')?.objects !== undefined;
  const nameIn = ({ object }: Holder) => readMember(text, object, 'name');
  const named = items.filter(item => nameIn(item) === folder);
  const [found, second] = named.filter(isFolder);
  if (found && !second) return { root, target: found.object };
  const quoted = JSON.stringify(folder);
  if (second) {
    const { length } = named.filter(isFolder);
    throw new CommandError(`${length} folders are named ${quoted}. Rename the one to inject into.`);
  }
  if (named.length > 0) throw new CommandError(`${quoted} is a request, not a folder. Name the folder that it is in.`);
  const names = items.filter(isFolder).map(item => JSON.stringify(nameIn(item)));
  throw new CommandError(`there is no folder ${quoted}. ${listFolders(names)}`);
}

/**
 * Says which folders a collection has.
 *
 * @param folders their names in quotes; undefined for one without a name
 */
export function listFolders(folders: (string | undefined)[]): string {
  if (folders.length === 0) return 'The collection has no folders.';
  const shown = folders.slice(0, 10).map(name => name ?? 'one without a name');
  const more = folders.length > shown.length ? ` and ${folders.length - shown.length} more` : '';
  return `The collection has: ${shown.join(', ')}${more}.`;
}

/** The text may begin with a byte order mark: JSON.parse refuses it, Postman and Newman skip it. */
function rootStart(text: string): number {
  return text.startsWith('\ufeff') ? 1 : 0;
}
