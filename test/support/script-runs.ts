// Runs of the built script in one host, in front of requests to a recorder: the settings that are right, what is sent with
// them, and what holds when a run is green or refused.

import assert from 'node:assert/strict';
import { constants, verify } from 'node:crypto';
import { after, before, beforeEach } from 'node:test';
import { compactVerify } from 'jose';
import { collectionOf, form, type RequestDefinition } from './collections.ts';
import type { Host, Run, RunOptions } from './hosts.ts';
import { createRsaKey, leaks, toPkcs8 } from './keys.ts';
import { type Received, type Recorder, startRecorder } from './recorder.ts';

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
export const FORM = 'application/x-www-form-urlencoded';
export const OPENID = '/.well-known/openid-configuration';
export const RFC8414 = '/.well-known/oauth-authorization-server';

/** The keys of the client: the private one is the `signing_key` of every run. */
export const { privateKey, publicKey } = createRsaKey();
const pem = toPkcs8(privateKey);

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

/** Starts a recorder for the tests of the `describe` that calls this, and gives what they send to it through the host. */
export const prepareScriptRuns = (host: Host) => {
  // Filled before the first test, so that tests can hold on to them by name.
  const recorder = {} as Recorder;
  const settings: Record<string, unknown> = {};

  before(async () => {
    Object.assign(recorder, await startRecorder());
    const token_endpoint = `${recorder.origin}/token`;
    Object.assign(settings, { token_endpoint, client_id: 'client-1', kid: 'key-1', signing_key: pem });
  });
  after(() => recorder.close());
  beforeEach(() => {
    recorder.requests.length = 0;
    recorder.answers.clear();
  });

  /** Runs the requests with the settings, changed where the second argument says so. */
  const send = (
    requests: RequestDefinition[],
    change: Record<string, unknown> = {},
    options: RunOptions & { collection?: object } = {},
  ): Promise<Run> => {
    const { collection, ...rest } = options;
    return host.run(collectionOf(requests, collection), { environment: { ...settings, ...change }, ...rest });
  };
  /** The one request that arrived. */
  const only = (): Received => {
    assert.equal(recorder.requests.length, 1);
    return recorder.requests[0] as Received;
  };
  /** That no script and no test of the run failed. */
  const assertGreen = (run: Run) => {
    assert.deepEqual(run.scriptErrors, []);
    assert.deepEqual(
      run.tests.filter(test => test.error),
      [],
    );
    assert.equal(run.failed, false);
  };
  /** A refusal: nothing but perhaps discovery on the wire, the run red by one failed test, no key in any text of it. */
  const assertRefused = (run: Run, says: RegExp, seen: string[] = []): string => {
    assert.deepEqual(
      recorder.requests.map(({ url }) => url),
      seen,
      'requests reached the server',
    );
    assert.deepEqual(run.scriptErrors, []);
    assert.deepEqual(
      run.tests.map(test => test.name),
      ['client authentication'],
    );
    assert.equal(run.failed, true);
    const message = run.tests[0]?.error ?? '';
    assert.match(message, says);
    const shown = message + run.consoleLines.join('\n');
    assert(!leaks(shown, pem), 'key material is shown');
    return message;
  };
  /** Metadata whose issuer and endpoints are the recorder's. */
  const metadata = (change: object = {}) => ({
    issuer: recorder.origin,
    token_endpoint: `${recorder.origin}/token`,
    introspection_endpoint: `${recorder.origin}/introspection`,
    ...change,
  });
  /** Puts the metadata in its place, and gives the settings that lead to it. */
  const discovered = (change: object = {}) => {
    recorder.answers.set(OPENID, { body: JSON.stringify(metadata(change)) });
    return { token_endpoint: '', issuer: recorder.origin };
  };

  return { recorder, settings, send, only, assertGreen, assertRefused, metadata, discovered };
};
