// Lines and columns of a YAML text, and the comment that keeps what the injection has replaced in it. Pure, on the machine.

import type { Span } from './json-text.ts';

/** Where the line begins that a place is in; a byte order mark is before the first. */
export function startOfLine(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1 || (text.startsWith('\ufeff') ? 1 : 0);
}

/** Where the line ends, before its line break. */
export function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  if (end < 0) return text.length;
  return end > at && text[end - 1] === '\r' ? end - 1 : end;
}

/** Where the last line with content ends. */
export function endOfContent(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && ' \t\r\n'.includes(text[at - 1] as string)) at -= 1;
  return endOfLine(text, at);
}

/** Where the line after it begins; the end of the text after the last one. */
export function startOfNextLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}

export const columnOf = (text: string, at: number): number => at - startOfLine(text, at);

/** The next line break, or else the first of the text. */
export const lineBreakOf = (text: string, at: number): string =>
  (/\r?\n/.exec(text.slice(at)) ?? /\r?\n/.exec(text))?.[0] ?? '\n';

/** Text that the injection has replaced, and the comment, with the space before it, that keeps it. */
export interface Replaced extends Span {
  text: string;
}

const REPLACED = / # paynet-client-auth replaced ("(?:[^"\\\r\n]|\\.)*")/;

/** The comment that keeps a text. */
export const toReplaced = (text: string): string => ` # paynet-client-auth replaced ${JSON.stringify(text)}`;

/** Finds the comment in a part of a text where only comments are. */
export function readReplaced(text: string, start: number, end: number): Replaced | undefined {
  const found = REPLACED.exec(text.slice(start, end));
  if (!found) return undefined;
  const at = start + found.index;
  return { start: at, end: at + found[0].length, text: JSON.parse(found[1] as string) };
}
