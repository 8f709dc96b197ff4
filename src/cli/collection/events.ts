// The events of a collection, a folder or a request, which hold its scripts, and the copies of our scripts in them. Pure, on the
// machine. Postman Collection Format v2.0 and v2.1: https://schema.postman.com/

import { CommandError } from '../command.ts';
import { type Holder, nameOf } from './collection.ts';
import { memberOf, type ObjectSpan, readArray, readObject, type Span } from './json-text.ts';
import { type Copy, findCopies, type Listen } from './script-text.ts';

/** Member of the injected event with the text of the `event` value without events that the injection has replaced. */
export const REPLACED = '_replaced';

/** An event, with its place in the text; the source text and what is in it only of a kind that we have a script for. */
export interface ScriptEvent extends Span {
  /** Undefined for events of another kind. */
  listen: Listen | undefined;
  isDisabled: boolean;
  /** Postman ignores `exec` beside `src`. */
  hasSrc: boolean;
  /** The string of `exec`, or the elements of its array, which Postman joins with line breaks. */
  pieces: Piece[];
  /** The offset of the array of `exec`; undefined if it is a string. */
  open: number | undefined;
  source: string;
  copies: Copy[];
  /** The text of the `event` value that the injection has replaced. */
  replaced: string | undefined;
}

/** A string of `exec` with its place in the text; empty for an element that is not a string. */
interface Piece extends Span {
  value: string;
}

/**
 * Reads the events of a collection, a folder or a request.
 *
 * @throws CommandError when `event` is neither an array nor null, or a copy of the script is incomplete
 */
export function readEvents(text: string, target: ObjectSpan): ScriptEvent[] {
  const member = memberOf(target, 'event');
  const first = member && text[member.start];
  if (!member || first === 'n') return [];
  if (first !== '[') {
    throw new CommandError(
      `"event" must be an array, got ${first === '{' ? 'an object' : 'a single value'}. Correct it.`,
    );
  }
  return readArray(text, member.start).map(element => readEvent(text, element));
}

/**
 * Reads the events of a collection, or of what is in it; there something else than an array does no harm.
 *
 * @throws CommandError when a copy of a script is incomplete
 */
export function readEventsIn(text: string, holder: Holder): ScriptEvent[] {
  const { object, parent } = holder;
  const member = memberOf(object, 'event');
  if (parent && member && text[member.start] !== '[') return [];
  try {
    return readEvents(text, object);
  } catch (error) {
    if (!parent || !(error instanceof CommandError)) throw error;
    throw new CommandError(`in ${JSON.stringify(nameOf(text, holder))} ${error.message}`, 1, { cause: error });
  }
}

function readEvent(text: string, element: Span): ScriptEvent {
  const event = JSON.parse(text.slice(element.start, element.end)) ?? {};
  const listen = event.listen === 'prerequest' || event.listen === 'test' ? event.listen : undefined;
  const { open, pieces } = listen ? readExec(text, element) : { open: undefined, pieces: [] };
  const source = pieces.map(piece => piece.value).join('\n');
  const replaced = event[REPLACED];
  return {
    ...element,
    listen,
    isDisabled: Boolean(event.disabled || event.script?.disabled),
    hasSrc: event.script?.src !== undefined,
    pieces,
    open,
    source,
    copies: findCopies(source),
    replaced: typeof replaced === 'string' && isWithoutEvents(replaced) ? replaced : undefined,
  };
}

/** The source is in `script.exec` or, shorter, in `script` itself; each is a string or an array of strings. */
function readExec(text: string, element: Span): { open: number | undefined; pieces: Piece[] } {
  const script = memberOf(readObject(text, element.start), 'script');
  const exec = script && text[script.start] === '{' ? memberOf(readObject(text, script.start), 'exec') : script;
  if (exec && text[exec.start] === '"') return { open: undefined, pieces: [readPiece(text, exec)] };
  if (!exec || text[exec.start] !== '[') return { open: undefined, pieces: [] };
  return { open: exec.start, pieces: readArray(text, exec.start).map(span => readPiece(text, span)) };
}

function readPiece(text: string, { start, end }: Span): Piece {
  return { start, end, value: text[start] === '"' ? JSON.parse(text.slice(start, end)) : '' };
}

/** Whether the text of an `event` value is null or an empty array. */
export function isWithoutEvents(value: string): boolean {
  return value === 'null' || /^\[[ \t\r\n]*\]$/.test(value);
}
