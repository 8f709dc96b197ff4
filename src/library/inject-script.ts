// `injectScript` of the library: a collection with the two scripts in it. On the machine.

import { inject } from '../cli/collection/injection.ts';
import { readScripts } from '../cli/scripts.ts';
import { toLibraryError } from './words.ts';

/** Where the scripts go. */
export interface InjectScriptOptions {
  /** Name of a folder at any depth. Default: the whole collection. */
  folder?: string;
  /** Whether the pre-request script goes behind the others of each request that may go to an endpoint. Default: false. */
  last?: boolean;
}

/**
 * Puts the two scripts into a Postman collection in format v2.1 or v2.0, as the command `inject` does. Other copies of them, of any
 * version, are removed.
 *
 * @param collection a plain object, which stays as it is; or JSON text, of which no other byte changes
 * @returns an object for an object, text for text
 * @throws ClientAuthError `collection_invalid` when it is no collection, or has no place for the scripts
 */
export function injectScript<Collection extends object>(
  collection: Collection,
  options?: InjectScriptOptions,
): Collection;
export function injectScript(collection: string, options?: InjectScriptOptions): string;
export function injectScript(collection: string | object, options: InjectScriptOptions = {}): string | object {
  try {
    const isText = typeof collection === 'string';
    const text = inject(isText ? collection : JSON.stringify(collection), readScripts(), options);
    return isText ? text : JSON.parse(text);
  } catch (error) {
    throw toLibraryError(error, 'collection_invalid');
  }
}
