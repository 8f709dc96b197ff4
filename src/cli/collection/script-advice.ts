// What to do about scripts of a collection that may get around client authentication, in words. Pure, on the machine.

import { findScriptFindings, type ScriptFinding, toScriptName } from './script-findings.ts';

/** Maximum number of scripts in a message. */
const MAX_SHOWN = 5;

/** Names scripts, at most some of them, in one sentence, with what they may do and one remedy. */
export function adviseOn(code: ScriptFinding['code'], findings: ScriptFinding[]): string | undefined {
  const found = findings.filter(one => one.code === code);
  if (found.length === 0) return undefined;
  const more = found.length > MAX_SHOWN ? `, and ${found.length - MAX_SHOWN} more` : '';
  const names = found.slice(0, MAX_SHOWN).map(toScriptName).join(', ') + more;
  return code === 'script_sends'
    ? `pm.sendRequest may go to an endpoint, without client authentication, in ${names}. Make a request of the collection of it, and run that before.`
    : `client authentication may be changed by ${names}. Remove what they do, or use "inject --last".`;
}

/**
 * Advises on the scripts of a collection.
 *
 * @param text JSON text of a collection
 * @param isLast whether our script comes after all others
 */
export function explainScripts(text: string, isLast = false): string[] {
  const findings = findScriptFindings(JSON.parse(text.replace(/^\uFEFF/, '')), isLast);
  const codes = ['script_sends', 'script_changes_authentication'] as const;
  return codes.flatMap(code => adviseOn(code, findings) ?? []);
}
