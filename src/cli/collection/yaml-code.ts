// The source text of one script in a v12 file: scalars of every style are read; lines are put into a literal block, and what is no
// such block becomes one. Pure, on the machine. Block scalars: https://yaml.org/spec/1.2.2/#81-block-scalar-styles

import { type CST, isScalar, type Node, type Pair, type Scalar } from 'yaml';
import { CommandError } from '../command.ts';
import { applyEdits, type Edit, type Span } from './json-text.ts';
import {
  columnOf,
  endOfContent,
  endOfLine,
  lineBreakOf,
  type Replaced,
  readReplaced,
  startOfNextLine,
  toReplaced,
} from './yaml-lines.ts';

/** The member `code`; the span is from behind its colon to the end of its value. */
export interface Code extends Span {
  /** Column of the key. */
  column: number;
  /** With LF; of a block without the last line breaks. */
  value: string;
  /** Where it is a literal block with something in it. */
  block: Block | undefined;
  /** What the injection has replaced by the block. */
  replaced: Replaced | undefined;
}

interface Block {
  /** Of `|`, `|2-` and the like. */
  header: Span;
  /** Whether the header says how far the lines are indented. */
  isExplicit: boolean;
  indent: number;
  /** Where the first line begins. */
  body: number;
}

/**
 * Reads a member `code`.
 *
 * @returns undefined when it is a list or a map
 */
export function readCode(text: string, pair: Pair, colonEnd: number): Code | undefined {
  const node = pair.value as (Scalar & { srcToken?: CST.Token }) | null;
  if (node && !isScalar(node)) return undefined;
  const column = columnOf(text, (pair.key as Node).range?.[0] ?? 0);
  const value = node ? toSource(node) : '';
  const token = node?.srcToken;
  if (!node || token?.type !== 'block-scalar') {
    const end = node?.source ? (node.range?.[1] ?? colonEnd) : colonEnd;
    return { start: colonEnd, end, column, value, block: undefined, replaced: undefined };
  }
  const header = token.props.find(({ type }) => type === 'block-scalar-header') as CST.SourceToken;
  const body = startOfNextLine(text, header.offset);
  const end = endOfContent(text, header.offset, node.range?.[1] ?? body);
  const code = { start: colonEnd, end, column, replaced: readReplaced(text, header.offset, body) };
  const digit = /\d/.exec(header.source)?.[0];
  const indent = digit ? column + Number(digit) : (/^(?: *\r?\n)*( *)/.exec(text.slice(body, end))?.[1] ?? '').length;
  const own = linesOf(text, body, end).map(({ start, end: to }) => text.slice(Math.min(start + indent, to), to));
  const source = own.join('\n');
  if (header.source[0] !== '|' || value.trim() === '' || source.trimEnd() !== value.trimEnd()) {
    return { ...code, value, block: undefined };
  }
  const span = { start: header.offset, end: header.offset + header.source.length };
  return { ...code, value: source, block: { header: span, isExplicit: digit !== undefined, indent, body } };
}

/** A number or boolean is what stands there. */
function toSource({ value, source = '' }: Scalar): string {
  if (value === null) return '';
  return typeof value === 'string' ? value.replaceAll('\r\n', '\n') : source;
}

/** The lines of a part of a text. */
function linesOf(text: string, start: number, end: number): Span[] {
  let at = start;
  return text
    .slice(start, end)
    .split('\n')
    .map(line => {
      const from = at;
      at += line.length + 1;
      return { start: from, end: from + line.replace(/\r$/, '').length };
    });
}

/** Lines with their indentation; an empty one has none. */
export const indented = (lines: string[], indent: number, lineBreak: string): string =>
  lines.map(line => (line === '' ? '' : ' '.repeat(indent) + line)).join(lineBreak);

/**
 * Puts lines in front of the source text, or behind it.
 *
 * @returns the whole text
 * @throws CommandError when the source text can't be in a block
 */
