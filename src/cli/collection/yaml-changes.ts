// What injection changes in the files of a v12 collection: the definition of the collection or of one folder, and with `last` the
// requests that may go to an endpoint. Pure, on the machine.

import { join } from 'node:path';
import { CommandError, type Scripts } from '../command.ts';
import { inFile } from '../files.ts';
import { isConcerned } from './concerned.ts';
import { NO_PLACE } from './injection.ts';
import { parseScripts } from './script-text.ts';
import { foldItem } from './yaml-fold.ts';
import { type CollectionFolder, filesOf, RESOURCES, requestsOf, type YamlFile } from './yaml-folder.ts';
import { TYPE_BY_EVENT } from './yaml-scripts.ts';
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
 * @param root the path of the collection, for messages
 * @param target the collection, or the folder of it that they go into
 * @param last whether the pre-request script goes behind those of each request concerned, instead of before all others
 * @throws CommandError with the path of the file when there is no place for a script, or as `inject` does
 */
export function toInjected(root: string, target: CollectionFolder, scripts: Scripts, last = false): Changes {
  const { prerequest, test } = parseScripts(scripts);
  const before: Addition = { listen: 'prerequest', type: `http:${TYPE_BY_EVENT.prerequest}`, lines: prerequest.lines };
  const after: Addition = { listen: 'test', type: `http:${TYPE_BY_EVENT.test}`, lines: test.lines };
  const changes = toRemoved(target);
  const add = (path: string, additions: Addition[]) => {
    // Only the definition may be missing.
    const { text, withDirectory } = changes.get(path) ?? { text: undefined, withDirectory: !target.hasResources };
    const added = inFile(path, () => addScripts(text ?? toMade(withDirectory), additions));
    changes.set(path, { text: added, withDirectory });
  };

  const definition = target.definition?.path ?? join(target.path, RESOURCES, 'definition.yaml');
  add(definition, last ? [after] : [before, after]);
  if (last) {
    const requests = requestsOf(target).filter(isConcernedFile);
    if (requests.length === 0) throw new CommandError(`${root}: ${NO_PLACE}`);
    for (const { path } of requests) add(path, [{ ...before, type: TYPE_BY_EVENT.prerequest, isLast: true }]);
  }
  return changes;
}

const isConcernedFile = (file: YamlFile): boolean => {
  const item = foldItem(file);
  return item !== undefined && isConcerned(item);
};

/**
 * The changes that take the scripts out, from all that is in the collection, or in a folder of it.
 *
 * @throws CommandError as {@link toInjected} does
 */
export function toRemoved(target: CollectionFolder): Changes {
  const changes: Changes = new Map();
  for (const file of filesOf(target)) {
    const rest = inFile(file.path, () => removeScripts(file.text));
    const made = rest === file.text ? null : MADE.exec(rest);
    changes.set(file.path, { text: made ? undefined : rest, withDirectory: made?.[1] !== undefined });
  }
  return changes;
}
