// Takes secrets out of text, in whatever form a reporter wrote them: plain, escaped for JSON, HTML or a URL, in Base64, or as
// the bytes of a Buffer. What replaces a secret says what was there. The command line, on the machine; pure.

/** Secrets of letters that no escaping changes: tokens, assertions, PKCE verifiers, members of a JWK. */
const URL_SAFE = /^[\w.~-]+$/;

/** Pieces shorter than this are no secret by themselves: the last line of a PEM, say. */
const MIN_LENGTH = 12;

/** How many letters of a secret are enough to know it; what follows them is taken for the rest of it, also when it was cut. */
const KNOWN_BY = 20;
const REST = /[\w.~+/=-]{1,9999}|%[\dA-Fa-f]{2}|&#[xX]?[\dA-Fa-f]{1,9};|\\\/|\\u00[\dA-Fa-f]{2}/y;
const WORD = /[\w.~-]{1,9999}/y;

/** Base64 that could hold a secret, by its first letters and by all of it. */
const BASE64_START = /(?<![\w+/-])[\w+/-]{32}/g;
const BASE64 = /[\w+/-]{1,9999}|={1,2}(?![\w+/=-])/y;

const BUFFER_START = /(?<="type":\s{0,99}"Buffer",\s{0,99}"data":\s{0,99}\[)(?=[\d\s])/g;
const NUMBERS = /[\d,\s]{1,9999}/y;

/** What is written where it can't be said which secret it is: assertions of one key begin alike. */
const CUT = '[…]';

/** The forms of one letter: as it is, in a URL, in HTML, in JSON. */
const toFlexible = (letter: string): string => {
  if (/[\w~-]/.test(letter)) return letter;
  const hex = letter.charCodeAt(0).toString(16).padStart(2, '0');
  const anyCase = hex.replace(/[a-f]/g, digit => `[${digit}${digit.toUpperCase()}]`);
  return `(?:\\\\?\\${letter}|%${anyCase}|&#[xX]0*${anyCase};|&#0*${letter.charCodeAt(0)};|\\\\u00${anyCase})`;
};

/** Where the stretch of text ends that a sticky pattern matches from `start` on, once or more often. */
const endOf = (pattern: RegExp, text: string, start: number): number => {
  let end = start;
  // Not one pattern that repeats itself without end: of a text of megabytes that would overflow the stack.
  for (pattern.lastIndex = start; pattern.test(text); ) end = pattern.lastIndex;
  return end;
};

/** A number of 20 bits for the first four letters at a place. */
const hashAt = (text: string, at: number): number =>
  (text.charCodeAt(at) * 29791 +
    text.charCodeAt(at + 1) * 961 +
    text.charCodeAt(at + 2) * 31 +
    text.charCodeAt(at + 3)) &
  0xfffff;

/** What a letter has grown to when {@link MIN_LENGTH} others have come after it. */
const GROWN = Number(31n ** BigInt(MIN_LENGTH) % 2n ** 32n);

/** A number of 22 bits for each run of {@link MIN_LENGTH} letters of a text. */
function* runHashesOf(text: string): Generator<number> {
  let hash = 0;
  for (let at = 0; at < text.length; at++) {
    const gone = at < MIN_LENGTH ? 0 : Math.imul(text.charCodeAt(at - MIN_LENGTH), GROWN);
    hash = (Math.imul(hash, 31) + text.charCodeAt(at) - gone) | 0;
    if (at >= MIN_LENGTH - 1) yield hash >>> 10;
  }
}

/** Runs of Base64 that are looked at together. */
const CHUNK = 500;

/**
 * Collects secrets during a run and takes them out of text. Megabytes of text with thousands of secrets are usual, and an
 * answer may be made to be slow: a text is read a fixed number of times, however many secrets there are.
 */
export class Redaction {
  /** The secrets, with what to write in their place. */
  readonly #secrets = new Map<string, string>();
  /** What they begin with, where that is of letters that no escaping changes; with a label if it is the same for all of those. */
  readonly #starts = new Map<string, string>();
  /** Which numbers these have, so that most places of a text are passed over. */
  readonly #hashes = new Uint8Array(2 ** 20);
  /** Secrets whose beginning has letters that an escaping changes. */
  readonly #patterns = new Map<string, { pattern: RegExp; label: string }>();
  /** Which numbers the runs of letters in the secrets have, so that most pieces are passed over. */
  readonly #runs = new Uint8Array(2 ** 22);

  /**
   * Adds a secret; of one in several lines every line is a secret.
   *
   * @param label what to write in its place, without quotes or angle brackets
   */
  add(secret: string, label: string): void {
    for (const piece of secret.split(/-----[A-Z ]{1,40}-----|[\s"'{}:,]|(?<!\\)\\{1,40}[rnt"]/)) {
      if (piece.length < MIN_LENGTH || this.#secrets.has(piece)) continue;
      this.#secrets.set(piece, label);
      for (const hash of runHashesOf(piece)) this.#runs[hash] = 1;
      const start = piece.slice(0, KNOWN_BY);
      if (URL_SAFE.test(start)) {
        const known = this.#starts.get(start) ?? label;
        this.#starts.set(start, known === label ? label : CUT);
        this.#hashes[hashAt(start, 0)] = 1;
      } else this.#patterns.set(start, { pattern: new RegExp([...start].map(toFlexible).join(''), 'g'), label });
    }
  }

  /** The text without the secrets added so far. */
  redact(text: string): string {
    if (this.#secrets.size === 0) return text;
    return this.#redactBase64(this.#redactBuffers(this.#redactText(text)));
  }

  /** The text without the secrets, and without the pieces into which a console breaks what is longer than its lines. */
  redactPieces(text: string): string {
    return this.redact(text).replace(/[\w.~+/=-]{12,}/g, piece => (this.#isPiece(piece) ? CUT : piece));
  }

  #isPiece(text: string): boolean {
    for (const hash of runHashesOf(text)) if (this.#runs[hash] === 0) return false;
    for (const secret of this.#secrets.keys()) if (secret.includes(text)) return true;
    return false;
  }

  #redactText(text: string): string {
    const parts: string[] = [];
    let done = 0;
    for (let at = 0; at + MIN_LENGTH <= text.length; at++) {
      const found = this.#hashes[hashAt(text, at)] ? this.#findAt(text, at) : undefined;
      if (!found) continue;
      parts.push(text.slice(done, at), found.label);
      done = found.end;
      at = done - 1;
    }
    let result = done === 0 ? text : parts.join('') + text.slice(done);
    for (const { pattern, label } of this.#patterns.values())
      result = replaceStretches(result, pattern, REST, () => label);
    return result;
  }

  /** The secret that begins at a place of the text, and where it ends. */
  #findAt(text: string, at: number): { label: string; end: number } | undefined {
    for (let length = KNOWN_BY; length >= MIN_LENGTH; length--) {
      const label = this.#starts.get(text.slice(at, at + length));
      if (label === undefined) continue;
      const end = endOf(WORD, text, at);
      const exact = this.#secrets.get(text.slice(at, end));
      // What is no secret from end to end is glued to other letters, was cut off, or goes on with escapes.
      return exact === undefined ? { label, end: endOf(REST, text, at) } : { label: exact, end };
    }
    return undefined;
  }

  /** Newman's JSON report holds the body of a response as the numbers of its bytes. */
  #redactBuffers(text: string): string {
    return replaceStretches(text, BUFFER_START, NUMBERS, numbers => {
      const plain = Buffer.from(numbers.split(',').map(Number)).toString();
      const redacted = this.#redactText(plain);
      return redacted === plain ? numbers : [...Buffer.from(redacted)].join(',');
    });
  }

  #redactBase64(text: string): string {
    const all = new Set<string>();
    replaceStretches(text, BASE64_START, BASE64, run => {
      all.add(run);
      return run;
    });
    const runs = [...all];
    const redacted = new Map<string, string>();
    for (let first = 0; first < runs.length; first += CHUNK) {
      const chunk = runs.slice(first, first + CHUNK);
      // Where a run does not begin with the Base64 itself, the letters are out of step by up to three.
      for (let offset = 0; offset < 4; offset++) {
        const plain = chunk.map(run => Buffer.from(run.slice(offset), 'base64').toString('latin1'));
        const joined = plain.join('\n');
        if (this.#redactText(joined) === joined) continue;
        for (const [index, run] of chunk.entries()) {
          const before = plain[index] as string;
          const after = this.#redactText(before);
          if (after === before || redacted.has(run)) continue;
          redacted.set(run, run.slice(0, offset) + Buffer.from(after, 'latin1').toString('base64'));
        }
      }
    }
    return redacted.size === 0 ? text : replaceStretches(text, BASE64_START, BASE64, run => redacted.get(run) ?? run);
  }
}

/** Replaces stretches of a text: each begins with what one pattern finds, and goes on as long as a sticky one matches. */
function replaceStretches(text: string, begin: RegExp, rest: RegExp, replace: (stretch: string) => string): string {
  const parts: string[] = [];
  let done = 0;
  begin.lastIndex = 0;
  for (let match = begin.exec(text); match; match = begin.exec(text)) {
    const end = endOf(rest, text, begin.lastIndex);
    parts.push(text.slice(done, match.index), replace(text.slice(match.index, end)));
    done = end;
    begin.lastIndex = end;
  }
  return done === 0 ? text : parts.join('') + text.slice(done);
}
