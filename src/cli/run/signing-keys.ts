// What a run has to know before Newman begins, out of all that its variables come from: the signing keys, in whose place it puts
// throw-away keys, and the endpoints of the authorization server. On the machine.

import { ENDPOINT_NAMES, type Endpoints } from '../../client-auth/authorization-server.ts';
import { toKnownServer } from '../../client-auth/known-server.ts';
import { resolveReferences } from '../client/environment.ts';
import { CommandError } from '../command.ts';
import { Redaction } from '../secrets/redaction.ts';
import type { LoadedOptions } from './newman.ts';
import type { ThrowawayKeys } from './throwaway-keys.ts';

interface Variable {
  key: string;
  value: unknown;
}
type Scope = { all(): Variable[] };
type Row = Record<string, unknown>;

/** The scopes of a run without its data, the nearer one last. */
const scopesOf = ({ globals, collection, environment }: LoadedOptions): Scope[] =>
  [
    (globals as { values?: Scope }).values,
    (collection as { variables?: Scope }).variables,
    (environment as { values?: Scope }).values,
  ].filter(scope => scope !== undefined);

/** A value as the script reads it: a JWK may be an object. */
const toText = (value: unknown): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');

/** The variables as each row of data sees them. */
function readersOf(options: LoadedOptions, scopes = scopesOf(options)): ((name: string) => string | undefined)[] {
  const variables = new Map<string, unknown>();
  for (const scope of scopes) for (const { key, value } of scope.all()) variables.set(key, value);
  const rows: Row[] = options.iterationData?.length ? options.iterationData : [{}];
  return rows.map(row => name => {
    const value = row[name] ?? variables.get(name);
    return value === undefined || value === null ? undefined : toText(value);
  });
}

/** The texts of `signing_key` in all scopes and rows, references resolved: also of one that another hides. */
function signingKeysOf(options: LoadedOptions): Set<string> {
  const [all, ...others] = readersOf(options);
  const values = scopesOf(options).flatMap(scope => scope.all().filter(({ key }) => key === 'signing_key'));
  const texts = values.map(({ value }) => resolveReferences(toText(value), name => all?.(name)));
  const inRows = [all, ...others].map(find => resolveReferences(find?.('signing_key') ?? '', name => find?.(name)));
  return new Set([...texts, ...inRows]);
}

/**
 * Puts throw-away keys in the place of the signing keys, under whatever name and in whatever scope; of another text that holds a
 * part of one, the part is taken out.
 *
 * @param keys get the throw-away keys; there may be one of a command that signs already
 * @param learnKey is called with each real key and each throw-away key
 * @throws CommandError when a key is put together of several variables, or there is one beside a command that signs
 */
export async function replaceSigningKeys(
  options: LoadedOptions,
  keys: ThrowawayKeys,
  learnKey: (text: string) => void,
): Promise<void> {
  const parts = new Redaction();
  const own = keys.textOfSigner;
  for (const text of signingKeysOf(options)) {
    if (own !== undefined && text.trim() !== '' && text !== own) {
      const remedy = 'Unset it in globals, collection and data.';
      throw new CommandError(`"signing_key" must be unset where --sign-command signs. ${remedy}`);
    }
    await keys.add(text);
    parts.addSigningKey(text);
    for (const one of [text, keys.textFor(text) ?? '']) learnKey(one);
  }
  const replace = (value: unknown): unknown => {
    const text = toText(value);
    const without = keys.textFor(text) ?? parts.redactKnown(text);
    return without === text ? value : without;
  };
  for (const scope of scopesOf(options)) for (const variable of scope.all()) variable.value = replace(variable.value);
  for (const row of options.iterationData ?? []) {
    for (const [name, value] of Object.entries(row)) row[name] = replace(value);
  }
  if ([...signingKeysOf(options)].some(text => text.includes('[signing_key]'))) {
    const remedy = 'Put it into one variable, or give it with --signing-key <file>.';
    throw new CommandError(`"signing_key" must be one variable with the whole key, got several. ${remedy}`);
  }
}

/** An authorization server, as far as variables say it; an issuer that is not set is empty. */
export interface ConfiguredServer {
  endpoints: Endpoints;
  issuer: string;
}

/**
 * The endpoints that the variables set before a script can change them.
 *
 * @returns for each row of data that differs, and the issuers
 */
export const readConfiguredServers = (options: LoadedOptions): ConfiguredServer[] => readServers(readersOf(options));

/** The same without the variables of the collection, which are not the user's. */
export function readOwnServers(options: LoadedOptions): ConfiguredServer[] {
  const { variables } = options.collection as { variables?: Scope };
  return readServers(
    readersOf(
      options,
      scopesOf(options).filter(scope => scope !== variables),
    ),
  );
}

function readServers(readers: ReturnType<typeof readersOf>): ConfiguredServer[] {
  const servers = new Map<string, ConfiguredServer>();
  for (const find of readers) {
    const read = (name: string) => resolveReferences(find(name) ?? '', find);
    const key = JSON.stringify(['issuer', ...ENDPOINT_NAMES].map(find));
    if (!servers.has(key)) servers.set(key, toKnownServer(read, undefined));
  }
  return [...servers.values()];
}

/** The values that the variables give `token_endpoint_auth_method`, in each row of data. */
export const readMethods = (options: LoadedOptions): string[] =>
  readersOf(options).map(find => resolveReferences(find('token_endpoint_auth_method') ?? '', find).trim());
