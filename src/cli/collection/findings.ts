// The secrets in a collection file, with their places: private keys, tokens and others. Pure, on the machine.

import { findSecret, judgeNamed } from '../secrets/find-secrets.ts';
import { isPrivateJwk, SECRET_KINDS, type SecretKind, worstOf } from '../secrets/looks.ts';

/** A secret and its place, never its value. */
export interface SecretFinding {
  code: 'secret_found';
  kind: SecretKind;
  /** Its path in the JSON, for example `$.item[0].request.body.raw`. */
  path: string;
  /** The names of the folders, of the request, and of the variable, field or header that it is in; may be empty. */
  names: string[];
}

/** An object of JSON. */
export type Json = Record<string, unknown>;

/** Whether a value is an object or an array. */
export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** A value of the document. Its names are a linked list, from the inside to the outside. */
interface Place {
  value: unknown;
  path: string;
  /** The name of the member whose value this is; empty in an array. */
  member: string;
  names: Names | undefined;
}
type Names = { name: string; outer: Names | undefined };

/**
 * Finds private keys, private JWKs, tokens and other secrets in a JSON document: by their form, or by the name of the
 * member, variable, field or header.
 *
 * @returns the secrets in the order of the document
 */
export function findSecrets(root: unknown): SecretFinding[] {
  const findings: SecretFinding[] = [];
  // Not recursive: a file may be nested deeper than the stack.
  const open: Place[] = [{ value: root, path: '$', member: '', names: undefined }];
  for (let place = open.pop(); place; place = open.pop()) {
    const kind = judge(place);
    if (kind) findings.push({ code: 'secret_found', kind, path: place.path, names: toList(place.names) });
    if (!kind || Array.isArray(place.value)) for (const inner of placesIn(place).reverse()) open.push(inner);
  }
  return findings;
}

/** The kind of secret that a value is as a whole. */
function judge({ value, member }: Place): SecretKind | undefined {
  if (typeof value === 'string') return worstOf([judgeNamed(member, value), findSecret(value)]);
  if (!Array.isArray(value)) return isObject(value) && isPrivateJwk(value) ? 'private JWK' : undefined;
  if (!value.every(one => typeof one === 'string')) return undefined;
  // The lines of a key may be the elements of a script or of a list; what one line holds is found there.
  const kind = findSecret(value.join('\n'));
  const inLines = worstOf(value.map(one => findSecret(one)));
  return kind && (!inLines || SECRET_KINDS.indexOf(kind) < SECRET_KINDS.indexOf(inLines)) ? kind : undefined;
}

function placesIn(place: Place): Place[] {
  const { value, path, names } = place;
  if (Array.isArray(value)) {
    return value.map((one, index) => ({ value: one, path: `${path}[${index}]`, member: '', names }));
  }
  return isObject(value) ? membersOf(value, place) : [];
}

/** The members of an object. A member `value` has the name that the member `key` says. */
function membersOf(object: Json, { path, names }: Place): Place[] {
  const own = [object.name, object.key].find(name => typeof name === 'string' && name !== '') as string | undefined;
  const inside = own === undefined ? names : { name: own, outer: names };
  return Object.entries(object).map(([key, value]) => {
    const isNamed = key === 'value' && typeof object.key === 'string';
    return { value, path: path + toStep(key), member: isNamed ? toSecretName(object) : key, names: inside };
  });
}

/** The name of a pair of key and value. The API key of Postman has the name "value", and any variable may be of type secret. */
const toSecretName = ({ key, type }: Json): string =>
  type === 'secret' || key === 'value' ? `${key} secret` : String(key);

/** A name that can be shown: it may hold a secret too. */
export const toShown = (name: string): string => (findSecret(name) ? '…' : name);

function toList(names: Names | undefined): string[] {
  const list: string[] = [];
  for (let one = names; one; one = one.outer) list.push(toShown(one.name));
  return list.reverse();
}

const toStep = (key: string): string => (/^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(toShown(key))}]`);
