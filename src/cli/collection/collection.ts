// The text of a Postman collection: whether it is one, and where the collection or one of its folders is in it. Pure, on the
// machine. Postman Collection Format v2.0 and v2.1: https://schema.postman.com/

import { type ParseErrorCode, printParseErrorCode, visit } from 'jsonc-parser';
import { CommandError } from '../command.ts';
import { memberOf, type ObjectSpan, readObject, skipSpace } from './json-text.ts';

/**
 * Refuses a text that is not strict JSON, or not a collection in format v2.0 or v2.1.
 *
 * @throws CommandError with line and column of the first fault, or with what the text is instead
 */
export function assertCollection(text: string): void {
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
}

/** The first fault of a JSON text with its line and column, both counted from 1; undefined for a text that is too deep. */
function firstFault(json: string): string | undefined {
  let fault: string | undefined;
  const onError = (code: ParseErrorCode, _offset: number, _length: number, line: number, column: number) => {
    const words = printParseErrorCode(code)
      .replace(/[A-Z]/g, capital => ` ${capital.toLowerCase()}`)
      .trim();
    fault = `${words} at line ${line + 1}, column ${column + 1}`;
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
  // Newman runs a collection without a schema, too.
  if (schema === undefined && typeof info === 'object' && info !== null && Array.isArray(item)) return undefined;
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

/** A collection, and the part of it that the script is injected into: the collection itself or a folder. */
export interface Place {
  root: ObjectSpan;
  target: ObjectSpan;
}

/**
 * Finds the collection in its text, or one folder of it.
 *
 * @param text a text that `assertCollection` accepts
 * @param folder name of a folder at any depth; the collection itself if undefined
 * @throws CommandError when there is not exactly one folder of that name
 */
export function locate(text: string, folder?: string): Place {
  const start = skipSpace(text, rootStart(text));
  if (folder === undefined) {
    const root = readObject(text, start);
    return { root, target: root };
  }
  const root = readObject(text, start, 'item');
  const groups = [root];
  const names: unknown[] = [];
  const found: ObjectSpan[] = [];
  let isRequest = false;
  for (const group of groups) {
    for (const item of memberOf(group, 'item')?.objects ?? []) {
      const member = memberOf(item, 'name');
      const name: unknown = member && JSON.parse(text.slice(member.start, member.end));
      if (memberOf(item, 'item')?.objects) {
        groups.push(item);
        names.push(name);
        if (name === folder) found.push(item);
      } else if (name === folder) {
        isRequest = true;
      }
    }
  }
  const [target, second] = found;
  if (target && !second) return { root, target };
  const quoted = JSON.stringify(folder);
  if (second) throw new CommandError(`${found.length} folders are named ${quoted}. Rename the one to inject into.`);
  if (isRequest) throw new CommandError(`${quoted} is a request, not a folder. Name the folder that it is in.`);
  throw new CommandError(`there is no folder ${quoted}. ${listFolders(names.map(name => JSON.stringify(name)))}`);
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
