// Why a collection would not run exactly the built scripts, each in its place. Pure, on the machine.

import type { Scripts } from '../command.ts';
import { type Holder, holdersIn, locate, nameOf, parseCollection } from './collection.ts';
import { concernedRequests } from './concerned.ts';
import { readEventsIn, type ScriptEvent } from './events.ts';
import type { Where } from './injection.ts';
import { memberOf } from './json-text.ts';
import {
  type Copy,
  type Difference,
  differenceOf,
  type Listen,
  NAME_BY_EVENT,
  parseScripts,
  type Script,
} from './script-text.ts';

/** Why a collection would not run exactly the built scripts. */
export interface ScriptFault {
  code:
    | Difference['code']
    | 'script_missing'
    | 'script_duplicate'
    | 'script_disabled'
    | 'script_not_run'
    | 'script_not_first'
    | 'script_not_last';
  /** In one sentence. */
  message: string;
}

/** A copy, and the event that it is in. */
type Found = { copy: Copy; event: ScriptEvent };

/** The events of one kind of a holder. */
interface Events {
  holder: Holder;
  events: ScriptEvent[];
  copies: Found[];
}

/** What is wrong with the script of one kind, in words that follow its name. */
type Fault = { code: ScriptFault['code']; words: string; holder?: Holder };

/**
 * Finds why the collection, or one folder of it, would not run exactly these scripts in their places.
 *
 * @param where without `last`, the pre-request script may be in either place, but in one of them only
 * @returns undefined when it would
 * @throws CommandError as `inject` does
 */
export function findScriptFault(text: string, scripts: Scripts, where: Where = {}): ScriptFault | undefined {
  const built = parseScripts(scripts);
  parseCollection(text);
  const holders = holdersIn(locate(text, where.folder).target);
  const [target] = holders as [Holder];
  const { prerequest, test } = readEventsOf(text, holders);
  const isLast = where.last ?? isLastArrangement(prerequest);
  const places = isLast ? concernedRequests(text, holders) : [target];
  const faults: [Listen, Fault | undefined][] = [
    ['prerequest', findFault(prerequest, built.prerequest, places, isLast)],
    ['test', findFault(test, built.test, [target], false)],
  ];
  if (faults.every(([, fault]) => fault?.code === 'script_missing')) {
    return { code: 'script_missing', message: 'paynet-client-auth is missing.' };
  }
  const [listen, fault] = faults.find(([, one]) => one) ?? [];
  if (!listen || !fault) return undefined;
  const name = fault.holder ? nameOf(text, fault.holder) : '';
  const inside = name ? ` of ${JSON.stringify(name)}` : '';
  return { code: fault.code, message: `paynet-client-auth: ${NAME_BY_EVENT[listen]}${inside} ${fault.words}.` };
}

/**
 * Whether the collection is one of `inject --last`.
 *
 * @param text a text that `parseCollection` accepts
 */
export const hasScriptLast = (text: string): boolean =>
  isLastArrangement(readEventsOf(text, holdersIn(locate(text).target)).prerequest);

/** Whether the pre-request script is in requests alone, as `inject --last` puts it. */
function isLastArrangement(all: Events[]): boolean {
  const found = all.filter(({ copies }) => copies.length > 0);
  return found.length > 0 && found.every(({ holder }) => memberOf(holder.object, 'request') !== undefined);
}

function readEventsOf(text: string, holders: Holder[]): Record<Listen, Events[]> {
  const all = holders.map(holder => ({ holder, events: readEventsIn(text, holder) }));
  const ofKind = (listen: Listen): Events[] =>
    all.map(({ holder, events: ofAll }) => {
      const events = ofAll.filter(event => event.listen === listen);
      return { holder, events, copies: events.flatMap(event => event.copies.map(copy => ({ copy, event }))) };
    });
  return { prerequest: ofKind('prerequest'), test: ofKind('test') };
}

/**
 * Finds what is wrong with the script of one kind.
 *
 * @param all the events of this kind of each holder
 * @param places where the script has to be, once each
 */
function findFault(all: Events[], built: Script, places: Holder[], isLast: boolean): Fault | undefined {
  const expected = new Set(places.map(({ object }) => object));
  const isExpected = ({ holder }: Events) => expected.has(holder.object);
  const missing = all.find(one => isExpected(one) && one.copies.length === 0);
  if (missing) return { code: 'script_missing', words: 'is missing', holder: missing.holder };
  const { length } = all.flatMap(({ copies }) => copies);
  if (length > places.length) {
    const surplus = all.find(one => one.copies.length > (isExpected(one) ? 1 : 0))?.holder;
    return {
      code: 'script_duplicate',
      words: `is there ${length} times`,
      ...(isLast && surplus && { holder: surplus }),
    };
  }
  for (const { holder, events, copies } of all.filter(isExpected)) {
    const fault = findFaultOf(copies[0] as Found, events, built, isLast);
    if (fault) return { ...fault, holder };
  }
  return undefined;
}

/** Finds what is wrong with one copy among the events of its kind. */
function findFaultOf({ copy, event }: Found, events: ScriptEvent[], built: Script, isLast: boolean): Fault | undefined {
  const difference = differenceOf(copy, built);
  if (difference) return difference;
  if (event.isDisabled) return { code: 'script_disabled', words: 'is disabled' };
  if (event.hasSrc) {
    return { code: 'script_not_run', words: 'is not run, because its event names another script in "src"' };
  }
  if (isLast) {
    const isAtEnd = event === events.at(-1) && event.source.slice(copy.end).trim() === '';
    return isAtEnd ? undefined : { code: 'script_not_last', words: 'is not the last one' };
  }
  const isFirst = event === events[0] && event.source.slice(0, copy.start).trim() === '';
  return isFirst ? undefined : { code: 'script_not_first', words: 'is not the first one' };
}
