// A text with its escapes undone, as in URLs, HTML and JSON, and which place of it was where. Pure, on the machine.

/** How one character is written in a URL, also in one inside of another; in HTML; and in JSON. */
const ESCAPED =
  /%(?:25){0,3}[\dA-Fa-f]{2}|&#[xX]0{0,5}[\dA-Fa-f]{2};|&#0{0,5}\d{2,3};|\\{1,40}(?:[/bfnrt]|u[\dA-Fa-f]{4})/g;

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
    parts.push(source.slice(at, index), toCharacter(escaped));
    plain += index - at + 1;
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

function toCharacter(escaped: string): string {
  const code = /^(?:%|&#[xX]|\\+u)([\dA-Fa-f]+)/.exec(escaped)?.[1];
  if (code) return String.fromCharCode(Number.parseInt(code.replace(/^(?:25)+(?=..)/, ''), 16));
  const decimal = /^&#(\d+)/.exec(escaped)?.[1];
  if (decimal) return String.fromCharCode(Number(decimal));
  // The character of a line break is none of the secret beside it.
  return escaped.endsWith('/') ? '/' : '\n';
}
