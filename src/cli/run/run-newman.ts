// A run of Newman: throw-away keys in the place of the signing keys, reporters on a stage of their own, and what is left at the end
// to explain it. On the machine.

import type { NewmanRunOptions, NewmanRunSummary } from 'newman';
import { type Endpoints, isSameOrigin } from '../../client-auth/authorization-server.ts';
import type { ReadVariable } from '../../client-auth/settings.ts';
import { createReader } from '../client/environment.ts';
import type { Tls } from '../client/transport.ts';
import { CommandError, type RunHost } from '../command.ts';
import type { Redaction } from '../secrets/redaction.ts';
import { ConnectionError } from '../server/connection-faults.ts';
import type { FetchServer } from '../server/metadata.ts';
import { type LoadedOptions, loadNewman, loadOptions, loadReporter } from './newman.ts';
import type { RunOptions } from './newman-options.ts';
import { collectPostedForms, type PostedForm } from './posted-forms.ts';
import { limitRequests } from './request-limits.ts';
import { signRequests } from './signing.ts';
import {
  type ConfiguredServer,
  readConfiguredServers,
  readMethods,
  readOwnServers,
  replaceSigningKeys,
} from './signing-keys.ts';
import { openStage, type Stage } from './stage.ts';
import { keepTally, type Tally } from './tally.ts';
import type { ThrowawayKeys } from './throwaway-keys.ts';
import { presentCertificate } from './transport-certificate.ts';
import { stopUnauthenticated } from './unauthenticated.ts';

/** What a run came to. */
export interface Outcome {
  failures: number;
  posted: PostedForm[];
  tally: Tally;
  /** Why metadata could not be fetched before the run. */
  unreachable: ConnectionError[];
  /** Reads a variable as it was at the end, with the data of an iteration. */
  readIn: (iteration: number) => ReadVariable;
}

interface Scope {
  all(): { key: string; value: unknown; disabled?: boolean }[];
}
type Row = Record<string, unknown>;

/**
 * Runs Newman.
 *
 * @param options Newman's own, without reporters
 * @param keys get a throw-away key for each signing key
 * @param tls holds the transport certificate
 * @param reporters names of the reporters, with the options of each by its name
 * @throws CommandError when there is no such reporter, the run could not be done, or a file could not be written
 */
export async function runNewman(
  options: NewmanRunOptions,
  keys: ThrowawayKeys,
  fetchServer: FetchServer,
  tls: Tls,
  { reporters, reporter = {} }: Pick<RunOptions, 'reporters' | 'reporter'>,
  redaction: Redaction,
  host: RunHost,
): Promise<Outcome> {
  const classes = new Map(reporters.map(name => [name, { Reporter: loadReporter(name), own: reporter[name] ?? {} }]));
  const start = performance.now();
  const explain = (error: Error): Error => explainTimeout(options.timeout, performance.now() - start) ?? error;
  // What Newman says may quote what it was given.
  const toShown = (error: Error): CommandError => {
    const cause = explain(error);
    const shown = new CommandError(redaction.redact(cause.message), cause instanceof CommandError ? cause.exitCode : 1);
    shown.stack = redaction.redact(error.stack ?? '');
    return shown;
  };
  host.explainCrash(toShown);
  try {
    const loaded = await loadOptions(options);
    await replaceSigningKeys(loaded, keys, text => redaction.addSigningKey(text));
    const { known, trusted, unreachable } = await findKnownEndpoints(
      loaded,
      fetchServer,
      host.note,
      toSeconds(options.timeout),
    );
    if (options.timeout) loaded.timeout = Math.max(1, Math.ceil(options.timeout - (performance.now() - start)));
    return await new Promise((resolve, reject) => {
      const newman = loadNewman()(loaded, async (error, summary) => {
        endRequests();
        try {
          await finish(error);
          if (error) throw error;
          const failures = summary.run.failures.length + (summary.error ? 1 : 0);
          const readIn = toReaders(summary, loaded.iterationData ?? []);
          resolve({ failures, posted, tally: toTally(summary.run), unreachable, readIn });
        } catch (failure) {
          reject(failure);
        }
      }) as Stage;
      const endRequests = limitRequests(newman, Number(options.timeoutRequest ?? 0));
      signRequests(newman, keys, trusted);
      presentCertificate(newman, tls);
      const isAuthenticated = stopUnauthenticated(newman, known, readMethods(loaded));
      const posted = collectPostedForms(newman, isAuthenticated);
      const toTally = keepTally(newman, isAuthenticated);
      const finish = openStage({ newman, reporters: classes, options: loaded, redaction, note: host.note });
    });
  } catch (error) {
    throw error instanceof CommandError ? error : toShown(error as Error);
  }
}

