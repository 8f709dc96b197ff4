// Base64 in a text, in one line or in many, with what is between the lines left out. Pure, on the machine.

/** Between two lines of a key: a line break, written as such, escaped, or as two strings of a program put together. */
export const BREAK = String.raw`\s|\\{1,40}[rnt]|["'${'`'}]\s{0,99}[+,]\s{0,99}["'${'`'}]`;

export interface Base64Run {
  start: number;
  end: number;
  base64: string;
  /** Where each line begins in it. */
  lineStarts: number[];
}

/** Shorter Base64 holds no piece of a secret. */
const MIN_LENGTH = 28;
/** Lines of Base64 are longer than most words: what follows a shorter line does not belong to it. */
const MIN_LINE = 20;
const BREAKS = new RegExp(`(?:${BREAK}){1,20}`, 'y');

/** 1 for each character of Base64 and base64url. */
const IS_BASE64 = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_') {
  IS_BASE64[character.charCodeAt(0)] = 1;
}

const isBase64 = (text: string, at: number): boolean => IS_BASE64[text.charCodeAt(at)] === 1;

function endOfLine(text: string, start: number): number {
  let at = start;
  while (isBase64(text, at)) at++;
  return at;
}

function endOfBreak(text: string, at: number): number {
  BREAKS.lastIndex = at;
  return BREAKS.test(text) ? BREAKS.lastIndex : at;
}

/** What Base64 holds, a character for each byte but for zeros: every second byte of ASCII in UTF-16 is one. */
export const bytesOf = (base64: string): string =>
  Buffer.from(base64, 'base64').toString('latin1').replaceAll('\0', '');

/** The next place where a line of a run begins; most characters of other text are passed over without a look. */
function nextLine(text: string, from: number): number {
  for (let at = from; at + MIN_LINE <= text.length; ) {
    let last = at + MIN_LINE - 1;
    while (last >= at && isBase64(text, last)) last--;
    if (last < at) return at;
    at = last + 1;
  }
  return text.length;
}

/** The runs of Base64, long enough to hold a piece of a secret. */
export function* findBase64Runs(text: string): Generator<Base64Run> {
  for (let at = nextLine(text, 0); at < text.length; at = nextLine(text, at)) {
    // The character of an escaped line break is none of the run behind it.
    if (text[at - 1] === '\\' && /[rnt]/.test(text.charAt(at))) at++;
    const start = at;
    const lines: string[] = [];
    const lineStarts: number[] = [];
    for (let end = endOfLine(text, at), length = 0; end > at; ) {
      lines.push(text.slice(at, end));
      lineStarts.push(length);
      length += end - at;
      const next = end - at < MIN_LINE ? end : endOfBreak(text, end);
      at = end;
      if (next === end || !isBase64(text, next)) break;
      at = next;
      end = endOfLine(text, next);
    }
    if (at - start < MIN_LENGTH) continue;
    const base64 = lines.join('');
    if (base64.length >= MIN_LENGTH) yield { start, end: at, base64, lineStarts };
  }
}
