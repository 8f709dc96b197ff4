// Breaks long lines at words, so that a terminal does not break them anywhere. Pure, on the machine.

/** Fewer characters than this hold no sentence. */
const MIN_WIDTH = 24;

/**
 * Breaks a line at words; what follows is indented as far as its text begins: behind its spaces, and behind a number.
 *
 * @param columns the width of the terminal in characters; undefined for no limit
 * @param indent characters before what follows
 */
export function wrap(line: string, columns: number | undefined, indent = beginOf(line)): string {
  if (columns === undefined || columns - indent < MIN_WIDTH) return line;
  const lines: string[] = [];
  let rest = line;
  while (rest.length > columns) {
    const last = rest.lastIndexOf(' ', columns);
    // A word that is longer than a line, as a URL, stays whole: it is to be copied.
    const at = last > indent ? last : rest.indexOf(' ', columns);
    if (at < 0) break;
    lines.push(rest.slice(0, at));
    rest = ' '.repeat(indent) + rest.slice(at + 1);
  }
  return [...lines, rest].join('\n');
}

/** Where the text of a line begins: behind its spaces, and behind a number. */
export const beginOf = (line: string): number => /^ *(?:\d+\. )?/.exec(line)?.[0].length ?? 0;
