// The secrets that are known, and the pieces of them in a text. Thousands of them in megabytes of text are usual, so a text is
// read once however many there are, and a secret of 40 characters takes some dozens of bytes. Pure, on the machine.

/** Characters of a text that are a piece of a secret; without a label where it cannot be said of which. */
export interface Piece {
  start: number;
  end: number;
  label: string | undefined;
}

/** A shorter secret cannot be found by a run. */
const MIN_LENGTH = 8;
/** A shorter secret could be any word. */
const MIN_WORD = 4;
/** A shorter secret is found only as a word of its own. */
const MIN_GLUED = 12;
/** So many characters in a row of a longer secret are a piece of it, wherever in it they are. */
const MIN_PIECE = 20;
/** Secrets are known by runs of {@link MIN_LENGTH} characters; with one at every so many, each piece holds one. */
const STEP = MIN_PIECE - MIN_LENGTH + 1;
/** The same run in more secrets than these is what they all begin with. */
const MAX_PLACES = 8;

/** What a character has grown to in a hash when {@link MIN_LENGTH} others have come after it. */
const GROWN = Number(31n ** BigInt(MIN_LENGTH) % 2n ** 32n);

/** The hash of the run that ends at a place, from that of the run before it. */
const nextHash = (hash: number, text: string, end: number): number => {
  const gone = end < MIN_LENGTH ? 0 : Math.imul(text.charCodeAt(end - MIN_LENGTH), GROWN);
  return (Math.imul(hash, 31) + text.charCodeAt(end) - gone) | 0;
};

const hashOf = (run: string): number => {
  let hash = 0;
  for (let end = 0; end < MIN_LENGTH; end++) hash = nextHash(hash, run, end);
  return hash;
};

const isWord = (text: string, at: number): boolean => /\w/.test(text.charAt(at));

/** The places of runs in secrets: a list for each hash, in arrays that grow. */
class Places {
  #heads = new Int32Array(1 << 16).fill(-1);
  #next: Int32Array = new Int32Array(1 << 12);
  #secret: Int32Array = new Int32Array(1 << 12);
  #at: Int32Array = new Int32Array(1 << 12);
  #hash: Int32Array = new Int32Array(1 << 12);
  #count = 0;

  add(hash: number, secret: number, at: number): void {
    if (this.#count === this.#next.length) this.#grow();
    const place = this.#count++;
    this.#secret[place] = secret;
    this.#at[place] = at;
    this.#hash[place] = hash;
    this.#link(place);
  }

  *of(hash: number): Generator<[secret: number, at: number]> {
    for (let place = this.#heads[this.#slot(hash)] as number; place >= 0; place = this.#next[place] as number) {
      if (this.#hash[place] === hash) yield [this.#secret[place] as number, this.#at[place] as number];
    }
  }

  #slot(hash: number): number {
    return (hash >>> 0) % this.#heads.length;
  }

  #link(place: number): void {
    const slot = this.#slot(this.#hash[place] as number);
    this.#next[place] = this.#heads[slot] as number;
    this.#heads[slot] = place;
  }

  #grow(): void {
    const grow = (old: Int32Array): Int32Array => {
      const larger = new Int32Array(old.length * 2);
      larger.set(old);
      return larger;
    };
    this.#next = grow(this.#next);
    this.#secret = grow(this.#secret);
    this.#at = grow(this.#at);
    this.#hash = grow(this.#hash);
    if (this.#count < this.#heads.length) return;
    this.#heads = new Int32Array(this.#heads.length * 4).fill(-1);
    for (let place = 0; place < this.#count; place++) this.#link(place);
  }
}

/** Collects secrets and finds them in texts. */
export class Dictionary {
  readonly #secrets: string[] = [];
  readonly #labels = new Map<string, string>();
  /** Secrets that are too short for a run: those that the user has declared, so they are few. */
  readonly #words: string[] = [];
  readonly #places = new Places();
  /** Which hashes, cut to 22 bits, the runs have: most places of a text are passed over by a look at one byte. */
  readonly #isKnown = new Uint8Array(2 ** 22);

