// The two hosts that every behaviour is shown in: Newman as a library, and the current postman-runtime, whose sandbox is
// that of today's Postman app. Both are reduced to one picture of a run: tests, console lines, errors.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import newman, { type NewmanRunOptions } from 'newman';
import type { VariableScope } from 'postman-collection';

/** One `pm.test` of a run; `error` is what the report shows, undefined when it passed. */
type TestResult = { name: string; error: string | undefined };

/** What a run, or one request of it, showed. `failed` is what makes `newman run` exit with 1. */
export type Picture = {
  failed: boolean;
  tests: TestResult[];
  consoleLines: string[];
  scriptErrors: string[];
  requestErrors: string[];
  /** The errors of tests and scripts, as reporters get them. */
  errors: unknown[];
  /** What a script has set for the tab Visualize; of several the last. */
  visualization: Visualization | undefined;
};

type Visualization = { template: string; data: Record<string, unknown> };

export type Run = Picture & {
  /** The same for each request of the collection, in the order in which they were run. */
  items: Picture[];
  /** Names of the variables that the environment holds when the run is over, with their values. */
  environment: Record<string, unknown>;
  /** Newman's whole summary, as its JSON reporter writes it; empty for postman-runtime. */
  summary: unknown;
};

export type RunOptions = {
  /** By name; or the rows, as they are in the file. */
  environment?: Record<string, unknown> | object[];
  iterations?: number;
  /** One iteration for each row; its members are variables. */
  data?: Record<string, unknown>[];
  /** Paths of PEM files. */
  clientCertificate?: { cert: string; key: string };
  caFile?: string;
  timeoutRequest?: number;
  /** The vault of the app; only the current runtime has one. `allow` says whether scripts may read it. */
  vault?: { secrets: Record<string, string>; allow: () => Promise<boolean> };
  /** What the app gives for the secure variables of the environment, by name; only the current runtime does. */
  secure?: Record<string, { resolvedValue: string; allowedInScript: boolean }>;
  /** Called before each request of the collection, with its name. */
  onItem?: (name: string) => void;
};

export type Host = {
  /** With the versions that are installed, for titles. */
  name: string;
  /** Newman's sandbox is years older than that of the current runtime. */
  generation: 'newman' | 'current';
  run: (collection: object, options?: RunOptions) => Promise<Run>;
};

const require = createRequire(import.meta.url);
const runtimePath = require.resolve('postman-runtime');
/** The version of a package that a file requires. */
const versionOf = (name: string, file: string): string => createRequire(file)(`${name}/package.json`).version;

const toValues = (environment: RunOptions['environment'] = {}) =>
  Array.isArray(environment)
    ? environment
    : Object.entries(environment).map(([key, value]) => ({ key, value, enabled: true }));

const toText = (messages: unknown[]) =>
  messages.map(message => (typeof message === 'string' ? message : JSON.stringify(message))).join(' ');

/** A thrown string may arrive as itself. */
const toErrorText = (error: Error | string) => (typeof error === 'string' ? error : `${error.name}: ${error.message}`);

const emptyPicture = (): Picture => ({
  failed: false,
  tests: [],
  consoleLines: [],
  scriptErrors: [],
  requestErrors: [],
  errors: [],
  visualization: undefined,
});

/** The result of a script, as both hosts give it. */
type Execution = { return?: { visualizer?: Visualization }; environment?: { values: unknown } };

/** Writes down what a run shows, for the whole of it and for the request that is being run. */
const createRecord = ({ onItem }: RunOptions) => {
  const run: Run = { ...emptyPicture(), items: [], environment: {}, summary: {} };
  const pictures = () => [run, run.items.at(-1)].filter(picture => picture !== undefined);
  return {
    run,
    startItem: (name: string) => {
      run.items.push(emptyPicture());
      onItem?.(name);
    },
    addTest: (name: string, error: Error | null | undefined) => {
      for (const picture of pictures()) {
        picture.tests.push({ name, error: error ? toErrorText(error) : undefined });
        if (!error) continue;
        picture.errors.push(error);
        picture.failed = true;
      }
    },
    addConsole: (messages: unknown[]) => {
      for (const { consoleLines } of pictures()) consoleLines.push(toText(messages));
    },
    addScriptError: (error: Error) => {
      for (const picture of pictures()) {
        picture.scriptErrors.push(toErrorText(error));
        picture.errors.push(error);
        picture.failed = true;
      }
    },
    addExecution: (execution: Execution | undefined) => {
      const visualization = execution?.return?.visualizer;
      if (visualization) for (const picture of pictures()) picture.visualization = visualization;
    },
    addRequestError: (error: unknown) => {
      for (const picture of pictures()) {
        picture.requestErrors.push(String(error));
        picture.failed = true;
      }
    },
  };
};

