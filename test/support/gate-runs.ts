// Random requests through Newman, today's postman-runtime and `run`, against a recorder; and what a server finds in each POST to
// an endpoint, as it is on the wire.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { inject } from '../../src/cli/collection/injection.ts';
import { scripts } from './collections.ts';
import { runCommand } from './command-line.ts';
import { createCases, type GateCase } from './gate-cases.ts';
import { type Host, hosts } from './hosts.ts';
import { type Received, startRecorder } from './recorder.ts';
import { ASSERTION_TYPE, client, verified } from './script-runs.ts';
import { createFolder, toEnvironment } from './workplace.ts';

/** What came of a case: why it is red, and what is wrong with each POST to an endpoint. */
export type GateResult = GateCase & { failures: string[]; received: Received[]; faults: (string | undefined)[] };

/** Runs a collection; gives the failures by the number of the case. */
type Run = (collection: object, environment: Record<string, string>, isLast: boolean) => Promise<Map<string, string[]>>;

/** Where a run is seen, and whether it sees what `pm.sendRequest` sends. */
export type GateHost = { name: string; seesAll: boolean; run: Run };

const add = (failures: Map<string, string[]>, name: string, text: string) => {
  const key = name.split(' ')[0] as string;
  failures.set(key, [...(failures.get(key) ?? []), text]);
};

const inHost =
  (host: Host): Run =>
  async (collection, environment, isLast) => {
    const names: string[] = [];
    const onItem = (name: string) => names.push(name);
    const injected = JSON.parse(inject(JSON.stringify(collection), scripts, { last: isLast }));
    const { items, scriptErrors, tests, requestErrors, failed } = await host.run(injected, {
      environment,
      onItem,
      timeoutRequest: 2000,
    });
    const failures = new Map<string, string[]>();
    for (const [index, item] of items.entries()) {
      const texts = [...item.tests.flatMap(({ error }) => error ?? []), ...item.scriptErrors, ...item.requestErrors];
      for (const text of texts) add(failures, names[index] as string, text);
    }
    assert.equal(failed, [...failures.keys()].length > 0, `${scriptErrors} ${JSON.stringify(tests)} ${requestErrors}`);
    return failures;
  };

const inCommand: Run = async (collection, environment, isLast) => {
  const folder = createFolder();
  const { signing_key: key = '', ...others } = environment;
  const args = [
    'run',
    folder.write('collection.json', collection),
    '-e',
    folder.write('env.json', toEnvironment(others)),
  ];
  args.push('--signing-key', folder.write('key.pem', key));
  args.push(
    '--timeout-request',
    '2000',
    '--reporters',
    'json',
    '--reporter-json-export',
    folder.path('report.json'),
    ...(isLast ? ['--last'] : []),
  );
  const { code, stderr } = await runCommand(args);
  const failures = new Map<string, string[]>();
  const report = JSON.parse(readFileSync(folder.path('report.json'), 'utf8'));
  folder.remove();
  for (const { source, error } of report.run.failures) add(failures, source?.name ?? 'nobody', error.message);
  assert.equal(code, failures.size > 0 ? 1 : 0, stderr);
  return failures;
};

export const gateHosts: GateHost[] = [
  ...hosts.map(host => ({ name: host.name, seesAll: false, run: inHost(host) })),
  { name: 'run', seesAll: true, run: inCommand },
];

/** The path as servers read it. */
const toPath = (url: string): string => {
  const { pathname } = new URL(url.replace(/%2f/gi, '/').replace(/^\/+/, '/'), 'http://x');
  try {
    return decodeURIComponent(pathname).replace(/(?<=.)\/\.?$/, end => (end === '/.' ? '' : end));
  } catch {
    return pathname;
  }
};

/**
 * Whether something shows that a request is for an endpoint that only the metadata names: "token" alone may be of any API, but for a
 * form on the issuer's host, and the second gate reads nothing but forms.
 */
