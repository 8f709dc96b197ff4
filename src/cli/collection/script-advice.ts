// What to do about scripts of a collection that may get around client authentication, in words. Pure, on the machine.

import type { CollectionSource } from './collection-source.ts';
import type { Where } from './injection.ts';
import { findScriptFindings, SCRIPT_CODES, type ScriptFinding, toScriptName } from './script-findings.ts';

/** Maximum number of scripts in a message. */
const MAX_SHOWN = 5;

/** Says what scripts of one kind may do, which they are, at most some of them, and one remedy. */
function toAdvice(code: ScriptFinding['code'], findings: ScriptFinding[]): string {
  const more = findings.length > MAX_SHOWN ? `, and ${findings.length - MAX_SHOWN} more` : '';
  const shown = findings.slice(0, MAX_SHOWN);
  const names = shown.map(toScriptName).join(', ') + more;
  switch (code) {
    case 'script_sends':
      return `pm.sendRequest may go to an endpoint, without client authentication, in ${names}. Make a request of the collection of it, and run that before.`;
    case 'script_changes_authentication':
      return `client authentication may be changed by ${names}. Remove what they do, or use "inject --last".`;
    case 'script_drops_authentication':
      return `Postman CLI 1.34 drops the client authentication of requests with ${names}: a script of their own undoes what that of the collection has changed. Use "inject --last".`;
    case 'script_sets_variable': {
      const variables = shown.map(one => `${one.variable} by ${toScriptName(one)}`).join(', ') + more;
      return `a URL or method needs a variable that is set after our script: ${variables}. Set it in an earlier request, or use "inject --last".`;
    }
  }
}

/** Puts findings into words, one line for those of a kind. */
export const toAdvices = (
  all: ScriptFinding[],
): { code: ScriptFinding['code']; message: string; findings: ScriptFinding[] }[] =>
  SCRIPT_CODES.flatMap(code => {
    const findings = all.filter(one => one.code === code);
    return findings.length > 0 ? { code, message: toAdvice(code, findings), findings } : [];
  });

/** Advises on the scripts of a collection: what {@link findScriptFindings} finds, in words. */
export const adviseOnScripts = (source: Pick<CollectionSource, 'text' | 'dropsChanges'>, where?: Where): string[] =>
  toAdvices(findScriptFindings(source, where)).map(({ message }) => message);