/** The limit of the whole run is one of what it begins with too; undefined where there is none under the usual one. */
const toSeconds = (timeout = 0): number | undefined => (timeout > 0 && timeout < 10_000 ? timeout / 1000 : undefined);

/** So many issuers are asked for their metadata; more are in the data of no run. */
const MAX_ISSUERS = 3;

/**
 * The endpoints that are known before a script can change them, those of the variables and those of the metadata; of these the ones that
 * may get a signature; and why there is no connection to an issuer.
 */
async function findKnownEndpoints(
  options: LoadedOptions,
  fetchServer: FetchServer,
  note: RunHost['note'],
  seconds?: number,
): Promise<{ known: Endpoints[]; trusted: Endpoints[]; unreachable: ConnectionError[] }> {
  const servers = readConfiguredServers(options);
  const issuers = [...new Set(servers.map(({ issuer }) => issuer))].filter(issuer => issuer !== '');
  const asked = issuers.slice(0, MAX_ISSUERS);
  const metadata = await Promise.allSettled(asked.map(issuer => fetchServer(issuer, seconds)));
  // Where no endpoint is set the script reports what can't be read; why there is no connection its host does not say as well.
  const isNeeded = servers.some(({ endpoints }) => Object.keys(endpoints).length === 0);
  const faults = metadata.map(one => (one.status === 'rejected' ? one.reason : undefined));
  const unreachable = faults.filter(fault => fault instanceof ConnectionError);
  if (isNeeded) for (const { message } of unreachable) note(message);
  const found = metadata.map(one =>
    one.status === 'fulfilled' ? [one.value.metadata.endpoints, one.value.metadata.replaced] : [],
  );
  const known = [...servers.map(({ endpoints }) => endpoints), ...found.flat()];
  const own = readOwnServers(options);
  const ofOwnIssuers = asked.flatMap((issuer, at) => (own.some(one => one.issuer === issuer) ? (found[at] ?? []) : []));
  return { known, trusted: restrict(known, own, ofOwnIssuers), unreachable };
}

/**
 * Endpoints on a host that the user names: what the collection alone names could be anybody's. Where the user names no server, it is
 * the collection that is configured.
 */
function restrict(known: Endpoints[], own: ConfiguredServer[], ofOwnIssuers: Endpoints[]): Endpoints[] {
  const named = [...own.map(({ endpoints }) => endpoints), ...ofOwnIssuers].flatMap(one => Object.values(one));
  const urls = [...named, ...own.map(({ issuer }) => issuer)].filter(url => url !== '');
  if (urls.length === 0) return known;
  const isOnNamedHost = ([, url]: [string, string]) => urls.some(one => isSameOrigin(url, one));
  return known.map(endpoints => Object.fromEntries(Object.entries(endpoints).filter(isOnNamedHost)));
}

/** Readers of the variables in all scopes, the nearer one last. */
function toReaders(summary: NewmanRunSummary, rows: Row[]): Outcome['readIn'] {
  const { environment, globals, collection } = summary as unknown as Record<
    string,
    { values?: Scope; variables?: Scope }
  >;
  const values = [globals?.values, collection?.variables, environment?.values].flatMap(scope => scope?.all() ?? []);
  return iteration => {
    const row = Object.entries(rows[iteration] ?? rows.at(-1) ?? {}).map(([key, value]) => ({ key, value }));
    return createReader({ name: 'run', values: [...values, ...row] });
  };
}

/** Newman says of a run that took too long only what was cut short, and crashes when that was the start of its sandbox. */
function explainTimeout(timeout: unknown, elapsed: number): Error | undefined {
  if (typeof timeout !== 'number' || timeout === 0 || elapsed < timeout) return undefined;
  return new CommandError(`the run was ended by --timeout after ${timeout} ms. Raise it, or run less at once.`);
}