const hasSign = ({ headers, body, form }: Received, { hasPlainUrl, isChanged }: GateCase): boolean => {
  const isForm = /x-www-form-urlencoded/i.test(headers['content-type'] ?? '');
  if (hasPlainUrl && isForm && form.has('token')) return true;
  return (isForm || !isChanged) && /(^|[&"])(grant_type|response_type|request)("|=)/.test(body);
};

/**
 * Says why a POST to an endpoint does not authenticate the client by exactly one method; undefined when it does.
 *
 * @param audiences one of which the assertion must have
 * @param seen values of `jti`; that of the assertion is added
 */
const judge = async (
  { url, headers, form }: Received,
  methods: string[],
  audiences: string[],
  seen: Set<string>,
): Promise<string | undefined> => {
  const query = new URLSearchParams(url.replace(/^[^?]*\??/, ''));
  for (const name of ['client_id', 'client_secret', 'client_assertion', 'client_assertion_type']) {
    if (query.has(name)) return `${name} in the query`;
  }
  if (/^\s*(basic|digest|ntlm)\b/i.test(headers.authorization ?? '')) return `Authorization ${headers.authorization}`;
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(headers['content-type'] ?? '')) {
    return `Content-Type ${headers['content-type']}`;
  }
  const names = [...form.keys()].map(name => name.trim());
  const count = (name: string) => names.filter(one => one === name).length;
  if (count('client_secret') > 0) return 'client_secret in the form';
  const clientId = form.get('client_id');
  if (count('client_id') !== 1 || !clientId) return `client_id ${form.getAll('client_id')}`;
  const counts = [count('client_assertion'), count('client_assertion_type')];
  if (methods.includes('tls_client_auth') && counts.every(one => one === 0)) return undefined;
  if (counts.some(one => one !== 1)) return `client_assertion and type ${counts} times`;
  if (!methods.includes('private_key_jwt')) return 'an assertion with tls_client_auth';
  if (form.get('client_assertion_type') !== ASSERTION_TYPE) return 'client_assertion_type';
  try {
    const { claims } = await verified(form.get('client_assertion') ?? '');
    if (claims.iss !== clientId || claims.sub !== clientId) return 'iss or sub';
    if (!audiences.includes(claims.aud)) return `aud ${claims.aud}`;
    if (seen.has(claims.jti)) return 'jti seen before';
    seen.add(claims.jti);
    return undefined;
  } catch (error) {
    return `assertion: ${(error as Error).message}`;
  }
};

/** What is the same for all cases. */
const KEPT = JSON.stringify([...Object.keys(client), 'origin']);

/** The request before a case: takes out what the case before has left, and sets the variables of this one. */
const toBegin = ({ environment, collection }: GateCase, index: number, origin: string): object => {
  const set = (scope: string, variables: object) =>
    `for (const [name, value] of Object.entries(${JSON.stringify(variables)})) pm.${scope}.set(name, value);`;
  const exec = [
    `for (const name of Object.keys(pm.environment.toObject())) if (!${KEPT}.includes(name)) pm.environment.unset(name);`,
    'pm.variables.clear();',
    'pm.collectionVariables.clear();',
    set('environment', environment),
    set('collectionVariables', collection),
  ];
  const request = { method: 'GET', url: `${origin}/begin` };
  return { name: `${index} begin`, event: [{ listen: 'test', script: { exec } }], request };
};

/** Sends random cases in one run. */
export const runCases = async (host: GateHost, count: number, seed: number, isLast: boolean): Promise<GateResult[]> => {
  const recorder = await startRecorder();
  try {
    const { origin } = recorder;
    const cases = createCases(count, seed, { origin, port: origin.split(':')[2] as string });
    for (const { environment, metadata } of cases) {
      if (metadata) {
        const path = `${environment.issuer}/.well-known/openid-configuration`.slice(origin.length);
        recorder.answers.set(path, { body: JSON.stringify(metadata) });
      }
    }
    const item = cases.flatMap((one, index) => [toBegin(one, index, origin), one.item]);
    const info = { name: 'cases', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' };
    const failures = await host.run({ info, item }, { ...client, origin }, isLast);
    const seen = new Set<string>();
    const results: GateResult[] = [];
    const posts = recorder.requests.filter(({ method }) => method === 'POST');
    for (const [index, one] of cases.entries()) {
      const received = posts.filter(({ url }) => one.endpoints.includes(toPath(url)));
      const audiences = one.endpoints.map(path => origin + path);
      const faults = [];
      for (const request of received) {
        const fault = await judge(request, one.methods, audiences, seen);
        faults.push(one.isConfigured || hasSign(request, one) ? fault : undefined);
      }
      results.push({ ...one, failures: failures.get(`${index}`) ?? [], received, faults });
    }
    return results;
  } finally {
    await recorder.close();
  }
};
