// Puts scripts of ours into the text of a v12 file, or takes them out, and changes no other byte. Pure, on the machine. Postman runs
// only the first script of a kind, so ours go into that, where there is one.

import { isDeepStrictEqual } from 'node:util';
import { parseYaml } from '../client/yaml-text.ts';
import { CommandError } from '../command.ts';
import type { Json } from './findings.ts';
import { applyEdits } from './json-text.ts';
import { wholeLines } from './removal.ts';
import { findCopies, type Listen } from './script-text.ts';
import { cutBlock, indented, mergeLines, restore, toBlock } from './yaml-code.ts';
import { endOfLine, lineBreakOf, startOfNextLine, toReplaced } from './yaml-lines.ts';
import { readScripts, type ScriptEntry, type ScriptsField, type YamlScripts } from './yaml-scripts.ts';

/** A script of ours, and where it goes. */
export interface Addition {
  listen: Listen;
  /** As this kind of file calls it: `http:beforeRequest`. */
  type: string;
  lines: string[];
  /** Whether it goes behind the script that is there, instead of in front of it. */
  isLast?: boolean;
}

/** What every copy of ours, and every trace of one, holds. */
const MARK = 'paynet-client-auth';

/**
 * Puts scripts into a text without them.
 *
 * @throws CommandError when there is no place for them
 */
export function addScripts(text: string, additions: Addition[]): string {
  // From the last to the first: an entry goes in front of the list.
  const added = additions.toReversed().reduce(addScript, text);
  const isSame = isDeepStrictEqual(membersOf(added), membersOf(text));
  if (isSame && removeScripts(added) === text) return added;
  throw new CommandError(
    'the layout of "scripts" leaves no place for a script. Write each as "- type: …" with its "code: |-" in lines below.',
  );
}

/** What is in a file beside its scripts. */
const membersOf = (text: string): Json => ({ ...(parseYaml(text).value as Json), scripts: undefined });

const inBrackets = (what: string): CommandError =>
  new CommandError(`${what} is written in brackets, where no script fits in. Write it in lines, then inject again.`);

function addScript(text: string, addition: Addition): string {
  const scripts = readScripts(text);
  const { field } = scripts;
  if (scripts.isFlow) throw inBrackets('the file');
  if (!field) return addField(text, scripts, addition);
  if (field.isFlow) throw inBrackets('"scripts"');
  const [first] = field.entries;
  if (!first) return fillField(text, scripts, field, addition);
  const entry = field.entries.find(({ listen }) => listen === addition.listen);
  if (entry?.isFlow) throw inBrackets(`the script "${addition.type}"`);
  if (entry?.code) return mergeLines(text, entry.code, addition.lines, addition.isLast ?? false);
  return addLines(text, first.start, layOut(text, first.column, addition, first.start));
}

/** An entry in lines, without the last line break. */
function layOut(text: string, column: number, { type, lines }: Addition, at: number): string {
  const lineBreak = lineBreakOf(text, at);
  const head = [`- type: ${type}`, '  language: text/javascript', '  code: |-'];
  return [indented(head, column, lineBreak), indented(lines, column + 4, lineBreak)].join(lineBreak);
}

/** Adds whole lines where a line begins, or at the end of the text, which may lack a line break and lacks one afterwards too. */
function addLines(text: string, at: number, lines: string): string {
  const lineBreak = lineBreakOf(text, at);
  const isOpen = at === text.length && !/(^|\n)$/.test(text);
  return text.slice(0, at) + (isOpen ? lineBreak + lines : lines + lineBreak) + text.slice(at);
}

function addField(text: string, { column, end }: YamlScripts, addition: Addition): string {
  const head = `${' '.repeat(column)}scripts:${lineBreakOf(text, end)}`;
  return addLines(text, end, head + layOut(text, column + 2, addition, end));
}

/** Replaces nothing, or an empty list, which a comment then keeps. */
function fillField(text: string, { column, end }: YamlScripts, field: ScriptsField, addition: Addition): string {
  const at = field.next ?? end;
  const filled = addLines(text, at, layOut(text, column + 2, addition, at));
  const comment = toReplaced(text.slice(field.colonEnd, field.end));
  return applyEdits(filled, [{ start: field.colonEnd, end: field.end, text: comment }]);
}

/**
 * Takes all copies out, and what was made for them. After {@link addScripts} this restores the text exactly.
 *
 * @throws CommandError when a copy is incomplete, or is where it can't be cut out
 */
export function removeScripts(text: string): string {
  let rest = text;
  while (rest.includes(MARK)) {
    const { field } = readScripts(rest);
    const index = field?.entries.findIndex(({ code }) => code && findCopies(code.value).length > 0) ?? -1;
    const entry = field?.entries[index];
    if (!field || !entry?.code) break;
    if (entry.isFlow) throw inBrackets(`"scripts[${index}]"`);
    rest = removeFrom(rest, field, entry, index);
  }
  return rest;
}

function removeFrom(text: string, field: ScriptsField, entry: ScriptEntry, index: number): string {
  const { code } = entry as { code: NonNullable<ScriptEntry['code']> };
  const cuts = wholeLines(code.value, findCopies(code.value));
  const rest = applyEdits(code.value, cuts);
  const restored = restore(text, code);
  // Who has edited the script since then keeps that.
  if (restored !== undefined && codeOf(restored, index)?.trimEnd() === rest.trimEnd()) return restored;
  if (rest.trim() === '') return dropEntry(text, field, entry);
  return code.block
    ? cutBlock(text, code, code.block, cuts, rest)
    : toBlock(text, code, rest.trimEnd().split('\n'), '');
}

const codeOf = (text: string, index: number) => readScripts(text).field?.entries[index]?.code?.value;

function dropEntry(text: string, field: ScriptsField, entry: ScriptEntry): string {
  if (field.entries.length > 1) return cutLines(text, entry.start, entry.end);
  if (!field.replaced) {
    return cutLines(cutLines(text, entry.start, entry.end), field.start, endOfLine(text, field.colonEnd));
  }
  const { start, end, text: replaced } = field.replaced;
  return applyEdits(cutLines(text, entry.start, entry.end), [{ start, end, text: replaced }]);
}

/** Cuts whole lines; at the end of a text without a last line break, the one in front of them. */
function cutLines(text: string, start: number, end: number): string {
  const next = startOfNextLine(text, end);
  const isOpen = next === text.length && text[next - 1] !== '\n';
  const from = isOpen && start > 0 ? endOfLine(text, start - 1 - (text[start - 2] === '\r' ? 1 : 0)) : start;
  return text.slice(0, from) + text.slice(next);
}
