// What to do about scripts of a collection that may get around client authentication, in words. Pure, on the machine.

import { findScriptFindings, SCRIPT_CODES, type ScriptFinding, toScriptName } from './script-findings.ts';

/** Maximum number of scripts in a message. */
const MAX_SHOWN = 5;

/** Says what scripts of one kind may do, which they are, at most some of them, and one remedy. */
export function toAdvice(code: ScriptFinding['code'], findings: ScriptFinding[]): string {
  const more = findings.length > MAX_SHOWN ? `, and ${findings.length - MAX_SHOWN} more` : '';
  const shown = findings.slice(0, MAX_SHOWN);
  const names = shown.map(toScriptName).join(', ') + more;
  if (code === 'script_sends') {
    return `pm.sendRequest may go to an endpoint, without client authentication, in ${names}. Make a request of the collection of it, and run that before.`;
  }
  if (code === 'script_changes_authentication') {
    return `client authentication may be changed by ${names}. Remove what they do, or use "inject --last".`;
  }
  const variables = shown.map(one => `${one.variable} by ${toScriptName(one)}`).join(', ') + more;
  return `a URL or method needs a variable that is set after our script: ${variables}. Set it in an earlier request, or use "inject --last".`;
}

/**
 * Advises on the scripts of a collection.
 *
 * @param text a text that `assertCollection` accepts
 * @param isLast whether our script comes after all others
 */
export function adviseOnScripts(text: string, isLast = false): string[] {
  const all = findScriptFindings(text, isLast);
  return SCRIPT_CODES.flatMap(code => {
    const findings = all.filter(one => one.code === code);
    return findings.length > 0 ? toAdvice(code, findings) : [];
  });
}
