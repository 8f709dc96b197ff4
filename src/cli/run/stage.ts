// The run as its reporters see it. Newman itself has no reporters: each of its events is searched for secrets, copied without
// them, and raised on a second emitter on which the reporters are. Whatever they do with it, they have no secret to give away.
// On the machine.

import { EventEmitter } from 'node:events';
import { CommandError } from '../command.ts';
import { visitTexts } from '../secrets/named-texts.ts';
import type { Redaction } from '../secrets/redaction.ts';
import { Copies, copyOf, redactAgain } from './copies.ts';
import { type ExportedFile, toExport, writeExport } from './exports.ts';
import { type LoadedOptions, loadSummary, type Reporter } from './newman.ts';

/** All events of Newman but `done`, which is raised when the files are written, and those that follow from another. */
const EVENTS = [
  ...['start', 'beforeIteration', 'beforeItem', 'beforePrerequest', 'beforeScript', 'script', 'prerequest', 'console'],
  ...['exception', 'assertion', 'beforeRequest', 'request', 'beforeTest', 'test', 'item', 'iteration', 'beforeDone'],
];

type Values = Record<string, unknown>;
type Scopes = Record<'collection' | 'environment' | 'globals', object>;

/** The part of Newman's emitter that reporters use. */
export interface Stage extends EventEmitter {
  summary: Scopes & { run: { executions: unknown[] } };
  exports: ExportedFile[];
  reporters: Record<string, { dominant?: boolean }>;
}

interface Raised {
  name: string;
  error: unknown;
  data: Values;
}

export interface StageOptions {
  /** What `newman.run` gave. */
  newman: Stage;
  /** The classes of the reporters by name, each with the options of its own. */
  reporters: Map<string, { Reporter: Reporter; own: object }>;
  options: LoadedOptions;
  redaction: Redaction;
  /** Shows a line to the user. */
  note: (line: string) => void;
}

/**
 * Raises the run on an emitter of its own, with the reporters on it.
 *
 * @returns what is to be called at the end of the run, with its error: writes all that is to be exported
 */
export function openStage({ newman, reporters, options, redaction, note }: StageOptions) {
  const stage = Object.assign(new EventEmitter(), { exports: [], reporters: {} }) as unknown as Stage;
  // Items lead to their folders, and these to the whole collection, which is copied once.
  let copiesOfRun = new Copies();
  let learnt = new Set<object>();
  const learn = (value: unknown, visited = new Set<object>()) =>
    visitTexts(value, (text, name) => redaction.learn(text, name), {
      has: object => visited.has(object) || learnt.has(object),
      add: object => visited.add(object),
    });
  const copy = <T>(value: T): T => copyOf(value, redaction, new Copies(copiesOfRun));

  const copyScopes = (): Scopes => {
    const { collection, environment, globals } = newman.summary;
    [learnt, copiesOfRun] = [new Set(), new Copies()];
    learn(collection, learnt);
    learn({ environment, globals });
    return { collection: copyOf(collection, redaction, copiesOfRun), ...copy({ environment, globals }) };
  };

  /** What an event holds, copied when it is asked for: most of it no reporter reads. */
  const toCopies = (data: Values): Values => {
    const shown = {};
    const copies = new Copies(copiesOfRun);
    for (const [name, value] of Object.entries(data)) {
      const get = () => copyOf(value, redaction, copies);
      const set = (other: unknown) =>
        Object.defineProperty(shown, name, { value: other, writable: true, enumerable: true, configurable: true });
      Object.defineProperty(shown, name, { get, set, enumerable: true, configurable: true });
    }
    return shown;
  };

  const start = (data: Values): void => {
    const { iterationData } = options;
    for (const row of iterationData ?? []) {
      // A column is a variable.
      for (const [key, value] of Object.entries(row)) learn({ key, value });
    }
    const scopes = copyScopes();
    stage.summary = new (loadSummary())(stage, scopes) as Stage['summary'];
    raiseByKind(stage);
    const { collection: _, environment: __, globals: ___, ...others } = options;
    const reporter = Object.fromEntries([...reporters].map(([name, { own }]) => [name, own]));
    const all = { ...copy(others), ...scopes, reporters: [...reporters.keys()], reporter };
    for (const [name, { Reporter, own }] of reporters)
      stage.reporters[name] = create(name, Reporter, [stage, own, all]);
    const dominant = Object.keys(stage.reporters).filter(name => stage.reporters[name]?.dominant);
    if (dominant.length > 1) note(`${dominant.join(' and ')} both write to the console. Choose one of them.`);
    stage.emit('start', null, { cursor: copy(data.cursor) });
  };

  const end = (data: Values): void => {
    // A value may have turned out to be a secret after it was shown.
    redactAgain(stage.summary.run, redaction);
    Object.assign(stage.summary, copyScopes());
    stage.emit('beforeDone', null, { cursor: copy(data.cursor), summary: stage.summary });
  };

  const raise = ({ name, error, data }: Raised): void => {
    if (name === 'start') start(data);
    else if (name === 'beforeDone') end(data);
    else stage.emit(name, copy(error), toCopies(data));
    // Newman keeps each exchange to the end; the copy is enough.
    if (name === 'item') newman.summary.run.executions.length = 0;
  };

  // What a script logs may be a secret by the name that it gets a moment later: it is shown when the script has ended.
  let isInScript = false;
  let isOver = false;
  const held: Raised[] = [];
  for (const name of EVENTS) {
    newman.on(name, (error: unknown, data: Values = {}) => {
      // A run that --timeout has ended goes on within Newman until its script has ended.
      if (isOver) return;
      if (name === 'beforeScript' || name === 'script') isInScript = name === 'beforeScript';
      if (name !== 'start' && name !== 'beforeDone') learn([error, data]);
      held.push({ name, error, data });
      if (!isInScript) for (const one of held.splice(0)) raise(one);
    });
  }

  // What Newman would write itself it hands over instead.
  const files: ExportedFile[] = [];
  newman.on('beforeDone', () => {
    Object.defineProperty(newman.exports, 'push', { value: (file: ExportedFile) => files.push(file) });
  });

  return async (error: Error | null): Promise<void> => {
    // A run may end in the middle of a script.
    for (const one of held.splice(0)) raise(one);
    isOver = true;
    learn(files);
    const exported = files.map(file => toExport({ ...file, content: copy(file.content) }));
    // A reporter may have written down a value before it turned out to be a secret.
    const reports = stage.exports
      .map(toExport)
      .map(file => ({ ...file, content: redactAgain(file.content, redaction) }));
    const results = await Promise.allSettled([...reports, ...exported].map(writeExport));
    const failure: unknown = results.find(one => one.status === 'rejected')?.reason;
    stage.emit('done', copy(error ?? failure ?? null), stage.summary);
    if (failure) throw failure;
  };
}

/** Raises the events of a kind of script, as Newman does: before reporters hear of the script itself. */
function raiseByKind(stage: Stage): void {
  const kindOf = (data: unknown): string => String((data as { event?: { listen?: unknown } }).event?.listen);
  stage.on('script', (error, data) => stage.emit(`${kindOf(data)}Script`, error, data));
  stage.on('beforeScript', (error, data) => {
    const kind = kindOf(data);
    stage.emit(`before${kind.charAt(0).toUpperCase()}${kind.slice(1)}Script`, error, data);
  });
}

function create(name: string, Reporter: Reporter, args: ConstructorParameters<Reporter>) {
  try {
    return new Reporter(...args);
  } catch (error) {
    throw new CommandError(`the reporter "${name}" failed at its start: ${(error as Error).message}`, 1, {
      cause: error,
    });
  }
}
