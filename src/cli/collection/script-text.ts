// Recognising the built pre-request script inside other text: where copies of it stand, and which one they are.
// Pure, on the machine. The script begins and ends with a comment of its own; the first names version and SHA-256.

import { createHash } from 'node:crypto';
import { CommandError } from '../command.ts';

const BEGIN = '/*! paynet-client-auth ';
const END = '/* end of paynet-client-auth */';
const BANNER = /^\/\*! paynet-client-auth (\S{1,40}) sha256=([0-9a-f]{64}) \*\/$/;

/** The built script, as `build` made it. */
export interface Script {
  version: string;
  /** The lines without their line breaks. */
  lines: string[];
  /** What follows the last line: a line break, or nothing. */
  tail: string;
}

/**
 * Reads the built script and checks it against the SHA-256 in its first line, which covers all that follows that line.
 *
 * @throws CommandError when the text is not the script that was built.
 */
export function parseScript(text: string): Script {
  const tail = text.endsWith('\n') ? '\n' : '';
  const lines = text.slice(0, text.length - tail.length).split('\n');
  const banner = BANNER.exec(lines[0] ?? '');
  if (!banner?.[1] || lines.at(-1) !== END || banner[2] !== digest(lines, tail)) {
    throw new CommandError('The pre-request script beside the command line is damaged. Run "npm run build".');
  }
  return { version: banner[1], lines, tail };
}

/** A copy of the script in a source text, from `start` up to `end`, blanks around it included. */
export interface Copy {
  start: number;
  end: number;
  text: string;
}

/**
 * Finds every copy of the script, of any version, in the source text of a pre-request event.
 *
 * @throws CommandError when one has lost its first or its last line, so that nobody knows where it ends.
 */
export function findCopies(source: string): Copy[] {
  const copies: Copy[] = [];
  for (let at = 0; ; ) {
    const begin = source.indexOf(BEGIN, at);
    const end = source.indexOf(END, at);
    if (begin < 0 && end < 0) return copies;
    if (begin < 0 || (end >= 0 && end < begin)) throw incomplete('first', `${BEGIN}…`);
    const next = source.indexOf(BEGIN, begin + BEGIN.length);
    if (end < 0 || (next >= 0 && next < end)) throw incomplete('last', END);
    at = end + END.length;
    copies.push({ ...blanksAround(source, begin, at), text: source.slice(begin, at) });
  }
}

function incomplete(which: string, line: string): CommandError {
  return new CommandError(
    `a copy of paynet-client-auth has lost its ${which} line "${line}", so it cannot be replaced. ` +
      'Delete the rest of it from the pre-request script, then inject again.',
  );
}

function blanksAround(source: string, begin: number, after: number): { start: number; end: number } {
  let start = begin;
  let end = after;
  while (source[start - 1] === ' ' || source[start - 1] === '\t') start -= 1;
  while (source[end] === ' ' || source[end] === '\t' || source[end] === '\r') end += 1;
  return { start, end };
}

/**
 * Says how a copy differs from the script; line ends do not count.
 *
 * @returns a sentence, or undefined when it is the script itself
 */
export function differenceOf(copy: Copy, script: Script): string | undefined {
  const lines = copy.text.split('\n').map(line => (line.endsWith('\r') ? line.slice(0, -1) : line));
  if (lines.join('\n') === script.lines.join('\n')) return undefined;
  const banner = BANNER.exec(lines[0] ?? '');
  if (!banner || banner[2] !== digest(lines, script.tail)) {
    return 'paynet-client-auth was changed by hand: its SHA-256 does not match.';
  }
  return banner[1] === script.version
    ? `paynet-client-auth ${script.version} comes from another build of this version.`
    : `paynet-client-auth has version ${banner[1]}, this is ${script.version}.`;
}

function digest(lines: string[], tail: string): string {
  return createHash('sha256')
    .update(lines.slice(1).join('\n') + tail)
    .digest('hex');
}