/** Newman, through its library call. */
const newmanHost: Host = {
  name: `Newman ${versionOf('newman', import.meta.url)} (postman-runtime ${versionOf('postman-runtime', require.resolve('newman'))})`,
  generation: 'newman',
  run: (collection, options = {}) =>
    new Promise((resolve, reject) => {
      const { run, ...record } = createRecord(options);
      newman
        .run(
          {
            collection: structuredClone(collection),
            environment: { name: 'test', values: toValues(options.environment) },
            iterationCount: options.data?.length ?? options.iterations ?? 1,
            ...(options.data && { iterationData: options.data }),
            reporters: [],
            ...(options.clientCertificate && {
              sslClientCert: options.clientCertificate.cert,
              sslClientKey: options.clientCertificate.key,
            }),
            ...(options.caFile && { sslExtraCaCerts: options.caFile }),
            ...(options.timeoutRequest && { timeoutRequest: options.timeoutRequest }),
          } as NewmanRunOptions,
          (error, summary) => {
            if (error) return reject(error);
            // Not all errors that an event shows are failures for Newman.
            run.failed = summary.run.failures.length > 0 || Boolean(summary.error);
            run.summary = summary;
            run.environment = (summary.environment as unknown as VariableScope).toObject(false, false);
            resolve(run);
          },
        )
        .on('beforeItem', (_error, { item }) => record.startItem(item.name))
        .on('assertion', (error, { assertion }) => record.addTest(assertion, error))
        .on('console', (_error, { messages }) => record.addConsole(messages))
        .on('script', (error, { execution }: { execution?: Execution }) => {
          if (error) record.addScriptError(error);
          record.addExecution(execution);
        })
        .on('request', error => error && record.addRequestError(error));
    }),
};

/** The newest postman-runtime, driven directly as the Postman app drives it. */
const runtimeHost: Host = {
  name: `postman-runtime ${versionOf('postman-runtime', import.meta.url)}`,
  generation: 'current',
  run: (collection, options = {}) =>
    new Promise((resolve, reject) => {
      const { Runner } = require(runtimePath);
      const sdk = createRequire(runtimePath)('postman-collection');
      const { run, ...record } = createRecord(options);
      const environment = new sdk.VariableScope({ values: toValues(options.environment) });
      const certificates =
        options.clientCertificate &&
        new sdk.CertificateList({}, [
          {
            matches: ['<all_urls>'],
            cert: { src: options.clientCertificate.cert },
            key: { src: options.clientCertificate.key },
          },
        ]);
      const { vault, secure } = options;
      const vaultSecrets = new sdk.VariableScope({
        prefix: 'vault:',
        values: Object.entries(vault?.secrets ?? {}).map(([key, value]) => ({ key: `vault:${key}`, value })),
      });
      if (vault) vaultSecrets._ = { allowScriptAccess: vault.allow };
      new Runner().run(
        new sdk.Collection(structuredClone(collection)),
        {
          environment,
          iterationCount: options.data?.length ?? options.iterations ?? 1,
          ...(options.data && { data: options.data }),
          ...(vault && { vaultSecrets }),
          ...(secure && {
            secretResolver: (
              { secrets }: { secrets: { variable: { key: string } }[] },
              callback: (error: null, values: unknown[]) => void,
            ) =>
              callback(
                null,
                secrets.map(({ variable }) => secure[variable.key]),
              ),
          }),
          fileResolver: fs,
          certificates,
          requester: { strictSSL: true, ...(options.caFile && { extendedRootCA: options.caFile }) },
          ...(options.timeoutRequest && { timeout: { request: options.timeoutRequest } }),
        },
        (
          failure: Error | null,
          running: { start: (callbacks: Record<string, (...args: never[]) => void>) => void },
        ) => {
          if (failure) return reject(failure);
          running.start({
            beforeItem(_error: unknown, _cursor: unknown, item: { name: string }) {
              record.startItem(item.name);
            },
            assertion(_cursor: unknown, assertions: { name: string; error?: Error }[]) {
              for (const { name, error } of assertions) record.addTest(name, error);
            },
            console(_cursor: unknown, _level: string, ...messages: unknown[]) {
              record.addConsole(messages);
            },
            script(error: Error | null, _cursor: unknown, result: Execution | undefined) {
              if (error) record.addScriptError(error);
              record.addExecution(result);
              const scope = result?.environment && new sdk.VariableScope(result.environment);
              if (scope) run.environment = scope.toObject();
            },
            request(error: Error | null) {
              if (error) record.addRequestError(error);
            },
            exception(_cursor: unknown, error: Error) {
              record.addScriptError(error);
            },
            done(error: Error | null) {
              if (error) return reject(error);
              resolve(run);
            },
          });
        },
      );
    }),
};

/** Both hosts, for tests that hold in both. */
export const hosts: Host[] = [newmanHost, runtimeHost];
