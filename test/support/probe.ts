// Probes: a script in front of a request that a recorder receives, and all that a host shows of it. What is expected is
// written against a quiet green run, so that nothing unexpected passes unseen.

import type { RequestDefinition } from './collections.ts';
import type { Host } from './hosts.ts';
import { startRecorder } from './recorder.ts';

export type Probe = {
  /** The pre-request script; several are those of as many requests, one after another. */
  script: string | string[];
  request?: Partial<RequestDefinition>;
  /** Further members of the collection. */
  collection?: object;
  iterations?: number;
};

/** What was seen; UUIDs are told apart by numbers, in the order in which they are seen. */
export type Observation = {
  /** What arrived: path and query, `changed` with the header of {@link CHANGE}, Authorization, body. */
  wire: string[];
  /** Whether `newman run` would exit with 0. */
  isGreen: boolean;
  /** Names of tests, each with its error. */
  tests: string[];
  console: string[];
  /** Errors of scripts. */
  errors: string[];
  /** The `code` of each error that has one. */
  codes: unknown[];
};

/** Lines of a script that change the request so that it shows on the wire. */
export const CHANGE = "pm.request.headers.upsert({ key: 'x-changed', value: 'yes' });";

/** A URL of the recorder, for a script. */
export const urlOf = (path: string): string => `pm.variables.get('origin') + '${path}'`;

/** A script that writes on the console which of the names it finds. */
export const find = (...names: string[]): string => `const found = [];
${names.map(name => `try { if (typeof ${name} !== 'undefined') found.push(${JSON.stringify(name)}); } catch {}`).join('\n')}
console.log(found.join(' '));`;

const scriptsOf = ({ script }: Probe): string[] => (typeof script === 'string' ? [script] : script);

/** Requests named `request 0`, `request 1`, …, each with one of the scripts. */
export const toCollection = (probe: Probe): object => ({
  info: { name: 'probe', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
  item: scriptsOf(probe).map((script, index) => ({
    id: `id-of-item-${index}`,
    name: `request ${index}`,
    event: [{ listen: 'prerequest', script: { type: 'text/javascript', exec: script.split('\n') } }],
    request: { method: 'POST', url: '{{origin}}/probe', ...probe.request },
  })),
  ...probe.collection,
});

/** What is seen when every script runs through and every request is sent as it is. */
export const quiet = (probe: Probe): Observation => ({
  wire: scriptsOf(probe).map(() => '/probe'),
  isGreen: true,
  tests: [],
  console: [],
  errors: [],
  codes: [],
});

const numberUuids = (observation: Observation): Observation => {
  const seen: string[] = [];
  const text = JSON.stringify(observation).replace(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, uuid => {
    if (!seen.includes(uuid)) seen.push(uuid);
    return `<uuid ${seen.indexOf(uuid) + 1}>`;
  });
  return JSON.parse(text);
};

/** Runs a probe in a host. The recorder redirects `/redirect` to `/landing`. */
export const observe = async (host: Host, probe: Probe): Promise<Observation> => {
  const recorder = await startRecorder();
  recorder.answers.set('/redirect', { status: 302, headers: { location: `${recorder.origin}/landing` } });
  recorder.answers.set('/landing', { body: '"landed"' });
  const { iterations = 1 } = probe;
  const run = await host.run(toCollection(probe), { environment: { origin: recorder.origin }, iterations });
  await recorder.close();
  return numberUuids({
    wire: recorder.requests.map(({ url, headers, body }) =>
      [url, headers['x-changed'] && 'changed', headers.authorization, body].filter(Boolean).join(' '),
    ),
    isGreen: !run.failed,
    tests: run.tests.map(({ name, error }) => (error === undefined ? name : `${name}: ${error}`)),
    console: run.consoleLines,
    // The current runtime shows the error of a script twice: as that of the script, and as an exception.
    errors: [...new Set(run.scriptErrors)],
    codes: run.errors.flatMap(error => (Object(error).code === undefined ? [] : [Object(error).code])),
  });
};
