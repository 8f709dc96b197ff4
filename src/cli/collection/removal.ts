// The edits that take our scripts out of a collection, with all that has held nothing else, and no other byte. Pure, on the machine.

import type { ScriptEvent } from './events.ts';
import {
  applyEdits,
  dropElements,
  type Edit,
  literalSpans,
  memberOf,
  type ObjectSpan,
  type Span,
} from './json-text.ts';

/**
 * The edits that remove all copies, and each event, or the whole `event` member, that has nothing else.
 *
 * @param events those of the holder
 */
export function removals(text: string, holder: ObjectSpan, events: ScriptEvent[]): Edit[] {
  const member = memberOf(holder, 'event');
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
  const index = holder.members.indexOf(member);
  const before = holder.members[index - 1];
  const after = holder.members[index + 1];
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
export function wholeLines(value: string, cuts: Span[]): Edit[] {
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
