// Takes secrets out of text, in whatever form a reporter wrote them: plain, escaped for JSON, HTML or a URL, in Base64, or as
// the bytes of a Buffer; whole, cut, or glued to other letters. What replaces a secret says what was there. The command line,
// on the machine; pure.

/** A secret that is shorter is none: it could be an ordinary word, or the last line of a PEM. */
const MIN_LENGTH = 12;

/** So many letters in a row of a secret are taken out, wherever in it they stand. */
const MIN_PIECE = 20;

/** Secrets are known by runs of {@link MIN_LENGTH} letters; with one at every so many letters each piece holds one. */
const STEP = MIN_PIECE - MIN_LENGTH + 1;

/** What follows a piece of a secret is taken for the rest of it. */
const REST = /[\w.~+/=-]{1,9999}/y;

/** How one letter is written in a URL, in HTML and in JSON. */
const ESCAPED = /%[\dA-Fa-f]{2}|&#[xX]0{0,5}[\dA-Fa-f]{2};|&#0{0,5}\d{2,3};|\\{1,40}(?:[/bfnrt]|u[\dA-Fa-f]{4})/g;

/** Base64 that could hold a secret, by its first letters and by all of it, also in lines. */
const BASE64_START = /(?<![\w+/-])[\w+/-]{32}/g;
const BASE64 = /[\w+/-]{1,9999}|={1,2}(?![\w+/=-])|(?<=[\w+/-]{32})(?:\r?\n|(?:\\{1,9}r)?\\{1,9}n)(?=[\w+/-]{2})/y;
const LINE_BREAKS = /\s|\\{1,9}[rn]/g;

const BUFFER_START = /(?<="type":\s{0,99}"Buffer",\s{0,99}"data":\s{0,99}\[)(?=[\d\s])/g;
const NUMBERS = /[\d,\s]{1,9999}/y;

/** What is written where it can't be said which secret it is: assertions of one key begin alike. */
const UNKNOWN = '[secret]';

/** Runs of Base64 that are looked at together. */
const CHUNK = 500;

/** Where a run of letters stands; the label is undefined when secrets of other labels have the same run. */
interface Run {
  places: { secret: string; at: number }[];
  label: string | undefined;
}

/** The same run in more secrets than these is what they all begin with. */
const MAX_PLACES = 8;

/** Letters of a text that are a piece of a secret. */
interface Piece {
  start: number;
  end: number;
  label: string | undefined;
  /** Where what follows ends, if the secret goes on in another way than the text; else where the piece ends. */
  restEnd: number;
}

/** What a letter has grown to in a number when {@link MIN_LENGTH} others have come after it. */
const GROWN = Number(31n ** BigInt(MIN_LENGTH) % 2n ** 32n);

/** The number of the run of letters that ends at a place, from that of the run before it. */
const nextHash = (hash: number, text: string, end: number): number => {
  const gone = end < MIN_LENGTH ? 0 : Math.imul(text.charCodeAt(end - MIN_LENGTH), GROWN);
  return (Math.imul(hash, 31) + text.charCodeAt(end) - gone) | 0;
};

/**
 * Collects secrets during a run and takes them out of text. Megabytes of text with thousands of secrets are usual, and an
 * answer may be made to be slow: a text is read a fixed number of times, however many secrets there are.
 */
export class Redaction {
  /** The secrets, with what to write in their place. */
  readonly #secrets = new Map<string, string>();
  /** The runs of letters that they are known by. */
  readonly #runs = new Map<string, Run>();
  /** Which numbers of 22 bits these have, so that most places of a text are passed over. */
  readonly #hashes = new Uint8Array(2 ** 22);

  /**
   * Adds a secret; of one in several lines every line is a secret.
   *
   * @param label what to write in its place, in ASCII without quotes or angle brackets
   */
  add(secret: string, label: string): void {
    for (const piece of secret.split(/-----[A-Z ]{1,40}-----|[\s"'{}:,]|(?<!\\)\\{1,40}[rnt"]/)) {
      this.addWhole(piece, label);
    }
  }

  /** Adds a secret in one piece, whatever letters it has. */
  addWhole(secret: string, label: string): void {
    if (secret.length < MIN_LENGTH || this.#secrets.has(secret)) return;
    this.#secrets.set(secret, label);
    for (let at = 0; at < secret.length - MIN_LENGTH; at += STEP) this.#addRun(secret, at, label);
    this.#addRun(secret, secret.length - MIN_LENGTH, label);
  }

  #addRun(secret: string, at: number, label: string): void {
    const run = secret.slice(at, at + MIN_LENGTH);
    const known = this.#runs.get(run);
    if (known) {
      if (known.label !== label) known.label = undefined;
      if (known.places.length < MAX_PLACES) known.places.push({ secret, at });
      return;
    }
    this.#runs.set(run, { places: [{ secret, at }], label });
    let hash = 0;
    for (let end = 0; end < MIN_LENGTH; end++) hash = nextHash(hash, run, end);
    this.#hashes[hash >>> 10] = 1;
  }

  /** The text without the secrets added so far. */
  redact(text: string): string {
    if (this.#secrets.size === 0) return text;
    return this.#redactBase64(this.#redactBuffers(this.#redactText(text)));
  }

  #redactText(text: string): string {
    const plain = toPlain(text);
    const parts: string[] = [];
    let done = 0;
    let stretch: Piece[] = [];
    const replaceStretch = () => {
      const [first, last] = [stretch[0], stretch.at(-1)];
      if (!first || !last) return;
      parts.push(text.slice(done, plain.toSource(first.start)), this.#labelOf(stretch, plain.text));
      done = plain.toSource(last.restEnd);
      stretch = [];
    };
    for (const piece of this.#findPieces(plain.text)) {
      if (piece.start > (stretch.at(-1)?.restEnd ?? piece.start)) replaceStretch();
      stretch.push(piece);
    }
    replaceStretch();
    return done === 0 ? text : parts.join('') + text.slice(done);
  }

  /** The pieces of secrets in a text, in their order; they may overlap. */
  *#findPieces(text: string): Generator<Piece> {
    let hash = 0;
    let done = 0;
    let wordEnd = 0;
    for (let end = 0; end < text.length; end++) {
      hash = nextHash(hash, text, end);
      // Whatever is whole in the last piece is known.
      if (this.#hashes[hash >>> 10] === 0 || end < done || end < MIN_LENGTH - 1) continue;
      const piece = this.#pieceAt(text, end + 1 - MIN_LENGTH);
      if (!piece) continue;
      done = piece.end;
      if (piece.isCut && wordEnd < done) wordEnd = endOf(REST, text, done);
      yield { ...piece, restEnd: piece.isCut ? wordEnd : done };
    }
  }

  /** A piece of a secret around a run of letters. */
  #pieceAt(text: string, at: number): (Omit<Piece, 'restEnd'> & { isCut: boolean }) | undefined {
    const run = this.#runs.get(text.slice(at, at + MIN_LENGTH));
    for (const place of run?.places ?? []) {
      const { secret } = place;
      let [before, after] = [0, MIN_LENGTH];
      // No more than that: what is further before the first run of a piece is no part of it.
      const most = Math.min(MIN_PIECE, at, place.at);
      while (before < most && text.charCodeAt(at - before - 1) === secret.charCodeAt(place.at - before - 1)) before++;
      while (place.at + after < secret.length && text.charCodeAt(at + after) === secret.charCodeAt(place.at + after)) {
        after++;
      }
      if (before + after < Math.min(MIN_PIECE, secret.length)) continue;
      const [start, end] = [at - before, at + after];
      const label = run?.label ?? this.#secrets.get(text.slice(start, end));
      return { start, end, label, isCut: place.at + after < secret.length };
    }
    return undefined;
  }

  /** What to write in place of pieces that touch each other. */
  #labelOf(pieces: Piece[], text: string): string {
    const whole = this.#secrets.get(text.slice(pieces[0]?.start, pieces.at(-1)?.restEnd));
    if (whole) return whole;
    const labels = new Set(pieces.flatMap(({ label }) => label ?? []));
    return labels.size === 1 ? ([...labels][0] as string) : UNKNOWN;
  }

  /** Newman's JSON report holds the body of a response as the numbers of its bytes. */
  #redactBuffers(text: string): string {
    return replaceStretches(text, BUFFER_START, NUMBERS, numbers => {
      const plain = Buffer.from(numbers.split(',').map(Number)).toString('latin1');
      const redacted = this.#redactText(plain);
      return redacted === plain ? numbers : [...Buffer.from(redacted, 'latin1')].join(',');
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
        const lines = chunk.map(run => run.replace(LINE_BREAKS, ''));
        const plain = lines.map(run => Buffer.from(run.slice(offset), 'base64').toString('latin1'));
        const joined = plain.join('\n');
        if (this.#redactText(joined) === joined) continue;
        for (const [index, run] of chunk.entries()) {
          const before = plain[index] as string;
          const after = this.#redactText(before);
          if (after === before || redacted.has(run)) continue;
          redacted.set(run, lines[index]?.slice(0, offset) + Buffer.from(after, 'latin1').toString('base64'));
        }
      }
    }
    return redacted.size === 0 ? text : replaceStretches(text, BASE64_START, BASE64, run => redacted.get(run) ?? run);
  }
}

