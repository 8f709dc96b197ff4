// What to do about scripts of a collection that may get around client authentication, in words. Pure, on the machine.

import type { CollectionSource } from './collection-source.ts';
import type { Where } from './injection.ts';
import { findDropping, findScriptFindings, type ScriptFinding, toScriptName } from './script-findings.ts';

/** Maximum number of scripts in a message. */
const MAX_SHOWN = 5;

/** Says what scripts of one kind may do, which they are, at most some of them, and one remedy. */
function toAdvice(code: ScriptFinding['code'], findings: ScriptFinding[]): string {
  const more = findings.length > MAX_SHOWN ? `, and ${findings.length - MAX_SHOWN} more` : '';
  const names = findings.slice(0, MAX_SHOWN).map(toScriptName).join(', ') + more;
  switch (code) {
    case 'script_sends':
      return `pm.sendRequest may go to an endpoint, without client authentication, in ${names}. Make a request of the collection of it, and run that before.`;
    case 'script_changes_authentication':
      return `client authentication may be changed by ${names}. Remove what they do, or use "inject --last".`;
    case 'script_drops_authentication':
      return `Postman CLI 1.34 drops the client authentication of requests with ${names}: a script of their own undoes what that of the collection has changed. Use "inject --last".`;
  }
}

const CODES = ['script_sends', 'script_changes_authentication', 'script_drops_authentication'] as const;

/** Puts findings into words, one line for those of a kind. */
export const toAdvices = (
  all: ScriptFinding[],
): { code: ScriptFinding['code']; message: string; findings: ScriptFinding[] }[] =>
  CODES.flatMap(code => {
    const findings = all.filter(one => one.code === code);
    return findings.length > 0 ? { code, message: toAdvice(code, findings), findings } : [];
  });

/**
 * Advises on the scripts of a collection.
 *
 * @param source whose text is one that `assertCollection` accepts
 * @param where where our scripts go
 */
export function adviseOnScripts(
  { text, dropsChanges }: Pick<CollectionSource, 'text' | 'dropsChanges'>,
  { folder, last = false }: Where = {},
): string[] {
  const dropping = dropsChanges && !last ? findDropping(text, folder) : [];
  return toAdvices([...findScriptFindings(text, last), ...dropping]).map(({ message }) => message);
}
