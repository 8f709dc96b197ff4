// Runs of the built scripts in one host, in front of requests to a recorder: the settings that are right, what is sent with
// them, and what holds when a run is green or refused.

import assert from 'node:assert/strict';
import { constants, verify } from 'node:crypto';
import { after, before, it } from 'node:test';
import { compactVerify } from 'jose';
import { collectionOf, form, ownEvents, type RequestDefinition } from './collections.ts';
import type { Host, Picture, Run, RunOptions } from './hosts.ts';
import { createRsaKey, leaks, toPkcs8 } from './keys.ts';
import { type Answer, type Received, type Recorder, startRecorder } from './recorder.ts';

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
export const FORM = 'application/x-www-form-urlencoded';
export const OPENID = '/.well-known/openid-configuration';
export const RFC8414 = '/.well-known/oauth-authorization-server';

/** The keys of the client: the private one is the `signing_key` of every run. */
const { privateKey, publicKey } = createRsaKey();

export { privateKey };

const pem = toPkcs8(privateKey);
/** The settings of the client. */
export const client = { client_id: 'client-1', kid: 'key-1', signing_key: pem };

/** A request of another endpoint. */
export const introspect: RequestDefinition = { url: '{{introspection_endpoint}}', body: form(['token', 't']) };

/** A token request, changed where the definition says so. */
export const token = (definition: Partial<RequestDefinition> = {}): RequestDefinition => ({
  url: '{{token_endpoint}}',
  body: form(['grant_type', 'client_credentials']),
  ...definition,
});

const decode = (part: string | undefined) => JSON.parse(Buffer.from(part ?? '', 'base64url').toString());

