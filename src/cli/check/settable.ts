// Whether something in a collection may set a variable while it runs, by the texts of its scripts. Where that can't be seen, it may.
// Pure, on the machine.

import { findCopies } from '../collection/script-text.ts';

/** Calls that set a variable whose name is an expression, not a text: its first argument begins with a name. */
const SET_BY_EXPRESSION = /\.set\w*\(\s*([A-Za-z_$][\w$]*)/g;

/** The texts of all scripts in a collection, without the copies of ours, which names every variable and sets none of the user's. */
function scriptsOf(root: unknown): string[] {
  const scripts: string[] = [];
  for (const open = [root]; open.length > 0; ) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    const { exec } = value as { exec?: unknown };
    if (typeof exec === 'string' || Array.isArray(exec)) scripts.push([exec].flat().join('\n'));
    open.push(...Object.values(value));
  }
  return scripts.map(withoutOurs);
}

function withoutOurs(script: string): string {
  return findCopies(script).reduce((rest, { text }) => rest.replace(text, ''), script);
}

/** Whether a script sets variables whose names it gets from elsewhere: an answer, a file of data, a function. */
function setsAnyName(script: string): boolean {
  return [...script.matchAll(SET_BY_EXPRESSION)].some(([, name]) => {
    // The names of `for (const name of ['a', 'b'])` are texts of the script.
    const literal = new RegExp(`(?:const|let|var)\\s+${name?.replaceAll('$', '\\$')}\\s+of\\s+\\[`);
    return !literal.test(script);
  });
}

/**
 * Makes a test of names: whether the scripts of a collection, or its data, may set the variable.
 *
 * @param root the collection
 * @param data the text of the file of data; its columns are variables
 */
export function findSettable(root: unknown, data: string): (name: string) => boolean {
  const scripts = scriptsOf(root);
  if (scripts.some(setsAnyName)) return () => true;
  const text = scripts.join('\n');
  // A name that is only read is not set.
  const isSet = (name: string) => new RegExp(`(?<!\\.(?:get|has|unset)\\(\\s*)(['"\`])${name}\\1`).test(text);
  const isMember = (name: string) => new RegExp(`\\b${name}\\b`).test(data);
  return name => isSet(name) || isMember(name);
}
