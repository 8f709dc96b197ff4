// Which script of the collection has kept a request from being authenticated, in words. On the machine.

import { changesAuthentication, toScriptName } from '../collection/script-findings.ts';
import { toSource } from '../collection/script-source.ts';

/** A collection, a folder or a request as Newman has it. */
export interface RunItem {
  name?: string;
  parent?(): RunItem | undefined;
  events?: { all(): { toJSON(): object }[] };
  request?: { method?: string; url: { toString(): string } };
}

/** The names that lead to an item, without that of the collection. */
function namesOf(item: RunItem | undefined): string[] {
  const names: string[] = [];
  for (let one = item; one?.parent?.(); one = one.parent()) names.unshift(one.name ?? 'without a name');
  return names;
}

/** Names the script of an event: the item that the event is of, or else the one that is run. */
export const toTitle = (
  event: { listen?: string; parent?(): RunItem | undefined } | undefined,
  item: RunItem | undefined,
): string =>
  toScriptName({ event: event?.listen === 'test' ? 'test' : 'prerequest', names: namesOf(event?.parent?.() ?? item) });

/** The pre-request scripts that run before a request, the nearest first. */
function* scriptsBefore(item: RunItem | undefined): Generator<{ source: string; title: string }> {
  for (let one = item; one; one = one.parent?.()) {
    const source = toSource(
      one.events?.all().map(event => event.toJSON()),
      'prerequest',
    );
    yield { source, title: toScriptName({ event: 'prerequest', names: namesOf(one) }) };
  }
}

/** Says what has changed a request after our pre-request script, and what to do about it. */
export function explainChange(item: RunItem | undefined): string {
  const { method = '', url } = item?.request ?? {};
  const names = [...`${method} ${url ?? ''}`.matchAll(/\{\{([^{}]+)\}\}/g)].map(([, name]) => name as string);
  const scripts = [...scriptsBefore(item)];
  for (const { source, title } of scripts) {
    const set = names.find(name => source.includes(`'${name}'`) || source.includes(`"${name}"`));
    if (set) {
      return `The variable ${set} of its URL or method is set by ${title}, after our script. Set it before this request, or use "--last".`;
    }
  }
  const changed = scripts.find(({ source }) => changesAuthentication(source));
  if (changed) return `It may have been changed by ${changed.title}. Remove what that does, or use "--last".`;
  return 'Our pre-request script did not see it as it was sent. Use "--last".';
}