/** Header and claims of an assertion whose signature two implementations verified: PS256 with a salt of 32 bytes. */
export const verified = async (assertion: string) => {
  const [header, claims, signature] = assertion.split('.');
  const isSigned = verify(
    'sha256',
    Buffer.from(`${header}.${claims}`),
    { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
    Buffer.from(signature ?? '', 'base64url'),
  );
  assert(isSigned, 'node:crypto does not verify the signature');
  await compactVerify(assertion, publicKey, { algorithms: ['PS256'] });
  return { header: decode(header), claims: decode(claims) };
};

/** What one test sends, and what it is sent with. */
export type Scenario = {
  requests: (RequestDefinition & { event?: object[]; protocolProfileBehavior?: object })[];
  /** Changes of the settings; undefined takes one out. */
  change?: Record<string, unknown>;
  /** Answers of the recorder, by path. */
  answers?: Record<string, Answer>;
};

/** What came of it: what the requests showed, and what arrived at the recorder. */
export type Outcome = Picture & { received: Received[] };

/** The one request that arrived. */
export const only = ({ received }: Outcome): Received => {
  assert.equal(received.length, 1);
  return received[0] as Received;
};

/** The URLs of what arrived. */
export const urlsOf = ({ received }: Outcome): string[] => received.map(({ url }) => url);

/** That no script and no test failed. */
export const assertGreen = ({ scriptErrors, tests, failed }: Picture) => {
  assert.deepEqual(scriptErrors, []);
  assert.deepEqual(
    tests.filter(test => test.error),
    [],
  );
  assert.equal(failed, false);
};

/** A refusal: nothing but perhaps discovery on the wire, the run red by one failed test, no key in any text of it. */
export const assertRefused = (outcome: Outcome, says: RegExp, seen: string[] = []): string => {
  assert.deepEqual(urlsOf(outcome), seen, 'requests reached the server');
  assert.deepEqual(outcome.scriptErrors, []);
  assert.deepEqual(
    outcome.tests.map(test => test.name),
    ['client authentication'],
  );
  assert.equal(outcome.failed, true);
  const message = outcome.tests[0]?.error ?? '';
  assert.match(message, says);
  const shown = message + outcome.consoleLines.join('\n');
  assert(!leaks(shown, pem), 'key material is shown');
  return message;
};

/**
 * In front of the script: lets each scenario begin with its own settings in the environment, and with nothing of what the
 * scenarios before it have left.
 */
const BEGIN_SCENARIO = `const scenario = pm.collectionVariables.get(pm.info.requestName);
if (scenario) {
  pm.variables.clear();
  pm.environment.clear();
  const { change, without } = JSON.parse(scenario);
  const settings = { ...JSON.parse(pm.collectionVariables.get('settings')), ...change };
  for (const [name, value] of Object.entries(settings)) if (!without.includes(name)) pm.environment.set(name, value);
}`;

const toEvent = (source: string) => ({ listen: 'prerequest', script: { type: 'text/javascript', exec: [source] } });

const join = (pictures: Picture[]): Picture => ({
  failed: pictures.some(({ failed }) => failed),
  tests: pictures.flatMap(({ tests }) => tests),
  consoleLines: pictures.flatMap(({ consoleLines }) => consoleLines),
  scriptErrors: pictures.flatMap(({ scriptErrors }) => scriptErrors),
  requestErrors: pictures.flatMap(({ requestErrors }) => requestErrors),
  errors: pictures.flatMap(({ errors }) => errors),
  visualization: pictures.findLast(({ visualization }) => visualization)?.visualization,
});

/**
 * Prepares the runs of the `describe` that calls this, against a recorder of their own. All scenarios of {@link itSends} are
 * sent in one run before the first test; a run of its own has what {@link send} is given.
 *
 * @param options of the run of all scenarios
 */
export const prepareScriptRuns = (host: Host, options: RunOptions = {}) => {
  // Filled before the first test, so that tests can hold on to them by name.
  const recorder = {} as Recorder;
  const settings: Record<string, unknown> = {};
  const arrangements: (() => Scenario)[] = [];
  const outcomes: Outcome[] = [];

  const setAnswers = (answers: Scenario['answers'] = {}) => {
    recorder.answers.clear();
    for (const [path, answer] of Object.entries(answers)) recorder.answers.set(path, answer);
  };

  /** Runs the scenarios one after another in one run. */
  const sendAll = async (scenarios: Scenario[]): Promise<Outcome[]> => {
    const names = scenarios.map(({ requests }, index) => requests.map((_, place) => `request ${index}.${place}`));
    const item = scenarios.flatMap(({ requests }, index) =>
      requests.map(({ event, protocolProfileBehavior = {}, ...request }, place) => ({
        name: names[index]?.[place],
        ...(event && { event }),
        protocolProfileBehavior,
        request: { method: 'POST', ...request },
      })),
    );
    // Hosts hand all variables to every script: the settings, with the key in them, are there only once.
    const changes = scenarios.map(({ change = {} }, index) => {
      const without = Object.keys(change).filter(name => change[name] === undefined);
      return { key: names[index]?.[0], value: JSON.stringify({ change, without }) };
    });
    const variable = [{ key: 'settings', value: JSON.stringify(settings) }, ...changes];
    const collection = collectionOf([], { item, variable, event: [toEvent(BEGIN_SCENARIO), ...ownEvents()] });
    const started: { name: string; received: number }[] = [];
    const onItem = (name: string) => {
      started.push({ name, received: recorder.requests.length });
      const begun = scenarios[names.findIndex(([first]) => first === name)];
      if (begun) setAnswers(begun.answers);
    };
    const { items } = await host.run(collection, { ...options, onItem });
    assert.deepEqual(
      started.map(({ name }) => name),
      names.flat(),
      'not every request had its turn, once',
    );
    return names.map(own => {
      const places = own.map(name => started.findIndex(one => one.name === name));
      const [first = -1] = places;
      const next = started[Math.max(...places) + 1];
      return {
        ...join(places.flatMap(place => items[place] ?? [])),
        received: recorder.requests.slice(started[first]?.received, next?.received),
      };
    });
  };

  before(async () => {
    Object.assign(recorder, await startRecorder());
    Object.assign(settings, { token_endpoint: `${recorder.origin}/token`, ...client });
    if (arrangements.length > 0) outcomes.push(...(await sendAll(arrangements.map(arrange => arrange()))));
  });
  after(() => recorder.close());

  /**
   * Declares a test of what comes of a scenario.
   *
   * @param arrange gives the scenario; called when the recorder listens
   */
  const itSends = (title: string, arrange: () => Scenario, check: (outcome: Outcome) => unknown): void => {
    const index = arrangements.push(arrange) - 1;
    it(title, async () => {
      await check(outcomes[index] as Outcome);
    });
  };

  /** Runs a collection as it is. */
  const sendCollection = async (
    collection: object,
    { answers = {}, ...options }: RunOptions & Pick<Scenario, 'answers'> = {},
  ): Promise<Run & Outcome> => {
    recorder.requests.length = 0;
    setAnswers(answers);
    const run = await host.run(collection, options);
    return { ...run, received: [...recorder.requests] };
  };
  /** Runs requests in a run of their own, with the settings changed where the second argument says so. */
  const send = (
    requests: RequestDefinition[],
    change: Record<string, unknown> = {},
    { collection, ...options }: Parameters<typeof sendCollection>[1] & { collection?: object } = {},
  ): Promise<Run & Outcome> =>
    sendCollection(collectionOf(requests, collection), { environment: { ...settings, ...change }, ...options });
  /** Metadata whose issuer and endpoints are the recorder's. */
  const metadata = (change: object = {}) => ({
    issuer: recorder.origin,
    token_endpoint: `${recorder.origin}/token`,
    introspection_endpoint: `${recorder.origin}/introspection`,
    ...change,
  });
  /** What makes a scenario one of discovery: the metadata in its place, and the settings that lead to it. */
  const discovery = (metadataChange: object = {}, change: Record<string, unknown> = {}) => ({
    answers: { [OPENID]: { body: JSON.stringify(metadata(metadataChange)) } } as Record<string, Answer>,
    change: { token_endpoint: '', issuer: recorder.origin, ...change } as Record<string, unknown>,
  });

  return { recorder, settings, itSends, send, sendCollection, metadata, discovery };
};
