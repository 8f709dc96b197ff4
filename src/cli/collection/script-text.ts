// The texts of the two built scripts, and copies of them in other text: where they are, and of which version. Each script
// begins and ends with a comment; the first has its version and its SHA-256. Pure, on the machine.

import { createHash } from 'node:crypto';
import { CommandError, type Scripts } from '../command.ts';

/** How every version of the script begins. */
export const BEGIN = '/*! paynet-client-auth ';
const END = '/* end of paynet-client-auth */';
/** Up to version 0.1.0 the comment ended in this line. */
const BANNER = /^\/\*! paynet-client-auth (\S{1,40}) sha256=([0-9a-f]{64})(?: \*\/)?$/;

/** An event that a script of ours is for. */
export type Listen = 'prerequest' | 'test';

/** What messages call the script of an event. */
export const NAME_BY_EVENT: Record<Listen, string> = {
  prerequest: 'the pre-request script',
  test: 'the post-response script',
};

/** A built script. */
export interface Script {
  version: string;
  /** The lines without their line breaks. */
  lines: string[];
  /** What follows the last line: a line break, or empty. */
  tail: string;
}

/**
 * Reads the built scripts and checks the SHA-256 in the first line of each, which covers all lines after it.
 *
 * @throws CommandError when a text is not the script that was built
 */
export const parseScripts = ({ preRequest, postResponse }: Scripts): Record<Listen, Script> => ({
  prerequest: parseScript(preRequest, 'prerequest'),
  test: parseScript(postResponse, 'test'),
});

function parseScript(text: string, listen: Listen): Script {
  const tail = text.endsWith('\n') ? '\n' : '';
  const lines = text.slice(0, text.length - tail.length).split('\n');
  const banner = BANNER.exec(lines[0] ?? '');
  if (!banner?.[1] || lines.at(-1) !== END || banner[2] !== digest(lines, tail)) {
    const name = NAME_BY_EVENT[listen].replace('the', 'The');
    throw new CommandError(`${name} beside the command line is damaged. Run "npm run build".`);
  }
  return { version: banner[1], lines, tail };
}

/** A copy of a script in a source text; `start` and `end` include the whitespace around it. */
export interface Copy {
  start: number;
  end: number;
  text: string;
}

/**
 * Finds every copy of a script of ours, of any version, in the source text of an event.
 *
 * @throws CommandError when a copy lacks its first or its last line, so that its end is unknown
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
    copies.push({ ...spaceAround(source, begin, at), text: source.slice(begin, at) });
  }
}

function incomplete(which: string, line: string): CommandError {
  return new CommandError(
    `a copy of paynet-client-auth has lost its ${which} line "${line}", so it cannot be replaced. ` +
      'Delete the rest of it from that script, then inject again.',
  );
}

function spaceAround(source: string, begin: number, after: number): { start: number; end: number } {
  let start = begin;
  let end = after;
  while (source[start - 1] === ' ' || source[start - 1] === '\t') start -= 1;
  while (source[end] === ' ' || source[end] === '\t' || source[end] === '\r') end += 1;
  return { start, end };
}

/** How a copy differs from the built script. */
export interface Difference {
  code: 'script_changed' | 'script_other_build' | 'script_other_version';
  /** What follows the name of the script in a sentence. */
  words: string;
}

/**
 * Says how a copy differs from the script. Line ends make no difference.
 *
 * @returns undefined when the copy is the script itself
 */
export function differenceOf(copy: Copy, script: Script): Difference | undefined {
  const lines = copy.text.split('\n').map(line => (line.endsWith('\r') ? line.slice(0, -1) : line));
  if (lines.join('\n') === script.lines.join('\n')) return undefined;
  const banner = BANNER.exec(lines[0] ?? '');
  const version = banner?.[1];
  if (banner?.[2] !== digest(lines, script.tail)) {
    return { code: 'script_changed', words: 'was changed by hand: its SHA-256 does not match' };
  }
  if (version !== script.version) {
    return { code: 'script_other_version', words: `has version ${version}, this is ${script.version}` };
  }
  return { code: 'script_other_build', words: `comes from another build of version ${version}` };
}

function digest(lines: string[], tail: string): string {
  return createHash('sha256')
    .update(lines.slice(1).join('\n') + tail)
    .digest('hex');
}