/** A text with its escapes undone, and which place of it was where. */
function toPlain(text: string): { text: string; toSource: (at: number) => number } {
  const parts: string[] = [];
  // After each escape: where it ends in the plain text, and in the source.
  const ends: [plain: number, source: number][] = [];
  let [plain, source] = [0, 0];
  for (const { 0: escaped, index } of text.matchAll(ESCAPED)) {
    parts.push(text.slice(source, index), toLetter(escaped));
    plain += index - source + 1;
    source = index + escaped.length;
    ends.push([plain, source]);
  }
  if (ends.length === 0) return { text, toSource: at => at };
  let next = 0;
  // Asked for places in their order.
  const toSource = (at: number): number => {
    while ((ends[next]?.[0] ?? Infinity) <= at) next++;
    const [plainEnd, sourceEnd] = ends[next - 1] ?? [0, 0];
    return sourceEnd + at - plainEnd;
  };
  return { text: parts.join('') + text.slice(source), toSource };
}

function toLetter(escaped: string): string {
  const code = /^(?:%|&#[xX]|\\+u)([\dA-Fa-f]+)/.exec(escaped)?.[1];
  if (code) return String.fromCharCode(Number.parseInt(code, 16));
  const decimal = /^&#(\d+)/.exec(escaped)?.[1];
  if (decimal) return String.fromCharCode(Number(decimal));
  // The letter of a line break is none of the secret beside it.
  return escaped.endsWith('/') ? '/' : '\n';
}

/** Where the stretch of text ends that a sticky pattern matches from `start` on, once or more often. */
function endOf(pattern: RegExp, text: string, start: number): number {
  let end = start;
  // Not one pattern that repeats itself without end: of a text of megabytes that would overflow the stack.
  for (pattern.lastIndex = start; pattern.test(text); ) end = pattern.lastIndex;
  return end;
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
