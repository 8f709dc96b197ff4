// What a command prints as a picture: SVG text in columns of one width. And back again, for the test that compares the picture with
// what the command prints today.

/** Width of a character and height of a line, in pixels. */
const CELL = 7.2;
const LINE = 17;
const MARGIN = 14;
/** Columns; longer lines go on in the next one, as in a terminal. */
const COLUMNS = 110;

const GREEN = 'fill="#1a7f37"';
const RED = 'fill="#cf222e" font-weight="bold"';
const GREY = 'fill="#57606a"';

/** The colours that a terminal has too, by what a line or a word is. */
const STYLES: [part: RegExp, style: string][] = [
  [/^ {2}✓.*/g, GREEN],
  [/^ {2}\d+\. (?!proved).*/g, RED],
  [/^ {2}\d+\. proved.*|^error: .*/g, RED],
  [/^\$ .*|^ {2}(GET|POST) .*|^ {2}[┌│└].*/g, GREY],
  [/\b(accepted|answered)\b(?=.*│)|^\d of \d runs passed/g, GREEN],
];

const toXml = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

const style = (line: string): string => {
  const text = toXml(line);
  const rule = STYLES.find(([part]) => text.search(part) >= 0);
  return rule ? text.replace(rule[0], part => `<tspan ${rule[1]}>${part}</tspan>`) : text;
};

/** Cuts a line to the width of the terminal, after a space where there is one. */
const wrap = (line: string): string[] => {
  if (line.length <= COLUMNS) return [line];
  const space = line.lastIndexOf(' ', COLUMNS - 1);
  const end = space > COLUMNS / 2 ? space + 1 : COLUMNS;
  return [line.slice(0, end), ...wrap(`     ${line.slice(end)}`)];
};

/** Draws a terminal. */
export const toPicture = (title: string, output: string): string => {
  const lines = output.trimEnd().split('\n').flatMap(wrap);
  const width = Math.ceil(Math.max(...lines.map(line => line.length)) * CELL) + 2 * MARGIN;
  const height = lines.length * LINE + 2 * MARGIN;
  const texts = lines.flatMap((line, index) => {
    const text = line.trimEnd();
    if (text === '') return [];
    const y = MARGIN + (index + 1) * LINE - 4;
    // The length holds the columns, whatever font the reader has.
    return [`<text x="${MARGIN}" y="${y}" textLength="${(text.length * CELL).toFixed(1)}">${style(text)}</text>`];
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="12" fill="#24292f" xml:space="preserve">
<title>${toXml(title)}</title>
<style>text { white-space: pre }</style>
<rect width="${width}" height="${height}" rx="6" fill="#f6f8fa"/>
${texts.join('\n')}
</svg>
`;
};

/** The text in a picture. */
export const readPicture = (svg: string): string =>
  [...svg.matchAll(/<text [^>]*>(.*)<\/text>/g)]
    .map(([, spans = '']) => spans.replace(/<[^>]*>/g, ''))
    .join('\n')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');

/**
 * A text without what differs from run to run: ports, dates, times, sizes, identifiers, and where lines end. Two outputs of one command are
 * equal then.
 */
export const toComparable = (text: string): string =>
  text
    // Newman cuts a line of the console anywhere.
    .replace(/\n {2}│ /g, '')
    .replace(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, '#')
    // A kid is the SHA-256 of its key.
    .replace(/(?<![\w-])(?=[\w-]*[A-Z\d])[\w-]{43}(?![\w-])/g, '#')
    .replace(/:\d{4,5}(?!\d)|\d{4}-\d\d-\d\d|\d+(\.\d+)?(ms|s|k?B)\b/g, '#')
    .replace(/[\s│'┌└]/g, '');
