// A text with its escapes undone, as in URLs, HTML and JSON, and without what is not seen in it; and which place of it was where.
// Pure, on the machine.

/** How one character is written in a URL: one beyond ASCII takes several bytes, one in a URL inside of another "%25" for "%". */
const IN_URL = '%[cdCD]H%[89abAB]H|%[eE]H(?:%[89abAB]H){2}|%[fF][0-7](?:%[89abAB]H){3}|%(?:25){0,3}HH';
const IN_HTML = '&#[xX]0{0,5}HH;|&#0{0,5}\\d{2,3};';
const IN_JSON = '\\\\{1,40}(?:[/bfnrt]|uHHHH)';
/** Characters of no width, the zeros that UTF-16 leaves between others, and spaces that are not those of ASCII. */
const UNSEEN = '[\\0\\p{Cf}]';
const SPACE = '(?![ ])\\p{Zs}';
const ESCAPED = new RegExp([IN_URL, IN_HTML, IN_JSON, UNSEEN, SPACE].join('|').replaceAll('H', '[\\dA-Fa-f]'), 'gu');
const IS_UNSEEN = new RegExp(UNSEEN, 'u');
const IS_SPACE = new RegExp(SPACE, 'u');

export interface PlainText {
  text: string;
  /** The place in the source of a place in the text; to be called with places in ascending order. */
  toSource: (at: number) => number;
}

/** A text with its escapes undone; undefined where there are none. */
export function toPlain(source: string): PlainText | undefined {
  const parts: string[] = [];
  // After each escape: where it ends in the plain text, and in the source.
  const ends: [plain: number, source: number][] = [];
  let [plain, at] = [0, 0];
  for (const { 0: escaped, index } of source.matchAll(ESCAPED)) {
    const character = toSeen(toCharacter(escaped));
    parts.push(source.slice(at, index), character);
    plain += index - at + character.length;
    at = index + escaped.length;
    ends.push([plain, at]);
  }
  if (ends.length === 0) return undefined;
  let next = 0;
  const toSource = (place: number): number => {
    if (place < (ends[next - 1]?.[0] ?? 0)) next = 0;
    while ((ends[next]?.[0] ?? Infinity) <= place) next++;
    const [plainEnd, sourceEnd] = ends[next - 1] ?? [0, 0];
    return sourceEnd + place - plainEnd;
  };
  return { text: parts.join('') + source.slice(at), toSource };
}

const toSeen = (character: string): string =>
  IS_UNSEEN.test(character) ? '' : IS_SPACE.test(character) ? ' ' : character;

function toCharacter(escaped: string): string {
  if (!/^[%&\\]/.test(escaped)) return escaped;
  if (/^%.*%/.test(escaped)) return Buffer.from(escaped.replaceAll('%', ''), 'hex').toString();
  const code = /^(?:%|&#[xX]|\\+u)([\dA-Fa-f]+)/.exec(escaped)?.[1];
  if (code) return String.fromCharCode(Number.parseInt(code.replace(/^(?:25)+(?=..)/, ''), 16));
  const decimal = /^&#(\d+)/.exec(escaped)?.[1];
  if (decimal) return String.fromCharCode(Number(decimal));
  // The character of a line break is none of the secret beside it.
  return escaped.endsWith('/') ? '/' : '\n';
}
