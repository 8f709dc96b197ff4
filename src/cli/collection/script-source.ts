// The source text of the scripts of a collection, of a folder or of a request, without ours. Pure, on the machine.

import { isObject } from './findings.ts';
import { applyEdits } from './json-text.ts';
import { findCopies, type Listen } from './script-text.ts';

/** A comment, or a string, which is kept whatever is in it. What has no end ends with the line, or the text: no place is read twice. */
const COMMENT_OR_STRING =
  /("(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|`(?:\\.|[^`\\])*`?)|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g;

/**
 * Puts together the scripts of one kind, without comments.
 *
 * @param event the member of that name
 * @throws CommandError when a copy of one of ours is incomplete
 */
export function toSource(event: unknown, listen: Listen): string {
  const events = Array.isArray(event) ? event.filter(isObject) : [];
  const texts = events
    .filter(one => one.listen === listen && !one.disabled)
    .map(({ script }) => (isObject(script) && !Array.isArray(script) ? script.exec : script))
    .map(exec => (Array.isArray(exec) ? exec.filter(line => typeof line === 'string').join('\n') : exec))
    .filter(text => typeof text === 'string');
  return texts
    .map(text =>
      applyEdits(
        text,
        findCopies(text).map(({ start, end }) => ({ start, end, text: '' })),
      ),
    )
    .join('\n')
    .replace(COMMENT_OR_STRING, '$1');
}
