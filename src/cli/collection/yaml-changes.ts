// What injection changes in the files of a v12 collection: the definition of the collection or of one folder, and with `last` the
// requests that may go to an endpoint. Pure, on the machine.

import { join } from 'node:path';
import { CommandError, type Scripts } from '../command.ts';
import { inFile } from '../files.ts';
import { locate } from './collection.ts';
import { isConcerned } from './concerned.ts';
import { NO_PLACE, type Where } from './injection.ts';
import { parseScripts } from './script-text.ts';
import { foldItem } from './yaml-fold.ts';
import { type CollectionFolder, filesOf, RESOURCES, requestsOf, type YamlFile } from './yaml-folder.ts';
import { type Addition, addScripts, removeScripts } from './yaml-splice.ts';

/** The new text of a file; undefined when the file goes. */
export type Changes = Map<string, FileChange>;

interface FileChange {
  text: string | undefined;
  /** Whether its directory comes, or goes, with it. */
  withDirectory: boolean;
}

/** The first line of a definition that the injection has made, and of one that it has made the directory for too. */
const MADE = /^\$kind: collection # made by paynet-client-auth(, with this directory)?\n$/;
const toMade = (withDirectory: boolean) =>
  `$kind: collection # made by paynet-client-auth${withDirectory ? ', with this directory' : ''}\n`;

/**
 * The changes that put the scripts in. Copies of any version are removed first.
 *
 * @param text the folded collection
 * @throws CommandError with the path of the file when there is no place for a script, or as `inject` does
 */
export function toInjected(root: CollectionFolder, text: string, scripts: Scripts, where: Where): Changes {
  const { prerequest, test } = parseScripts(scripts);
  const target = findFolder(root, text, where.folder);
  const before: Addition = { listen: 'prerequest', type: 'http:beforeRequest', lines: prerequest.lines };
  const after: Addition = { listen: 'test', type: 'http:afterResponse', lines: test.lines };
  const changes = toRemoved(root, text, where.folder);
  const add = (path: string, old: FileChange, additions: Addition[]) =>
    changes.set(path, {
      ...old,
      text: inFile(path, () => addScripts(old.text ?? toMade(old.withDirectory), additions)),
    });

  const definition = target.definition?.path ?? join(target.path, RESOURCES, 'definition.yaml');
  const old = changes.get(definition) ?? { text: target.definition?.text, withDirectory: !target.hasResources };
  add(definition, old, where.last ? [after] : [before, after]);
  if (where.last) {
    const requests = requestsOf(target).filter(isConcernedFile);
    if (requests.length === 0) throw new CommandError(`${root.path}: ${NO_PLACE}`);
    for (const { path, text: own } of requests) {
      const last = { ...before, type: 'beforeRequest', isLast: true };
      add(path, changes.get(path) ?? { text: own, withDirectory: false }, [last]);
    }
  }
  return changes;
}

const isConcernedFile = (file: YamlFile): boolean => {
  const item = foldItem(file);
  return item !== undefined && isConcerned(item);
};

/**
 * The changes that take the scripts out, from all that is in the collection, or in one folder.
 *
 * @throws CommandError as {@link toInjected} does
 */
export function toRemoved(root: CollectionFolder, text: string, folder: string | undefined): Changes {
  const changes: Changes = new Map();
  for (const file of filesOf(findFolder(root, text, folder))) {
    const rest = inFile(file.path, () => removeScripts(file.text));
    const made = rest === file.text ? null : MADE.exec(rest);
    changes.set(file.path, { text: made ? undefined : rest, withDirectory: made?.[1] !== undefined });
  }
  return changes;
}

/** The collection, or the one folder of that name. */
function findFolder(root: CollectionFolder, text: string, name: string | undefined): CollectionFolder {
  inFile(root.path, () => locate(text, name));
  if (name === undefined) return root;
  const open = [...root.folders];
  for (let one = open.shift(); one; one = open.shift()) {
    if (one.name === name) return one;
    open.push(...one.folders);
  }
  throw new Error(`no folder ${name}`);
}