  /**
   * Adds a secret, unless it is very short.
   *
   * @param label what is written in its place
   */
  add(secret: string, label: string): void {
    if (secret.length < MIN_WORD || this.#labels.has(secret)) return;
    if (secret.length < MIN_LENGTH) {
      this.#labels.set(secret, label);
      this.#words.push(secret);
      return;
    }
    // Cut out of a text of megabytes, it would keep that in memory.
    const own = Buffer.from(secret, 'utf16le').toString('utf16le');
    this.#labels.set(own, label);
    const index = this.#secrets.push(own) - 1;
    for (let at = 0; at < own.length - MIN_LENGTH; at += STEP) this.#addRun(own, index, at);
    this.#addRun(own, index, own.length - MIN_LENGTH);
  }

  #addRun(secret: string, index: number, at: number): void {
    const hash = hashOf(secret.slice(at, at + MIN_LENGTH));
    let count = 0;
    for (const _ of this.#places.of(hash)) if (++count === MAX_PLACES) return;
    this.#places.add(hash, index, at);
    this.#isKnown[hash >>> 10] = 1;
  }

  /** What is written in the place of a secret; undefined for what is not known. */
  labelOf(secret: string): string | undefined {
    return this.#labels.get(secret);
  }

  /** The pieces of secrets in a text. */
  findPieces(text: string): Piece[] {
    const pieces = this.#findWords(text);
    return pieces.length === 0 ? this.#findRuns(text) : [...pieces, ...this.#findRuns(text)];
  }

  #findWords(text: string): Piece[] {
    const pieces: Piece[] = [];
    for (const word of this.#words) {
      for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
        const end = at + word.length;
        if (!isWord(text, at - 1) && !isWord(text, end)) pieces.push({ start: at, end, label: this.#labels.get(word) });
      }
    }
    return pieces;
  }

  #findRuns(text: string): Piece[] {
    const pieces: Piece[] = [];
    if (this.#secrets.length === 0 || text.length < MIN_LENGTH) return pieces;
    let [hash, done] = [0, 0];
    for (let end = 0; end < text.length; end++) {
      hash = nextHash(hash, text, end);
      if (this.#isKnown[hash >>> 10] === 0 || end < done || end < MIN_LENGTH - 1) continue;
      const piece = this.#pieceAt(text, end + 1 - MIN_LENGTH, hash);
      if (!piece) continue;
      done = piece.end;
      const last = pieces.at(-1);
      if (!last || piece.start > last.end) pieces.push(piece);
      // What all secrets of a kind begin with is of the one that it leads to.
      else Object.assign(last, { end: piece.end, label: last.label ?? piece.label });
    }
    for (const piece of pieces) piece.label = this.#labels.get(text.slice(piece.start, piece.end)) ?? piece.label;
    return pieces;
  }

  /** The longest piece of a secret around a run. */
  #pieceAt(text: string, at: number, hash: number): Piece | undefined {
    let longest: Piece | undefined;
    const labels = new Set<string>();
    for (const [index, place] of this.#places.of(hash)) {
      const secret = this.#secrets[index] as string;
      let [before, after] = [0, 0];
      while (place + after < secret.length && text.charCodeAt(at + after) === secret.charCodeAt(place + after)) after++;
      if (after < MIN_LENGTH) continue;
      // No more than that: what is further before the first run of a piece is no part of it.
      const most = Math.min(MIN_PIECE, at, place);
      while (before < most && text.charCodeAt(at - before - 1) === secret.charCodeAt(place - before - 1)) before++;
      const [start, end] = [at - before, at + after];
      if (end - start < Math.min(MIN_PIECE, secret.length)) continue;
      if (secret.length < MIN_GLUED && (isWord(text, start - 1) || isWord(text, end))) continue;
      const length = longest ? longest.end - longest.start : 0;
      if (end - start < length) continue;
      if (end - start > length) labels.clear();
      labels.add(this.#labels.get(secret) as string);
      longest = { start, end, label: undefined };
    }
    if (longest && labels.size === 1) [longest.label] = labels;
    return longest;
  }
}
