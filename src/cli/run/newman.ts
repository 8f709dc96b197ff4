// What is used of Newman, the parts without a documented name too: all in one place, to be looked at with each new version.
// Newman takes a second to load, which other commands need not wait for. On the machine.

import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type { NewmanRunOptions, NewmanRunSummary } from 'newman';
import type { TransportCertificate } from '../client/transport.ts';
import { CommandError } from '../command.ts';

/** Options as Newman has read them: files are loaded, scopes and the collection are objects of Postman's SDK. */
export type LoadedOptions = Record<string, unknown> & {
  collection: object;
  environment: object;
  globals: object;
  iterationData?: Record<string, unknown>[];
};

/** The class of a reporter, as `newman-reporter-<name>` exports it. */
export type Reporter = new (emitter: EventEmitter, own: object, options: object) => { dominant?: boolean };

type Run = (options: object, done: (error: Error | null, summary: NewmanRunSummary) => void) => EventEmitter;

/** The reporters that Newman brings. */
const OWN_REPORTERS = ['cli', 'json', 'junit', 'progress', 'emojitrain'];

/** What Newman itself would load by a name; asked for when it is needed, since the other commands work without Newman. */
const requireAsNewman = (name: string) => createRequire(createRequire(import.meta.url).resolve('newman'))(name);

/** Runs a collection. */
export const loadNewman = (): Run => requireAsNewman('newman').run;

/** A transport certificate as Newman has read it; what is written of a request leaves it out. */
export function createCertificate({ cert, key, passphrase }: TransportCertificate): object {
  const { Certificate } = requireAsNewman('postman-collection');
  return new Certificate({ name: 'client-cert', cert: { value: cert }, key: { value: key }, passphrase });
}

/** The class that keeps the sums, executions and failures of a run, by the events that it hears. */
export const loadSummary = (): (new (emitter: EventEmitter, options: object) => object) =>
  requireAsNewman('./lib/run/summary');

/**
 * Reads what options name: files of data, globals, cookies, certificates.
 *
 * @throws Error of Newman when a file can't be read
 */
export const loadOptions = (options: NewmanRunOptions): Promise<LoadedOptions> =>
  new Promise((resolve, reject) => {
    requireAsNewman('./lib/run/options')(options, (error: Error | null, loaded: LoadedOptions) =>
      error ? reject(error) : resolve(loaded),
    );
  });

/**
 * Finds a reporter: a package of its own, or one of Newman's.
 *
 * @throws CommandError with exit code 2 when there is none of this name
 */
export function loadReporter(name: string): Reporter {
  const [, scope = '', plain = ''] = /^(@[^/]+\/)?(.*)$/s.exec(name) as RegExpExecArray;
  const packageName = `${scope}newman-reporter-${plain}`;
  for (const path of [packageName, ...(OWN_REPORTERS.includes(name) ? [`./lib/reporters/${name}`] : [])]) {
    try {
      return requireAsNewman(path);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'MODULE_NOT_FOUND' || !message.includes(`'${path}'`)) throw error;
    }
  }
  throw new CommandError(`there is no reporter "${name}". Install the package ${packageName} beside Newman.`, 2);
}
