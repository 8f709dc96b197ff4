// Which requests are authenticated, in both hosts: all six endpoints, set by hand or told by the metadata, and what looks
// like one and is none.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ENDPOINT_NAMES } from '../../src/client-auth/authorization-server.ts';
import { collectionOf, form, raw, script } from '../support/collections.ts';
import { hosts, type Run } from '../support/hosts.ts';
import { createRsaKey, toPkcs8 } from '../support/keys.ts';
import { type Recorder, startRecorder } from '../support/recorder.ts';

const pem = toPkcs8(createRsaKey().privateKey);
const FORM = 'application/x-www-form-urlencoded';
const body = form(['a', 'b']);

for (const host of hosts) {
  describe(`an endpoint, in ${host.name}`, () => {
    let recorder: Recorder;
    before(async () => {
      recorder = await startRecorder();
    });
    after(() => recorder.close());
    beforeEach(() => {
      recorder.requests.length = 0;
      recorder.answers.clear();
    });

    const run = (collection: object, change: Record<string, string>): Promise<Run> =>
      host.run(collection, { environment: { client_id: 'client-1', kid: 'key-1', signing_key: pem, ...change } });
    /** Paths that something was posted to, each with whether there was an assertion in it. */
    const posted = () =>
      recorder.requests
        .filter(({ method }) => method === 'POST')
        .map(({ url, form: sent }) => `${url} ${sent.has('client_assertion')}`);
    const endpoints = () => Object.fromEntries(ENDPOINT_NAMES.map(name => [name, `${recorder.origin}/${name}`]));
    const all = () => collectionOf(ENDPOINT_NAMES.map(name => ({ url: `{{${name}}}`, body })));

    it('is each of the six that are set by hand', async () => {
      assert.equal((await run(all(), endpoints())).failed, false);
      assert.deepEqual(
        posted(),
        ENDPOINT_NAMES.map(name => `/${name} true`),
      );
    });

    it('is each of the six of the metadata', async () => {
      const { origin } = recorder;
      const metadata = JSON.stringify({ issuer: origin, ...endpoints() });
      recorder.answers.set('/.well-known/openid-configuration', { body: metadata });
      assert.equal((await run(all(), { issuer: origin })).failed, false);
      assert.deepEqual(
        posted(),
        ENDPOINT_NAMES.map(name => `/${name} true`),
      );
    });

    it('gets nothing when a header says that it is another content than a form, be it the first or the last', async () => {
      for (const types of [
        [FORM, 'application/json'],
        ['application/json', FORM],
      ]) {
        const header = types.map(value => ({ key: 'content-type', value }));
        const { tests } = await run(collectionOf([{ url: '{{token_endpoint}}', body, header }]), endpoints());
        assert.match(tests[0]?.error ?? '', /"body" must be .* got the header Content-Type of something else/);
      }
      assert.deepEqual(posted(), []);
    });

    it('gets nothing when its reference has whitespace in it, which no host resolves', async () => {
      for (const url of ['{{ token_endpoint }}', '{{token_endpoint }}/x']) {
        const { tests } = await run(collectionOf([{ url, body }]), endpoints());
        assert.match(tests[0]?.error ?? '', /The URL holds an unresolved \{\{ ?token_endpoint \}\}/);
      }
      assert.deepEqual(recorder.requests, []);
    });

    it('is what jsrsasign is loaded for, and nothing else', async () => {
      // It computes the constants of SHA-256 when it is loaded.
      const withoutMath = collectionOf(
        [
          { url: `${recorder.origin}/accounts`, ...raw('application/json', '{}') },
          { url: '{{token_endpoint}}', body },
        ],
        {},
        `Math = {};\n${script}`,
      );
      const { tests } = await run(withoutMath, endpoints());
      assert.deepEqual(posted(), ['/accounts false']);
      assert.deepEqual(
        tests.map(({ name }) => name),
        ['client authentication'],
      );
    });
  });
}
