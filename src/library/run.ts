// `run` of the library: a collection run by Newman, with the scripts in it and without secrets in what reporters get. On the machine.

import { refuseSureFaults } from '../cli/check/before-run.ts';
import { PASSPHRASE_VARIABLE } from '../cli/client/signing-key-file.ts';
import { CommandError, type RunHost } from '../cli/command.ts';
import { runCollection } from '../cli/run/run-collection.ts';
import { readScripts } from '../cli/scripts.ts';
import { ClientAuthError } from '../client-auth/errors.ts';
import type { ClientAssertionOptions } from './client-assertion.ts';
import { toKeyText } from './key-text.ts';
import { toLibraryError, toLibraryWords } from './words.ts';

/** The options of the command `run`, by their names in camelCase. A path is relative to the working directory. */
export interface RunOptions {
  /** A collection: its file in format v2.1 or v2.0, its folder of Postman v12, or the object. None is changed. */
  collection: string | object;
  /** File of the Postman environment with the variables of the client. */
  environment?: string;
  /** Variables to add or to override, but not a private key. */
  envVar?: Record<string, string>;
  /** The signing key: its file; or the key itself, as a `KeyObject` or a JWK. It never enters Newman. */
  signingKey?: string | object;
  /** Command that signs instead, with a key in an HSM or a KMS: see {@link ClientAssertionOptions.signCommand}. */
  signCommand?: string;
  signCommandInput?: 'digest' | 'message';
  /** File of the public key of the command, to verify its signatures: PEM, certificate or JWK. */
  publicKey?: string;
  /** File of a JWKS with that key under its `kid`. */
  jwks?: string;
  /** Passphrase of an encrypted signing key. */
  signingKeyPassphrase?: string;
  /** File of the transport certificate: PEM, or PKCS #12 with its key. */
  sslClientCert?: string;
  /** File of the key of the transport certificate, PEM; not with PKCS #12. */
  sslClientKey?: string;
  /** Passphrase of that key, or of the PKCS #12 file. */
  sslClientPassphrase?: string;
  /** File of certificates of further authorities to trust, PEM. */
  sslExtraCaCerts?: string;
  /** File of transport certificates by URL, JSON. */
  sslClientCertList?: string;
  /** File of Postman globals. */
  globals?: string;
  globalVar?: Record<string, string>;
  /** Names of reporters, which may write to the console. Default: none. */
  reporters?: string[];
  /** Options of reporters by the name of the reporter, as Newman has them: `{ junit: { export: 'newman.xml' } }`. */
  reporter?: Record<string, Record<string, unknown>>;
  iterationCount?: number;
  /** Data file, JSON or CSV. */
  iterationData?: string;
  /** Names of the folders or requests to run alone. */
  folder?: string[];
  /** Whether the pre-request script goes behind those of the requests. Default: false. */
  last?: boolean;
  /** Files to write after the run. */
  exportEnvironment?: string;
  exportGlobals?: string;
  exportCollection?: string;
  exportCookieJar?: string;
  /** File of cookies to begin with. */
  cookieJar?: string;
  /** Whether the run ends at the first failure. Default: false. */
  bail?: boolean | ('folder' | 'failure')[];
  /** Whether no redirect is followed at all; authenticated requests never follow one. Default: false. */
  ignoreRedirects?: boolean;
  /** Whether a refusal by the authorization server is a failure by itself. Default: true. */
  failOnRefusal?: boolean;
  /** Milliseconds between requests. */
  delayRequest?: number;
  /** Milliseconds for the whole run. */
  timeout?: number;
  /** Milliseconds for a request with its whole answer, 0 for no limit. Default: 30000. */
  timeoutRequest?: number;
  /** Milliseconds for a script, 15000 or more. */
  timeoutScript?: number;
  /** Where files in bodies are looked for. */
  workingDir?: string;
  /** Whether files outside of it are read. Default: true. */
  insecureFileRead?: boolean;
  /** For the reporter `cli`. */
  silent?: boolean;
  disableUnicode?: boolean;
  color?: 'on' | 'off' | 'auto';
  verbose?: boolean;
}

