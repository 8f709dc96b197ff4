// A run from its options to what is to be said at its end: reads what it begins with, lets Newman run it, explains what the
// authorization server refused. On the machine.

import type { Beginning } from '../client/beginning.ts';
import { type Client, readClient, readPair, withoutAgent } from '../client/client-options.ts';
import { type Environment, listSecureWithoutValue, readEnvironment, withVariable } from '../client/environment.ts';
import { adviseOnSignature } from '../client/sign-command.ts';
import { listFolders, parseCollection } from '../collection/collection.ts';
import { readCollection } from '../collection/collection-source.ts';
import { inject } from '../collection/injection.ts';
import { adviseOnScripts } from '../collection/script-advice.ts';
import { CommandError, type RunHost } from '../command.ts';
import { inFile } from '../files.ts';
import { Redaction } from '../secrets/redaction.ts';
import { createServerFetcher } from '../server/metadata.ts';
import { checkProxyVariables, listProxyPasswords, refuseProxiedAgent } from '../server/route.ts';
import { readBeginning } from './beginning.ts';
import { type RunOptions, refuseShortLimit, refuseToReplace, toNewmanOptions } from './newman-options.ts';
import { runNewman } from './run-newman.ts';
import { explainRefusals } from './run-refusals.ts';
import { ThrowawayKeys } from './throwaway-keys.ts';
import { type Counts, toCause, toCounts } from './verdict.ts';

/** Newman reads a collection by recursion, and its stack overflows somewhere beyond this: 500 nested folders. */
const MAX_DEPTH = 1100;

/** A collection as far as it is looked at. */
interface Collection {
  variable?: unknown;
  item?: unknown;
}

/** What a run came to. */
export interface RunResult {
  /** The number of failures: of tests, requests and scripts. */
  failures: number;
  /** The lines that explain what the authorization server refused. */
  explanation: string[];
  counts: Counts;
  /** The first cause of the failures in a line, and in the next what mends it, where that is known; empty without a failure. */
  cause: string[];
}

/**
 * Runs a collection.
 *
 * @param source a file, or the collection itself
 * @param inspect looks at what the run begins with, and throws where it must not begin
 * @returns what the run came to
 * @throws CommandError when the run can't be done, or a file can't be read or written; with exit code 2 for a usage error
 */
export async function runCollection(
  source: string | object,
  options: RunOptions,
  host: RunHost,
  inspect: (beginning: Beginning) => Promise<void>,
): Promise<RunResult> {
  refuseShortLimit(options);
  checkProxyVariables();
  refuseToReplace(source, options);
  const globalVar = (options.globalVar ?? []).map(pair => readPair('--global-var', pair));
  const client = await readClient(options, host);
  const globals =
    options.globals === undefined ? undefined : withoutAgent(await readEnvironment(options.globals), options);
  for (const one of [client.environment, ...(globals ? [globals] : [])]) {
    for (const { message } of listSecureWithoutValue(one)) host.note(message);
  }
  const { collection, advice } = await prepareCollection(source, options, host);
  refuseUnknownFolders(collection, options.folder);
  const beginning = await readBeginning(client, collection, globals, globalVar, options);
  refuseProxiedAgent(beginning.read('signing_agent').trim());
  await inspect(beginning);
  const redaction = createRedaction(client, globals, collection);
  const fetchServer = createServerFetcher(client.tls);
  const keys = new ThrowawayKeys();
  const environment = await withSigner(client, keys);
  const newmanOptions = toNewmanOptions(collection, environment, globals, globalVar, options);
  const { failures, posted, tally, unreachable, readIn } = await runNewman(
    newmanOptions,
    keys,
    fetchServer,
    client.tls,
    options,
    redaction,
    host,
  );
  const hasCertificateList = options.sslClientCertList !== undefined;
  const { lines, cause } = await explainRefusals(posted, readIn, client.tls, fetchServer, hasCertificateList);
  const refused = lines.length > 0 ? [...lines, ...adviseOnSignature(client.signCommand)] : [];
  const all = failures > 0 ? [...refused, ...advice] : refused;
  const toShown = (line: string) => redaction.redact(line);
  return {
    failures,
    explanation: all.map(toShown),
    counts: toCounts(tally, posted),
    cause: toCause(cause, tally.firstFailure, unreachable, toShown),
  };
}

/** The environment, with a throw-away key in it where a command signs. */
async function withSigner({ environment, signCommand }: Client, keys: ThrowawayKeys): Promise<Environment> {
  if (!signCommand) return environment;
  const bits = signCommand.publicKey?.asymmetricKeyDetails?.modulusLength ?? 2048;
  return withVariable(environment, 'signing_key', await keys.addSigner(bits, signCommand.key.sign));
}

/** A redaction that knows which variables the user has called secret. */
function createRedaction({ environment, tls }: Client, globals: Environment | undefined, { variable }: Collection) {
  const redaction = new Redaction();
  redaction.learn(tls.certificate?.passphrase ?? '', { text: 'passphrase', isPair: false });
  for (const password of listProxyPasswords()) redaction.learn(password, { text: 'password', isPair: false });
  const variables = [...environment.values, ...(globals?.values ?? []), ...(Array.isArray(variable) ? variable : [])];
  for (const one of variables) if (one?.type === 'secret') redaction.declareSecret(String(one.key));
  return redaction;
}

/** The collection with the scripts in it, and what to do about scripts of its own. */
async function prepareCollection(
  source: string | object,
  { collection: chosen, last }: RunOptions,
  host: RunHost,
): Promise<{ collection: Collection; advice: string[] }> {
  const { name, text, notes } =
    typeof source === 'string'
      ? await readCollection(source, chosen, host)
      : { name: 'collection', text: JSON.stringify(source), notes: [] };
  for (const note of notes) host.note(note);
  const scripts = await host.readScripts();
  return inFile(name, () => {
    const collection = parseCollection(inject(text, scripts, { last }));
    if (depthOf(collection) > MAX_DEPTH) {
      throw new CommandError(`nested more than ${MAX_DEPTH} levels deep, which Newman cannot run. Move folders up.`);
    }
    return {
      collection,
      advice: adviseOnScripts({ text, dropsChanges: false }, { last }).map(line => `${name}: ${line}`),
    };
  });
}

/** Newman says of a folder that is not there only that. */
function refuseUnknownFolders(collection: Collection, wanted: string[] = []): void {
  const open: unknown[] = Array.isArray(collection.item) ? [...collection.item] : [];
  const known = new Set<unknown>();
  const folders: string[] = [];
  // The list grows while it is read.
  for (const one of open) {
    if (typeof one !== 'object' || one === null) continue;
    const { id, _postman_id, name, item } = one as Record<string, unknown>;
    for (const key of [id, _postman_id, name]) known.add(key);
    if (!Array.isArray(item)) continue;
    folders.push(JSON.stringify(name));
    open.push(...item);
  }
  const missing = wanted.find(name => !known.has(name));
  if (missing === undefined) return;
  throw new CommandError(`there is no folder or request ${JSON.stringify(missing)}. ${listFolders(folders)}`, 2);
}

/** How many objects and arrays are in each other; not by recursion, which ends where Newman's does. */
function depthOf(root: unknown): number {
  let depth = -1;
  for (let level = [root]; level.length > 0; depth++) {
    level = level.flatMap(value => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
  return depth;
}
