// The scripts of a v12 file, a definition or a request, with their places in its text. Pure, on the machine.

import { type CST, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import { parseYamlDocument } from '../client/yaml-text.ts';
import type { Span } from './json-text.ts';
import type { Listen } from './script-text.ts';
import { type Code, readCode } from './yaml-code.ts';
import { columnOf, endOfContent, endOfLine, type Replaced, readReplaced, startOfLine } from './yaml-lines.ts';

/** The scripts of a file. */
export interface YamlScripts {
  /** Whether the whole file is a map in braces. */
  isFlow: boolean;
  /** Column of its keys. */
  column: number;
  /** Where another key may begin. */
  end: number;
  field: ScriptsField | undefined;
}

/** The member `scripts`; the span is from the begin of its line to the end of its value. */
export interface ScriptsField extends Span {
  /** Whether it is a list in brackets that is not empty. */
  isFlow: boolean;
  /** Behind the colon. */
  colonEnd: number;
  /** Where the line of the next key begins; undefined for the last. */
  next: number | undefined;
  /** What the injection has replaced by the list. */
  replaced: Replaced | undefined;
  entries: ScriptEntry[];
}

/** An entry of the list; the span is whole lines, without the last line break. */
export interface ScriptEntry extends Span {
  /** Undefined for scripts of other protocols. */
  listen: Listen | undefined;
  isFlow: boolean;
  /** Column of the dash. */
  column: number;
  code: Code | undefined;
}

/** The `type` that a request has for the script of an event; a definition has `http:` before it. */
export const TYPE_BY_EVENT: Record<Listen, string> = { prerequest: 'beforeRequest', test: 'afterResponse' };

/** The event of v2.1 that a script of this `type` is for; undefined for other protocols. */
export const toListen = (type: unknown): Listen | undefined =>
  (['prerequest', 'test'] as const).find(listen => TYPE_BY_EVENT[listen] === String(type).replace(/^http:/, ''));

/**
 * Finds the scripts in the text of a file.
 *
 * @throws CommandError when it is not YAML
 */
export function readScripts(text: string): YamlScripts {
  const { contents } = parseYamlDocument(text, { keepSourceTokens: true });
  const root = contents as unknown as YAMLMap;
  const index = root.items.findIndex(pair => isKey(pair, 'scripts'));
  const [pair, following] = [root.items[index], root.items[index + 1]];
  // At the begin of a line three dots end the document, and nothing else.
  const dots = /^\.\.\.(?=\s|$)/m.exec(text);
  return {
    isFlow: isFlow(root),
    column: columnOf(text, startOf(root.items[0])),
    end: dots ? dots.index : text.length,
    field: pair && readField(text, pair, following && startOfLine(text, startOf(following))),
  };
}

const isKey = (pair: Pair, name: string) => isScalar(pair.key) && pair.key.value === name;
const isFlow = (node: Node) => (node as { srcToken?: CST.Token }).srcToken?.type === 'flow-collection';

/** Where a key begins. */
const startOf = (pair: Pair | undefined): number => (pair?.key as Node | undefined)?.range?.[0] ?? 0;

/** Behind the colon of a pair; behind its key where a colon is missing. */
function colonEndOf(pair: Pair): number {
  const { sep } = (pair as { srcToken?: CST.CollectionItem }).srcToken ?? {};
  const colon = sep?.find(({ type }) => type === 'map-value-ind');
  return colon ? colon.offset + 1 : ((pair.key as Node).range?.[1] ?? 0);
}

function readField(text: string, pair: Pair, next: number | undefined): ScriptsField {
  const colonEnd = colonEndOf(pair);
  const value = pair.value as Node | null;
  const list = isSeq(value) && value.items.length > 0 ? value : undefined;
  const entries = list ? readEntries(text, list) : [];
  const head = entries[0]?.start ?? endOfLine(text, colonEnd);
  return {
    start: startOfLine(text, startOf(pair)),
    end: list || isEmpty(value) ? Math.max(colonEnd, (value as Node).range?.[1] ?? 0) : colonEnd,
    isFlow: list !== undefined && isFlow(list),
    colonEnd,
    next,
    replaced: readReplaced(text, colonEnd, head),
    entries,
  };
}

/** Whether a value is written out, so that it is replaced where a list takes its place. */
const isEmpty = (value: Node | null): boolean =>
  isSeq(value) || (isScalar(value) && value.source !== undefined && value.source !== '');

function readEntries(text: string, list: YAMLSeq): ScriptEntry[] {
  const { items: tokens } = (list as { srcToken?: CST.BlockSequence }).srcToken ?? { items: [] };
  return list.items.flatMap((item, index) => {
    if (!isMap(item)) return [];
    const dash = tokens[index]?.start.find(({ type }) => type === 'seq-item-ind')?.offset ?? startOf(item.items[0]);
    const last = item.items.at(-1);
    const end = Math.max(last ? colonEndOf(last) : dash, (last?.value as Node | null)?.range?.[1] ?? 0);
    const code = item.items.find(pair => isKey(pair, 'code'));
    return {
      start: startOfLine(text, dash),
      end: endOfContent(text, dash, end),
      listen: toListen(item.get('type')),
      isFlow: isFlow(list) || isFlow(item),
      column: columnOf(text, dash),
      code: code && readCode(text, code, colonEndOf(code)),
    };
  });
}
