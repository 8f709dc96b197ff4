// The scripts of a collection that client authentication may break on, or that break it: they send requests to an endpoint by
// themselves, or change the client authentication of the request that they belong to. By their source text alone, so "may". Pure,
// on the machine.

import { isConcerned } from './concerned.ts';
import { isObject, type Json, toShown } from './findings.ts';
import { toSource } from './script-source.ts';
import { type Listen, NAME_BY_EVENT } from './script-text.ts';

/** A script of the collection, and what it may do. */
export interface ScriptFinding {
  code: 'script_sends' | 'script_changes_authentication';
  event: Listen;
  /** Names of the folders and of the request that it belongs to; empty for the collection itself. */
  names: string[];
}

const SENDS = /\bpm\s*\.\s*sendRequest\s*\(/;
/** What leads to an endpoint: its variable, its usual path, or what only it is sent. */
const TO_ENDPOINT =
  /\b(?:token|pushed_authorization_request|introspection|revocation|device_authorization|backchannel_authentication)_?(?:endpoint|ur[li])\b|\/(?:token|par|introspect|revoke)\b|\bgrant_type\b|\bclient_(?:assertion|secret)\b/i;

/** What replaces a request, or the part of it that our script has written. */
const REPLACES =
  /\bpm\s*\.\s*request\s*\.\s*(?:(?:body|auth|method|url)\s*=[^=]|body\s*\.\s*(?:raw|mode|urlencoded)\s*=[^=]|(?:body\s*\.\s*|url\s*\.\s*|auth\s*\.\s*|)update\s*\(|authorizeUsing\s*\()/;
/** What adds fields to the form. */
const ADDS = /\burlencoded\s*\.\s*(?:add|upsert|append|prepend|insert|populate|repopulate|assimilate)\b/;
const PARAMETER = /\bclient_(?:assertion|assertion_type|secret|id)\b/;
const HEADER = /\b(?:addHeader|upsertHeader|headers\s*\.\s*(?:add|upsert|append|insert|populate))\b/;

/** Whether a pre-request script may change the client authentication of its request, by its source text. */
export const changesAuthentication = (source: string): boolean =>
  REPLACES.test(source) ||
  (ADDS.test(source) && PARAMETER.test(source)) ||
  (HEADER.test(source) && /authorization/i.test(source) && !/\bbearer\b/i.test(source));

/** A collection, a folder or a request. */
interface Item {
  json: Json;
  parent: Item | undefined;
  children: Item[];
}

/** All of the collection, what is inside after what it is in. */
function itemsOf(root: unknown): Item[] {
  const items: Item[] = isObject(root) ? [{ json: root, parent: undefined, children: [] }] : [];
  for (const parent of items) {
    const inside = Array.isArray(parent.json.item) ? parent.json.item.filter(isObject) : [];
    parent.children = inside.map(json => ({ json, parent, children: [] }));
    // Not all at once: the stack is smaller than a folder may be.
    for (const child of parent.children) items.push(child);
  }
  return items;
}

function namesOf(item: Item): string[] {
  const names: string[] = [];
  for (let one = item; one.parent; one = one.parent) {
    const { name } = one.json;
    names.unshift(typeof name === 'string' && name !== '' ? toShown(name) : 'without a name');
  }
  return names;
}

/**
 * Finds the scripts of a collection that may send requests to an endpoint, or may change the client authentication of a request to
 * one. Our own are none of them.
 *
 * @param isLast whether our script comes after all others, so that it sees what they have changed
 * @throws CommandError when a copy of one of ours is incomplete
 */
export function findScriptFindings(root: unknown, isLast: boolean): ScriptFinding[] {
  const items = itemsOf(root);
  // From the inside to the outside: a script of a folder runs before each request in it.
  const concerned = new Set<Item>();
  for (const item of items.toReversed()) {
    if ((item.json.request && isConcerned(item.json)) || item.children.some(one => concerned.has(one))) {
      concerned.add(item);
    }
  }
  return items.flatMap(item => {
    const found: ScriptFinding[] = [];
    for (const event of ['prerequest', 'test'] as const) {
      const source = toSource(item.json.event, event);
      if (SENDS.test(source) && TO_ENDPOINT.test(source)) {
        found.push({ code: 'script_sends', event, names: namesOf(item) });
      }
      if (event === 'prerequest' && !isLast && concerned.has(item) && changesAuthentication(source)) {
        found.push({ code: 'script_changes_authentication', event, names: namesOf(item) });
      }
    }
    return found;
  });
}

/** Names a script for the user. */
export const toScriptName = ({ event, names }: Omit<ScriptFinding, 'code'>): string =>
  `${NAME_BY_EVENT[event]} of ${names.length > 0 ? JSON.stringify(names.join(' / ')) : 'the collection'}`;