/** All options; one that is not here is refused. */
const OPTIONS: Record<keyof RunOptions, true> = {
  ...{ collection: true, environment: true, envVar: true, signingKey: true, signingKeyPassphrase: true },
  ...{ sslClientCert: true, sslClientKey: true, sslClientPassphrase: true, sslExtraCaCerts: true },
  ...{ sslClientCertList: true, globals: true, globalVar: true, reporters: true, reporter: true },
  ...{ iterationCount: true, iterationData: true, folder: true, last: true, exportEnvironment: true },
  ...{ exportGlobals: true, exportCollection: true, exportCookieJar: true, cookieJar: true, bail: true },
  ...{ ignoreRedirects: true, failOnRefusal: true, delayRequest: true, timeout: true, timeoutRequest: true },
  ...{ timeoutScript: true, workingDir: true, insecureFileRead: true, silent: true, disableUnicode: true },
  ...{ color: true, verbose: true, signCommand: true, signCommandInput: true, publicKey: true, jwks: true },
};

/** What a run came to. No text of it holds a secret. */
export interface RunSummary {
  /** Failures of tests, requests and scripts; 0 when the run succeeded. */
  failures: number;
  tests: { total: number; passed: number; failed: number };
  /** Requests to endpoints of the authorization server: all, and those that left authenticated and were not refused. */
  requests: { total: number; authenticated: number };
  /** The first cause of what failed, and what to do; empty where nothing failed. */
  cause: string[];
  /** Why the authorization server refused the client, line by line; and what else the command would say. */
  explanation: string[];
}

/**
 * Runs a collection. It writes nothing to the console but what reporters write, and never ends the process. A run with failures
 * resolves: see {@link RunSummary.failures}.
 *
 * @throws ClientAuthError `option_invalid`, or `run_failed` when the run can't be done: a file can't be read or written, a setting is
 * surely wrong, the run took too long
 */
export async function run(options: RunOptions): Promise<RunSummary> {
  const explanation: string[] = [];
  const note = (line: string) => void explanation.push(toLibraryWords(line));
  try {
    refuseUnknown(options);
    const { collection, signingKey, envVar = {}, globalVar = {}, bail, last, ...others } = options;
    const { reporters = [], reporter = {}, color = 'auto', timeoutRequest = 30_000, failOnRefusal = true } = others;
    const given = {
      ...{ ...others, reporters, reporter, color, timeoutRequest, failOnRefusal },
      ...{ envVar: toPairs(envVar), globalVar: toPairs(globalVar) },
      ...(signingKey !== undefined && { signingKey: typeof signingKey === 'string' ? signingKey : '-' }),
      ...(bail && { bail: bail === true ? bail : bail.join(',') }),
      ...(last && { last }),
    };
    const result = await runCollection(collection, given, toHost(options, note), beginning =>
      refuseSureFaults({ ...beginning, keyFile: typeof signingKey === 'object' ? '' : signingKey }, note),
    );
    const { failures, counts, cause } = result;
    return {
      failures,
      tests: { total: counts.tests, passed: counts.passedTests, failed: counts.tests - counts.passedTests },
      requests: { total: counts.requests, authenticated: counts.authenticated },
      cause: cause.map(toLibraryWords),
      explanation: [...explanation, ...result.explanation.map(toLibraryWords)],
    };
  } catch (error) {
    const known = toLibraryError(error, 'run_failed');
    if (!(known instanceof ClientAuthError)) throw known;
    throw new ClientAuthError(known.code, [known.message, ...explanation].join('\n'), known.variable);
  }
}

const toPairs = (variables: Record<string, string>): string[] =>
  Object.entries(variables).map(([name, value]) => `${name}=${value}`);

/** Refuses options that would do nothing, or something else than meant. */
function refuseUnknown({ collection, signingKey, reporters = [], reporter = {}, ...others }: RunOptions): void {
  const refuse = (message: string) => {
    throw new CommandError(message, 2);
  };
  const unknown = Object.keys(others).find(name => !Object.hasOwn(OPTIONS, name));
  if (unknown !== undefined) refuse(`unknown option "${unknown}". Correct its spelling.`);
  if (!collection) refuse('"collection" must be a file or a collection, got nothing.');
  if ([collection, signingKey].includes('-')) refuse('there is no standard input. Name a file.');
  const idle = Object.keys(reporter).find(name => !reporters.includes(name));
  if (idle !== undefined) refuse(`"reporter" has options of "${idle}". Name it in "reporters".`);
}

/** The process as the run sees it: nothing of it but the options. */
const toHost = ({ signingKey, signingKeyPassphrase }: RunOptions, note: (line: string) => void): RunHost => ({
  readScripts: async () => readScripts(),
  readStandardInput: async () => Buffer.from(toKeyText(signingKey)),
  readSecret: name => (name === PASSPHRASE_VARIABLE ? signingKeyPassphrase : undefined),
  askSecret: async () => undefined,
  print: async () => undefined,
  explainCrash: () => undefined,
  note,
});
