// Takes secrets out of text, in whatever form a reporter wrote them: plain, escaped for JSON, HTML or a URL, in Base64, or as
// the bytes of a Buffer. What replaces a secret says what was there. The command line, on the machine; pure.

/** Secrets of letters that no escaping changes: tokens, assertions, PKCE verifiers, members of a JWK. */
const URL_SAFE = /^[\w.~-]+$/;

/** Pieces shorter than this are no secret by themselves: the last line of a PEM, say. */
const MIN_LENGTH = 12;

/** The forms of one letter: as it is, in a URL, in HTML, in JSON. */
const toFlexible = (letter: string): string => {
  if (/[\w~-]/.test(letter)) return letter;
  const hex = letter.charCodeAt(0).toString(16).padStart(2, '0');
  const anyCase = hex.replace(/[a-f]/g, digit => `[${digit}${digit.toUpperCase()}]`);
  return `(?:\\\\?\\${letter}|%${anyCase}|&#[xX]0*${anyCase};|&#0*${letter.charCodeAt(0)};|\\\\u00${anyCase})`;
};

/** How many letters of a secret are enough to know it; what follows them is taken for the rest of it, also when it was cut. */
const KNOWN_BY = 20;
const REST = '(?:[\\w.~+/=-]|%[\\dA-Fa-f]{2}|&#[xX]?[\\dA-Fa-f]+;|\\\\/|\\\\u00[\\dA-Fa-f]{2})*';

/** What is written for a piece of a secret where it can't be said of which. */
const CUT = '[…]';

/** Secrets of letters that no escaping changes, which all begin with the same letters, as the assertions of one key do. */
type Group = { start: string; secrets: string[]; longest: number };

function lengthOfCommonStart(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
}

/** Collects secrets during a run and takes them out of text. */
export class Redaction {
  /** Every secret, in the order in which they were added. */
  readonly #all: string[] = [];
  /** With how many of the secrets a piece of a console line was compared: most pieces come again with every request. */
  readonly #compared = new Map<string, number>();
  readonly #exact = new Map<string, string>();
  /** By their first letters, so that one walk through a text finds those of thousands that begin in it. */
  readonly #groups = new Map<string, Group[]>();
  readonly #patterns = new Map<string, { pattern: RegExp; label: string }>();

  /**
   * Adds a secret; of one in several lines every line is a secret.
   *
   * @param label what to write in its place, without quotes or angle brackets
   */
  add(secret: string, label: string): void {
    for (const piece of secret.split(/-----[A-Z ]+-----|[\s"'{}:,]|\\+[rnt"]/)) {
      if (piece.length < MIN_LENGTH || this.#exact.has(piece) || this.#patterns.has(piece)) continue;
      this.#all.push(piece);
      if (URL_SAFE.test(piece)) {
        this.#exact.set(piece, label);
        this.#index(piece);
      } else {
        const pattern = new RegExp([...piece.slice(0, KNOWN_BY)].map(toFlexible).join('') + REST, 'g');
        this.#patterns.set(piece, { pattern, label });
      }
    }
  }

  #index(secret: string): void {
    const first = secret.slice(0, MIN_LENGTH);
    const start = secret.slice(0, KNOWN_BY);
    const groups = this.#groups.get(first) ?? [];
    this.#groups.set(first, groups);
    let group = groups.find(one => one.start === start);
    if (!group) {
      group = { start, secrets: [], longest: 0 };
      groups.push(group);
    }
    group.secrets.push(secret);
    group.longest = Math.max(group.longest, secret.length);
  }

  /** The text without the secrets added so far. */
  redact(text: string): string {
    if (this.#exact.size + this.#patterns.size === 0) return text;
    return this.#redactBase64(this.#redactBuffers(this.#redactText(text)));
  }

  /**
   * The text without the secrets, and without the pieces into which a console breaks what is longer than its lines.
   * Slower than {@link redact}.
   */
  redactPieces(text: string): string {
    return this.redact(text).replace(/[\w.~+/=-]{12,}/g, piece => (this.#holds(piece) ? CUT : piece));
  }

  #holds(piece: string): boolean {
    for (let i = this.#compared.get(piece) ?? 0; i < this.#all.length; i++) {
      if (this.#all[i]?.includes(piece)) return true;
    }
    this.#compared.set(piece, this.#all.length);
    return false;
  }

  #redactText(text: string): string {
    // An escape sequence is passed over, so that its last letters are not taken for the first ones of a secret.
    let result = text.replace(
      /%[\dA-Fa-f]{2}|\\u[\dA-Fa-f]{4}|\\[a-z"\\/]|[\w.~-]{12,}/g,
      word => this.#exact.get(word) ?? word,
    );
    // What is glued to other letters, or cut off at its end.
    for (const { start, secrets } of this.#beginningIn(result)) {
      if (!result.includes(start)) continue;
      const pattern = new RegExp(start.replace(/\./g, '\\.') + REST, 'g');
      const redactFound = (found: string): string => {
        const [label, rest] = this.#toLabel(found, secrets);
        return label + rest.replace(pattern, redactFound);
      };
      result = result.replace(pattern, redactFound);
    }
    for (const { pattern, label } of this.#patterns.values()) result = result.replace(pattern, label);
    return result;
  }

  /** The secrets whose first letters stand in a text; the longest first: a line of a PEM may be part of a member of its JWK. */
  #beginningIn(text: string): Group[] {
    const found = new Set<Group>();
    for (const [word] of text.matchAll(/[\w.~-]{12,}/g)) {
      for (let i = 0; i + MIN_LENGTH <= word.length; i++) {
        for (const group of this.#groups.get(word.slice(i, i + MIN_LENGTH)) ?? []) found.add(group);
      }
    }
    return [...found].sort((one, other) => other.longest - one.longest);
  }

  /**
   * What to write for a text that is a secret, begins with one, or is the beginning of one (of which, is not always clear),
   * and the text that is left behind it.
   */
  #toLabel(found: string, secrets: string[]): [label: string, rest: string] {
    const whole = secrets.reduce(
      (best, secret) => (secret.length > best.length && found.startsWith(secret) ? secret : best),
      '',
    );
    if (whole) return [this.#exact.get(whole) ?? CUT, found.slice(whole.length)];
    const likeness = secrets.map(secret => lengthOfCommonStart(secret, found));
    const most = likeness.reduce((one, other) => Math.max(one, other), 0);
    const labels = new Set(secrets.filter((_secret, i) => likeness[i] === most).map(secret => this.#exact.get(secret)));
    return [labels.size === 1 ? ([...labels][0] ?? CUT) : CUT, ''];
  }

  /** Newman's JSON report holds the body of a response as the numbers of its bytes. */
  #redactBuffers(text: string): string {
    return text.replace(/("type":\s*"Buffer",\s*"data":\s*\[)([\d,\s]+)(\])/g, (whole, before, data, after) => {
      const plain = Buffer.from(data.split(',').map(Number)).toString();
      const redacted = this.#redactText(plain);
      return redacted === plain ? whole : `${before}${[...Buffer.from(redacted)].join(',')}${after}`;
    });
  }

  #redactBase64(text: string): string {
    return text.replace(/[\w+/-]{32,}={0,2}/g, whole => {
      // Where the run does not begin with the Base64 itself, the letters are out of step by up to three.
      for (let offset = 0; offset < 4; offset++) {
        const plain = Buffer.from(whole.slice(offset), 'base64').toString('latin1');
        const redacted = this.#redactText(plain);
        if (redacted !== plain) return whole.slice(0, offset) + Buffer.from(redacted, 'latin1').toString('base64');
      }
      return whole;
    });
  }
}
