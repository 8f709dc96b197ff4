// Probes: a script in front of a request that a recorder receives, and all that a host shows of it. What is expected is
// written against a quiet green run, so that nothing unexpected passes unseen.

import assert from 'node:assert/strict';
import type { RequestDefinition } from './collections.ts';
import type { Host, Picture } from './hosts.ts';
import { type Received, startRecorder } from './recorder.ts';

export type Probe = {
  /** The pre-request script; several are those of as many requests, one after another. */
  script: string | string[];
  request?: Partial<RequestDefinition>;
  /** Further members of the collection. */
  collection?: object;
  iterations?: number;
  /** Whether what it does lasts, or comes late: then it has a run of its own. */
  isAlone?: true;
};

/** What was seen; UUIDs have numbers instead, in the order in which they are seen. */
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

/** A collection of items, of which each has a script, and sends a request. */
const toCollectionOf = (items: { script: string; request?: Partial<RequestDefinition> | undefined }[]): object => ({
  info: { name: 'probe', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
  item: items.map(({ script, request }, index) => ({
    id: `id-of-item-${index}`,
    name: `request ${index}`,
    event: [{ listen: 'prerequest', script: { type: 'text/javascript', exec: script.split('\n') } }],
    request: { method: 'POST', url: '{{origin}}/probe', ...request },
  })),
});

/** Requests named `request 0`, `request 1`, …, each with one of the scripts. */
export const toCollection = (probe: Probe): object => ({
  ...toCollectionOf(scriptsOf(probe).map(script => ({ script, request: probe.request }))),
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

const toObservation = (shown: Picture, received: Received[]): Observation =>
  numberUuids({
    wire: received.map(({ url, headers, body }) =>
      [url, headers['x-changed'] && 'changed', headers.authorization, body].filter(Boolean).join(' '),
    ),
    isGreen: !shown.failed,
    tests: shown.tests.map(({ name, error }) => (error === undefined ? name : `${name}: ${error}`)),
    console: shown.consoleLines,
    // The current runtime shows the error of a script twice: as that of the script, and as an exception.
    errors: [...new Set(shown.scriptErrors)],
    codes: shown.errors.flatMap(error => (Object(error).code === undefined ? [] : [Object(error).code])),
  });

/** Starts a recorder that redirects `/redirect` to `/landing`. */
const startPlace = async () => {
  const recorder = await startRecorder();
  recorder.answers.set('/redirect', { status: 302, headers: { location: `${recorder.origin}/landing` } });
  recorder.answers.set('/landing', { body: '"landed"' });
  return recorder;
};

/** Runs a probe in a host. */
const observe = async (host: Host, probe: Probe): Promise<Observation> => {
  const recorder = await startPlace();
  const { iterations = 1 } = probe;
  const run = await host.run(toCollection(probe), { environment: { origin: recorder.origin }, iterations });
  await recorder.close();
  return toObservation(run, recorder.requests);
};

/** Runs probes with one script each in one run, one after another. */
const observeTogether = async (host: Host, probes: Probe[]): Promise<Observation[]> => {
  const recorder = await startPlace();
  const places: number[] = [];
  const items = probes.map(probe => ({ script: scriptsOf(probe).join('\n'), request: probe.request }));
  const run = await host.run(toCollectionOf(items), {
    environment: { origin: recorder.origin },
    onItem: () => places.push(recorder.requests.length),
  });
  await recorder.close();
  assert.equal(run.items.length, probes.length, 'not every probe had its turn');
  return run.items.map((item, index) => toObservation(item, recorder.requests.slice(places[index], places[index + 1])));
};

/** Runs probes in a host: those that leave nothing behind in one run, each of the others in its own. */
export const observeAll = async <P extends Probe>(host: Host, probes: P[]): Promise<Map<P, Observation>> => {
  const isAlone = ({ script, iterations, collection, isAlone }: Probe) =>
    isAlone || typeof script !== 'string' || iterations !== undefined || collection !== undefined;
  const together = probes.filter(probe => !isAlone(probe));
  const observations = new Map<P, Observation>();
  for (const [index, observation] of (await observeTogether(host, together)).entries()) {
    observations.set(together[index] as P, observation);
  }
  for (const probe of probes.filter(isAlone)) observations.set(probe, await observe(host, probe));
  return observations;
};