export function mergeLines(text: string, code: Code, lines: string[], isLast: boolean): string {
  const { block, value } = code;
  if (!block) {
    const own = value.trim() === '' ? [] : value.trimEnd().split('\n');
    const all = isLast ? [...own, ...lines] : [...lines, ...own];
    return toBlock(text, code, all, toReplaced(text.slice(code.start, code.end)));
  }
  const lineBreak = lineBreakOf(text, block.header.start);
  const added = indented(lines, block.indent, lineBreak);
  return isLast
    ? applyEdits(text, [{ start: code.end, end: code.end, text: lineBreak + added }])
    : applyEdits(text, [{ start: block.body, end: block.body, text: added + lineBreak }]);
}

/** What YAML allows in a block, https://yaml.org/spec/1.2.2/#51-character-set, without CR, which ends a line. */
const NOT_IN_BLOCK = /[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;

/** Whether the first line with content, or a blank one before it, begins with a space: the indentation then can't be told. */
const beginsWithSpace = (source: string): boolean => /^\n* /.test(source);

/** Writes lines as a literal block in place of the value, and a comment behind its header. */
export function toBlock(text: string, code: Code, lines: string[], comment: string): string {
  const source = lines.join('\n');
  if (NOT_IN_BLOCK.test(source)) {
    throw new CommandError('"code" holds a control character, which no block of lines can. Write it as "\\u…" there.');
  }
  const lineEnd = endOfLine(text, code.end);
  const lineBreak = lineBreakOf(text, lineEnd);
  const indent = Math.max(code.column + 2, deepestComment(text, lineEnd) + 1);
  const indicator = beginsWithSpace(source) ? toIndicator(indent - code.column) : '';
  const head = ` |${indicator}-${comment}${text.slice(code.end, lineEnd)}`;
  const block = head + lineBreak + indented(lines, indent, lineBreak);
  return applyEdits(text, [{ start: code.start, end: lineEnd, text: block }]);
}

function toIndicator(indent: number): string {
  if (indent < 10) return String(indent);
  throw new CommandError('"code" is indented too far. Indent it by two spaces.');
}

/** The largest indentation of the comments that follow a line: in lines that are indented less, none would be one of the block. */
function deepestComment(text: string, lineEnd: number): number {
  let deepest = -1;
  for (let at = startOfNextLine(text, lineEnd); at < text.length; at = startOfNextLine(text, at)) {
    const [, space = '', sign] = /^([ \t]*)(\S?)/.exec(text.slice(at, endOfLine(text, at))) ?? [];
    if (sign === '#') deepest = Math.max(deepest, space.length);
    else if (sign) break;
  }
  return deepest;
}

/**
 * The text with what the injection has replaced by the block.
 *
 * @returns undefined when it has replaced nothing
 */
export function restore(text: string, { start, end, replaced }: Code): string | undefined {
  if (!replaced) return undefined;
  const behind = text.slice(replaced.end, endOfLine(text, replaced.end));
  return applyEdits(text, [{ start, end, text: replaced.text + behind }]);
}

/**
 * Cuts parts out of a literal block.
 *
 * @param cuts places in the source text
 * @param rest what is left of it
 */
export function cutBlock(
  text: string,
  { value, end, replaced, column }: Code,
  block: Block,
  cuts: Span[],
  rest: string,
) {
  const lines = linesOf(text, block.body, end);
  const offsetOf = (at: number, isWhole: boolean) => {
    const before = value.slice(0, at).split('\n');
    const line = lines[before.length - 1] as Span;
    const inLine = isWhole ? 0 : block.indent + (before.at(-1) as string).length;
    return Math.min(line.start + inLine, line.end);
  };
  const edits: Edit[] = cuts.map(cut => {
    const isWhole = (cut.start === 0 || value[cut.start - 1] === '\n') && value[cut.end - 1] === '\n';
    return { start: offsetOf(cut.start, isWhole), end: offsetOf(cut.end, isWhole), text: '' };
  });
  if (replaced) edits.unshift({ ...replaced, text: '' });
  if (!block.isExplicit && beginsWithSpace(rest)) {
    const at = block.header.start + 1;
    edits.unshift({ start: at, end: at, text: toIndicator(block.indent - column) });
  }
  return applyEdits(text, edits);
}
