// Injects the two scripts into a Postman collection, or removes them, and changes no other byte of the text. Pure, on the machine.

import { CommandError, type Scripts } from '../command.ts';
import { holdersIn, locate, parseCollection } from './collection.ts';
import { concernedRequests } from './concerned.ts';
import { isWithoutEvents, REPLACED, readEvents, readEventsIn } from './events.ts';
import { applyEdits, type Edit, type Member, memberOf, type ObjectSpan, spaceBefore } from './json-text.ts';
import { removals } from './removal.ts';
import { type Listen, parseScripts } from './script-text.ts';

/** Where the scripts go. */
export interface Where {
  /** Name of a folder at any depth; the collection itself if undefined. */
  folder?: string | undefined;
  /** Whether the pre-request script goes behind those of each request concerned, instead of before all others. */
  last?: boolean | undefined;
}

/** Said where no request is concerned. */
export const NO_PLACE = 'no request may go to an endpoint, so "--last" has no place for the script. Leave it out.';

/**
 * Injects the scripts as the first events of the collection, or of one folder of it. Copies of any version are removed first, so
 * that injecting twice equals injecting once.
 *
 * @param collection JSON text in Postman's collection format v2.0 or v2.1
 * @returns the JSON text with the scripts
 * @throws CommandError when the text is not a collection, there is not exactly one such folder, no request is concerned, or a copy
 * is incomplete
 */
export function inject(collection: string, scripts: Scripts, { folder, last = false }: Where = {}): string {
  const { prerequest, test } = parseScripts(scripts);
  const text = remove(collection, folder);
  const { root, target } = locate(text, folder);
  const unit = lastLineOf(spaceBefore(text, root.members[0]?.keyStart ?? 0))?.indent ?? '  ';
  const [before, after] = [eventOf('prerequest', prerequest.lines), eventOf('test', test.lines)];
  if (!last) return applyEdits(text, [insertion(text, unit, target, [before, after])]);
  const requests = concernedRequests(text, holdersIn(target));
  if (requests.length === 0) {
    throw new CommandError(NO_PLACE);
  }
  return applyEdits(text, [
    insertion(text, unit, target, [after]),
    ...requests.map(({ object }) => insertion(text, unit, object, [before], true)),
  ]);
}

/**
 * Removes every copy of the scripts from the collection, or from one folder of it, and from all that is in it. After
 * {@link inject} this restores the text exactly.
 *
 * @returns the JSON text without the scripts
 * @throws CommandError as {@link inject} does
 */
export function remove(collection: string, folder?: string): string {
  parseCollection(collection);
  const { target } = locate(collection, folder);
  const edits = holdersIn(target).flatMap(holder =>
    removals(collection, holder.object, readEventsIn(collection, holder)),
  );
  return applyEdits(collection, edits);
}

/** An event as it is injected. */
type NewEvent = { listen: Listen; script: object };

const eventOf = (listen: Listen, exec: string[]): NewEvent => ({ listen, script: { type: 'text/javascript', exec } });

/** The edit that adds events before all others, or behind them, in the layout of the text around them. */
function insertion(text: string, unit: string, holder: ObjectSpan, added: NewEvent[], isLast = false): Edit {
  const member = memberOf(holder, 'event');
  if (!member) {
    // A collection and a folder have "item", a request has "request".
    const last = holder.members.at(-1) as Member;
    const space = spaceBefore(text, last.keyStart);
    const colon = text.slice(last.keyEnd, last.start);
    return { start: last.end, end: last.end, text: `,${space}"event"${colon}${layOut(added, space, unit)}` };
  }
  const replaced = text.slice(member.start, member.end);
  if (isWithoutEvents(replaced)) {
    const value = added.map((event, index) => (index === 0 ? { ...event, [REPLACED]: replaced } : event));
    return { start: member.start, end: member.end, text: layOut(value, spaceBefore(text, member.keyStart), unit) };
  }
  const events = readEvents(text, holder);
  const space = spaceBefore(text, events[0]?.start ?? member.end);
  const texts = added.map(event => space + layOut(event, space, unit));
  const at = isLast ? (events.at(-1)?.end ?? member.start) : member.start + 1;
  return { start: at, end: at, text: texts.map(one => (isLast ? `,${one}` : `${one},`)).join('') };
}

/** Serialises a value that follows the whitespace `space`: in several lines if that begins a line, else in one. */
function layOut(value: unknown, space: string, unit: string): string {
  const line = lastLineOf(space);
  if (!line) return JSON.stringify(value);
  return JSON.stringify(value, null, unit).replaceAll('\n', `${line.eol}${line.indent}`);
}

/** The last line break of whitespace and the indentation after it; undefined when there is no line break. */
function lastLineOf(space: string): { eol: string; indent: string } | undefined {
  const at = space.lastIndexOf('\n');
  if (at < 0) return undefined;
  return { eol: space[at - 1] === '\r' ? '\r\n' : '\n', indent: space.slice(at + 1) };
}
