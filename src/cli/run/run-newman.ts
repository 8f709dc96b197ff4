// A run of Newman with the eyes of `run-watch.ts` on it: the number of its failures, what was posted, and the variables as they
// were at the end. On the machine.

import type { NewmanRunOptions, NewmanRunSummary } from 'newman';
import type { ReadVariable } from '../../client-auth/settings.ts';
import { createReader } from '../client/environment.ts';
import { CommandError, type Host } from '../command.ts';
import { cannotBeWritten } from '../files.ts';
import type { Redaction } from '../secrets/redaction.ts';
import type { PostedForm } from './run-refusals.ts';
import { watch } from './run-watch.ts';

/** What a run came to. */
export interface Outcome {
  failures: number;
  posted: PostedForm[];
  /** Reads a variable as it was at the end, with the data of an iteration. */
  readIn: (iteration: number) => ReadVariable;
}

type Row = Record<string, unknown>;

/**
 * Runs Newman.
 *
 * @param options Newman's own
 * @throws CommandError when the run could not be done, or a file could not be written
 */
export async function runNewman(options: NewmanRunOptions, redaction: Redaction, host: Host): Promise<Outcome> {
  // Newman takes a second to load, which the other commands need not wait for.
  const { default: newman } = await import('newman');
  const start = performance.now();
  const explain = (error: Error) => explainTimeout(options.timeout, performance.now() - start) ?? error;
  host.explainCrash(explain);
  return await new Promise((resolve, reject) => {
    const emitter = newman.run(options, (error, summary) => {
      if (error) reject(toCommandError(explain(error)));
      else
        resolve({
          failures: summary.run.failures.length + (summary.error ? 1 : 0),
          posted,
          readIn: toReaders(summary, rows),
        });
    });
    let rows: Row[] = [];
    emitter.on('start', (_error, { run }: { run?: { state?: { data?: Row[] } } }) => {
      rows = run?.state?.data ?? [];
    });
    const posted = watch(emitter as unknown as NodeJS.EventEmitter, redaction);
  });
}

/** Readers of the variables in all scopes, the nearer one last. */
function toReaders(summary: NewmanRunSummary, rows: Row[]): Outcome['readIn'] {
  const { environment, globals, collection } = summary as unknown as Record<
    string,
    { values?: Scope; variables?: Scope }
  >;
  const scopes = [globals?.values, collection?.variables, environment?.values].flatMap(scope => scope?.all() ?? []);
  const values = scopes.map(({ key, value, disabled }) => ({ key, value, enabled: !disabled }));
  return iteration => {
    const row = Object.entries(rows[iteration] ?? rows.at(-1) ?? {}).map(([key, value]) => ({ key, value }));
    return createReader({ name: 'run', values: [...values, ...row] });
  };
}

interface Scope {
  all(): { key: string; value: unknown; disabled?: boolean }[];
}

/** Newman says of a run that took too long only what was cut short, and crashes when that was the start of its sandbox. */
function explainTimeout(timeout: unknown, elapsed: number): Error | undefined {
  if (typeof timeout !== 'number' || timeout === 0 || elapsed < timeout) return undefined;
  return new CommandError(`the run was ended by --timeout after ${timeout} ms. Raise it, or run less at once.`);
}

/** Newman makes the directories of its reports; of one that cannot be made it says only what `mkdir` said. */
function toCommandError(error: NodeJS.ErrnoException): CommandError {
  const { syscall, path } = error;
  return syscall === 'mkdir' && path ? cannotBeWritten(path, error) : new CommandError(error.message);
}
