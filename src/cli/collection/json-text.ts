// The positions of the parts of a JSON text, so that the text can be edited without serialising it again. All functions expect
// a text that JSON.parse accepts (RFC 8259). Pure, on the machine.

/** A part of a text, by offsets in UTF-16 code units; `end` is the first offset after it. */
export interface Span {
  start: number;
  end: number;
}

/** A member of an object; the span is that of its value. */
export interface Member extends Span {
  key: string;
  keyStart: number;
  keyEnd: number;
  /** The objects in this array, if its key is the one that was to be opened. */
  objects?: ObjectSpan[];
}

/** An object with its members in the order of the text, duplicates included. */
export interface ObjectSpan extends Span {
  members: Member[];
}

/** A replacement of one part of a text. */
export interface Edit extends Span {
  text: string;
}

/**
 * Reads the members of the object at `start`, in one pass.
 *
 * @param nested key of the arrays to open: the objects in them are read in the same way, at any depth
 */
export function readObject(text: string, start: number, nested?: string): ObjectSpan {
  const root: ObjectSpan = { start, end: start, members: [] };
  const open: (ObjectSpan | Member)[] = [root];
  let at = start + 1;
  for (let container = open.at(-1); container; container = open.at(-1)) {
    at = skipSpace(text, at);
    const char = text[at];
    if (char === ',') {
      at += 1;
    } else if (char === '}' || char === ']') {
      at += 1;
      container.end = at;
      open.pop();
    } else if ('members' in container) {
      const keyEnd = endOfString(text, at);
      const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1);
      const key: string = JSON.parse(text.slice(at, keyEnd));
      const member: Member = { key, keyStart: at, keyEnd, start: valueStart, end: valueStart };
      container.members.push(member);
      if (key === nested && text[valueStart] === '[') {
        member.objects = [];
        open.push(member);
        at = valueStart + 1;
      } else {
        at = member.end = endOfValue(text, valueStart);
      }
    } else if (char === '{') {
      const object: ObjectSpan = { start: at, end: at, members: [] };
      container.objects?.push(object);
      open.push(object);
      at += 1;
    } else {
      at = endOfValue(text, at);
    }
  }
  return root;
}

/** The spans of the elements of the array at `start`. */
export function readArray(text: string, start: number): Span[] {
  const elements: Span[] = [];
  let at = skipSpace(text, start + 1);
  while (text[at] !== ']') {
    const end = endOfValue(text, at);
    elements.push({ start: at, end });
    at = skipSpace(text, end);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return elements;
}

/** The member that counts: of several with the same key, JSON.parse keeps the last. */
export function memberOf(object: ObjectSpan, key: string): Member | undefined {
  return object.members.findLast(member => member.key === key);
}

/** The whitespace directly before `offset`. */
export function spaceBefore(text: string, offset: number): string {
  let start = offset;
  while (isSpace(text.charCodeAt(start - 1))) start -= 1;
  return text.slice(start, offset);
}

/**
 * Finds spans of the value of a string in its literal, where an escape has several characters.
 *
 * @param literal the literal with its quotes
 * @param spans spans of the value, in ascending order
 * @returns the same spans in the literal
 */
export function literalSpans(literal: string, spans: Span[]): Span[] {
  let at = 1;
  let value = 0;
  const advance = (offset: number) => {
    for (; value < offset; value += 1) {
      if (literal[at] !== '\\') at += 1;
      else at += literal[at + 1] === 'u' ? 6 : 2;
    }
    return at;
  };
  return spans.map(({ start, end }) => ({ start: advance(start), end: advance(end) }));
}

/** Applies edits that do not overlap. */
export function applyEdits(text: string, edits: Edit[]): string {
  if (edits.length === 0) return text;
  const parts: string[] = [];
  let at = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    parts.push(text.slice(at, edit.start), edit.text);
    at = edit.end;
  }
  parts.push(text.slice(at));
  return parts.join('');
}

/**
 * The edits that remove elements of an array, with their commas, and keep the whitespace around the others. At least one
 * element must stay.
 *
 * @param open offset of the array
 */
export function dropElements(
  text: string,
  open: number,
  elements: Span[],
  isDropped: (index: number) => boolean,
): Edit[] {
  const edits: Edit[] = [];
  for (let first = 0; first < elements.length; first += 1) {
    if (!isDropped(first)) continue;
    let last = first;
    while (last + 1 < elements.length && isDropped(last + 1)) last += 1;
    const before = elements[first - 1];
    const end = elements[last]?.end ?? open;
    edits.push(
      before ? { start: before.end, end, text: '' } : { start: open + 1, end: skipSpace(text, end) + 1, text: '' },
    );
    first = last;
  }
  return edits;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** The first offset from `at` on that is not whitespace. */
export function skipSpace(text: string, at: number): number {
  let offset = at;
  while (isSpace(text.charCodeAt(offset))) offset += 1;
  return offset;
}

function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); ; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
}

function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at) - 1;
        break;
      case '{':
      case '[':
        depth += 1;
        continue;
      case '}':
      case ']':
        depth -= 1;
        break;
      default:
        // Of a number or a word only the last character can end the value.
        if (depth > 0 || !endsScalar(text, at + 1)) continue;
    }
    if (depth === 0) return at + 1;
  }
  return text.length;
}

function endsScalar(text: string, at: number): boolean {
  return at === text.length || isSpace(text.charCodeAt(at)) || ',]}'.includes(text.charAt(at));
}
