// Injects the pre-request script into a Postman collection, or removes it, and changes no other byte of the text. Pure, on the
// machine.

import { assertCollection, locate, type Place } from './collection.ts';
import { isWithoutEvents, REPLACED, readEvents, type ScriptEvent } from './events.ts';
import {
  applyEdits,
  dropElements,
  type Edit,
  literalSpans,
  type Member,
  memberOf,
  type ObjectSpan,
  readArray,
  type Span,
  spaceBefore,
} from './json-text.ts';
import { differenceOf, parseScript, type ScriptFault } from './script-text.ts';

/**
 * Injects the script as the first event of the collection, or of one folder of it. Copies of any version are removed first, so
 * that injecting twice equals injecting once.
 *
 * @param collection JSON text in Postman's collection format v2.0 or v2.1
 * @param script text of the built pre-request script
 * @param folder name of a folder at any depth; the collection itself if undefined
 * @returns the JSON text with the script
 * @throws CommandError when the text is not a collection, there is not exactly one such folder, or a copy is incomplete
 */
export function inject(collection: string, script: string, folder?: string): string {
  const { lines } = parseScript(script);
  const text = remove(collection, folder);
  return applyEdits(text, [insertion(text, locate(text, folder), lines)]);
}

/**
 * Removes every copy of the script from the collection, or from one folder of it. After {@link inject} this restores the text
 * exactly.
 *
 * @returns the JSON text without the script
 * @throws CommandError as {@link inject} does
 */
export function remove(collection: string, folder?: string): string {
  assertCollection(collection);
  const { target } = locate(collection, folder);
  return applyEdits(collection, removals(collection, target));
}

/**
 * Finds why the collection, or one folder of it, would not run exactly this script first.
 *
 * @returns undefined when it would
 * @throws CommandError as {@link inject} does
 */
export function findScriptFault(collection: string, script: string, folder?: string): ScriptFault | undefined {
  const built = parseScript(script);
  assertCollection(collection);
  const { target } = locate(collection, folder);
  const events = readEvents(collection, target).filter(event => event.isPreRequest);
  const [found, ...others] = events.flatMap(event => event.copies.map(copy => ({ copy, event })));
  const fault = (code: ScriptFault['code'], words: string) => ({ code, message: `paynet-client-auth ${words}` });
  if (!found) return fault('script_missing', 'is missing.');
  if (others.length > 0) return fault('script_duplicate', `is there ${1 + others.length} times.`);
  const { copy, event } = found;
  const difference = differenceOf(copy, built);
  if (difference) return difference;
  if (event.isDisabled) return fault('script_disabled', 'is disabled.');
  if (event.hasSrc) return fault('script_not_run', 'is not run, because its event names another script in "src".');
  const isFirst = event === events[0] && event.source.slice(0, copy.start).trim() === '';
  return isFirst ? undefined : fault('script_not_first', 'is not the first pre-request script.');
}

/** The edits that remove all copies, and each event, or the whole `event` member, that has nothing else. */
function removals(text: string, target: ObjectSpan): Edit[] {
  const events = readEvents(text, target);
  const member = memberOf(target, 'event');
  const edits: Edit[] = [];
  const dropped = new Set<number>();
  for (const [index, event] of events.entries()) {
    if (event.copies.length === 0) continue;
    const { edits: cuts, rest } = cutCopies(text, event);
    if (rest.trim() === '') dropped.add(index);
    else edits.push(...cuts);
  }
  if (!member || dropped.size === 0) return edits;
  if (dropped.size < events.length) {
    return [...edits, ...dropElements(text, member.start, events, index => dropped.has(index))];
  }
  const replaced = events.find(event => event.replaced !== undefined)?.replaced;
  if (replaced !== undefined) return [{ start: member.start, end: member.end, text: replaced }];
  const index = target.members.indexOf(member);
  const before = target.members[index - 1];
  const after = target.members[index + 1];
  if (before) return [{ start: before.end, end: member.end, text: '' }];
  return [{ start: member.keyStart, end: after?.keyStart ?? member.end, text: '' }];
}

/** The edits that remove the copies from one event, and the source text that is left. */
function cutCopies(text: string, event: ScriptEvent): { edits: Edit[]; rest: string } {
  const edits: Edit[] = [];
  const rest: string[] = [];
  const dropped = new Set<number>();
  let offset = 0;
  for (const [index, { start, end, value }] of event.pieces.entries()) {
    const after = offset + value.length;
    const copies = event.copies.filter(copy => copy.start <= after && copy.end >= offset);
    const cuts = wholeLines(
      value,
      copies.map(copy => ({ start: Math.max(copy.start - offset, 0), end: Math.min(copy.end, after) - offset })),
    );
    const left = applyEdits(value, cuts);
    if (cuts.length > 0 && left === '') {
      dropped.add(index);
    } else {
      rest.push(left);
      edits.push(
        ...literalSpans(text.slice(start, end), cuts).map(cut => ({
          start: start + cut.start,
          end: start + cut.end,
          text: '',
        })),
      );
    }
    offset = after + 1;
  }
  if (event.open !== undefined && rest.length > 0) {
    edits.push(...dropElements(text, event.open, event.pieces, index => dropped.has(index)));
  }
  return { edits, rest: rest.join('\n') };
}

/** Widens the cuts that remove whole lines, so that they remove one line break too. */
function wholeLines(value: string, cuts: Span[]): Edit[] {
  const edits: Edit[] = [];
  let done = 0;
  for (let { start, end } of cuts) {
    const startsLine = start === done || value[start - 1] === '\n';
    if (startsLine && value[end] === '\n') {
      end += 1;
    } else if (startsLine && end === value.length && start > done) {
      start -= value[start - 2] === '\r' ? 2 : 1;
    }
    edits.push({ start, end, text: '' });
    done = end;
  }
  return edits;
}

/** The edit that adds the event with the script before all others, in the layout of the text around it. */
function insertion(text: string, { root, target }: Place, lines: string[]): Edit {
  const event = { listen: 'prerequest', script: { type: 'text/javascript', exec: lines } };
  const unit = lastLineOf(spaceBefore(text, root.members[0]?.keyStart ?? 0))?.indent ?? '  ';
  const member = memberOf(target, 'event');
  if (!member) {
    // A collection has "info", a folder has "item".
    const last = target.members.at(-1) as Member;
    const space = spaceBefore(text, last.keyStart);
    const colon = text.slice(last.keyEnd, last.start);
    return { start: last.end, end: last.end, text: `,${space}"event"${colon}${layOut([event], space, unit)}` };
  }
  const before = text.slice(member.start, member.end);
  if (isWithoutEvents(before)) {
    const value = [{ ...event, [REPLACED]: before }];
    return { start: member.start, end: member.end, text: layOut(value, spaceBefore(text, member.keyStart), unit) };
  }
  const first = readArray(text, member.start)[0]?.start ?? member.end;
  const space = spaceBefore(text, first);
  return { start: member.start + 1, end: member.start + 1, text: `${space}${layOut(event, space, unit)},` };
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
