// The scripts of a collection that client authentication may break on, or that break it: they send requests to an endpoint by
// themselves, change the client authentication of the request that they belong to, or set a variable of its URL after our script. By
// their source text alone, so "may". Pure, on the machine.

import { ENDPOINT_NAMES } from '../../client-auth/authorization-server.ts';
import { type Holder, holdersIn, locate, namesOf, readMember } from './collection.ts';
import type { CollectionSource } from './collection-source.ts';
import { concernedRequests } from './concerned.ts';
import { readEventsIn } from './events.ts';
import { isObject, toShown } from './findings.ts';
import type { Where } from './injection.ts';
import { toSource } from './script-source.ts';
import { type Listen, NAME_BY_EVENT } from './script-text.ts';

export const SCRIPT_CODES = [
  'script_sends',
  'script_changes_authentication',
  'script_drops_authentication',
  'script_sets_variable',
] as const;

/** A script of the collection, and what it may do. */
export interface ScriptFinding {
  code: (typeof SCRIPT_CODES)[number];
  event: Listen;
  /** With `script_sets_variable`. */
  variable?: string;
  /** Names of the folders and of the request that it belongs to; empty for the collection itself. */
  names: string[];
}

const SENDS = /\bpm\s*\.\s*sendRequest\s*\(/;
const SHORT_NAMES = ENDPOINT_NAMES.map(name => name.replace('_endpoint', ''));
/** What leads to an endpoint: its variable, its usual path, or what only it is sent. */
const TO_ENDPOINT = new RegExp(
  String.raw`\b(?:${SHORT_NAMES.join('|')})_?(?:endpoint|ur[li])\b|\/(?:token|par|introspect|revoke)\b|\bgrant_type\b|\bclient_(?:assertion|secret)\b`,
  'i',
);

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

/** Names of the variables that a script sets, by its source text. */
const variablesSet = (source: string): string[] =>
  [...source.matchAll(/\bset\s*\(\s*(['"`])([^'"`\n]{1,200})\1/g)].map(([, , name]) => name as string);

/** Names of the variables that the URL and the method of a request refer to. */
function variablesOf(request: unknown): string[] {
  const { method, url } = isObject(request) ? request : { method: '', url: request };
  return [...JSON.stringify([method, url]).matchAll(/\{\{([^{}]+)\}\}/g)].map(([, name]) => name as string);
}

/**
 * Finds the scripts of a collection that client authentication may break on, or that may break it. Our own are none of them.
 *
 * @param source whose text is one that `parseCollection` accepts
 * @param where where our scripts go
 * @throws CommandError when a copy of one of ours is incomplete, or there is not exactly one such folder
 */
export function findScriptFindings(
  { text, dropsChanges }: Pick<CollectionSource, 'text' | 'dropsChanges'>,
  { folder, last = false }: Where = {},
): ScriptFinding[] {
  return [...findBreaking(text, last), ...(dropsChanges && !last ? findDropping(text, folder) : [])];
}

/**
 * Finds the scripts that may send requests to an endpoint, or may change the client authentication of a request to one, or its URL.
 *
 * @param isLast whether our script comes after all others, so that it sees what they have changed
 */
function findBreaking(text: string, isLast: boolean): ScriptFinding[] {
  const holders = holdersIn(locate(text).target);
  // A script of a folder runs before each request in it.
  const concerned = new Map<Holder, Set<string>>();
  for (const request of concernedRequests(text, holders)) {
    const variables = variablesOf(readMember(text, request.object, 'request'));
    for (let one: Holder | undefined = request; one; one = one.parent) {
      const known = concerned.get(one) ?? new Set();
      for (const name of variables) known.add(name);
      concerned.set(one, known);
    }
  }
  return holders.flatMap(holder => {
    const events = readMember(text, holder.object, 'event');
    const found: ScriptFinding[] = [];
    const add = (code: ScriptFinding['code'], event: Listen, variable?: string) =>
      found.push({ code, event, ...(variable && { variable }), names: namesOf(text, holder).map(toShown) });
    const variables = concerned.get(holder);
    for (const event of ['prerequest', 'test'] as const) {
      const source = toSource(events, event);
      if (SENDS.test(source) && TO_ENDPOINT.test(source)) add('script_sends', event);
      if (event === 'test' || isLast || !variables) continue;
      if (changesAuthentication(source)) add('script_changes_authentication', event);
      const variable = variablesSet(source).find(name => variables.has(name));
      if (variable) add('script_sets_variable', event, toShown(variable));
    }
    return found;
  });
}

/**
 * Finds the pre-request scripts that client authentication is lost in, where the host drops what a script of the collection has
 * changed when the request, or a folder around it, has a script of its own.
 *
 * @param folder name of the folder that has our script; undefined for the collection
 */
function findDropping(text: string, folder: string | undefined): ScriptFinding[] {
  const [, ...inside] = holdersIn(locate(text, folder).target);
  const concerned = withParents(concernedRequests(text, inside));
  return (
    inside
      .filter(holder => concerned.has(holder))
      .filter(({ object }) => toSource(readMember(text, object, 'event'), 'prerequest').trim() !== '')
      // Where ours is too, the two are one script.
      .filter(holder => !readEventsIn(text, holder).some(({ listen, copies }) => listen === 'prerequest' && copies[0]))
      .map(holder => ({
        code: 'script_drops_authentication',
        event: 'prerequest',
        names: [...(folder === undefined ? [] : [folder]), ...namesOf(text, holder)].map(toShown),
      }))
  );
}

/** Requests, and what they are in. */
function withParents(requests: Holder[]): Set<Holder> {
  const all = new Set<Holder>();
  for (const request of requests) {
    for (let one: Holder | undefined = request; one && !all.has(one); one = one.parent) all.add(one);
  }
  return all;
}

/** Names a script for the user. */
export const toScriptName = ({ event, names }: Omit<ScriptFinding, 'code'>): string =>
  `${NAME_BY_EVENT[event]} of ${names.length > 0 ? JSON.stringify(names.join(' / ')) : 'the collection'}`;
