// Which endpoints the built script finds in the metadata of the issuer, in each host: when it asks for the metadata, where,
// and what goes before it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { collectionOf } from '../support/collections.ts';
import { hosts } from '../support/hosts.ts';
import { startRecorder } from '../support/recorder.ts';
import { introspect, OPENID, prepareScriptRuns, RFC8414, token, verified } from '../support/script-runs.ts';

for (const host of hosts) {
  describe(`the pre-request script in ${host.name} with discovery`, () => {
    const { recorder, settings, send, assertGreen, metadata, discovered } = prepareScriptRuns(host);

    it('makes a first Send of {{token_endpoint}} work, and asks once a run', async () => {
      const run = await send([token(), introspect, token()], discovered());
      assertGreen(run);
      assert.deepEqual(
        recorder.requests.map(({ url }) => url),
        [OPENID, '/token', '/introspection', '/token'],
      );
      for (const { form: sent } of recorder.requests.slice(1)) {
        const { claims } = await verified(sent.get('client_assertion') as string);
        assert.equal(claims.aud, `${recorder.origin}/token`);
      }
    });

    it('leaves nothing behind in the environment', async () => {
      const environment = { ...settings, ...discovered() };
      const run = await send([token()], environment);
      assertGreen(run);
      assert.deepEqual(run.environment, environment);
    });

    it('finds an endpoint whose URL is written out or hidden in another variable', async () => {
      const variables = { ...discovered(), mine: '{{introspection_endpoint}}' };
      assertGreen(await send([token({ url: `${recorder.origin}/token` }), token({ url: '{{mine}}' })], variables));
      assert.deepEqual(
        recorder.requests.map(({ url, form: sent }) => [url, sent.has('client_assertion')]),
        [
          [OPENID, false],
          ['/token', true],
          ['/introspection', true],
        ],
      );
    });

    it('looks up an endpoint hidden in another variable while others are set by hand', async () => {
      const change = {
        ...discovered(),
        revocation_endpoint: `${recorder.origin}/by-hand`,
        mine: '{{introspection_endpoint}}',
      };
      assertGreen(await send([token({ url: '{{mine}}' })], change));
      assert.deepEqual(
        recorder.requests.map(({ url, form: sent }) => [url, sent.has('client_assertion')]),
        [
          [OPENID, false],
          ['/introspection', true],
        ],
      );
    });

    it('keeps an endpoint that a script sets for the run', async () => {
      const collection = collectionOf([token(), token()]) as { item: object[] };
      const exec = ["pm.variables.set('token_endpoint', pm.environment.get('issuer') + '/by-script')"];
      Object.assign(collection.item[0] as object, { event: [{ listen: 'test', script: { exec } }] });
      assertGreen(await host.run(collection, { environment: { ...settings, ...discovered() } }));
      assert.deepEqual(
        recorder.requests.map(({ url }) => url),
        [OPENID, '/token', '/by-script'],
      );
    });

    it('keeps the queries of alias and URL', async () => {
      const mtls_endpoint_aliases = { token_endpoint: `${recorder.origin}/m?x=1` };
      assertGreen(await send([token({ url: `${recorder.origin}/token?a=1` })], discovered({ mtls_endpoint_aliases })));
      assert.equal(recorder.requests[1]?.url, '/m?x=1&a=1');
    });

    it('fills in only what is not set by hand', async () => {
      const change = { ...discovered(), introspection_endpoint: `${recorder.origin}/by-hand` };
      assertGreen(await send([token(), introspect], change));
      assert.deepEqual(
        recorder.requests.map(({ url }) => url),
        [OPENID, '/token', '/by-hand'],
      );
    });

    it('reads the metadata when only the audience is missing', async () => {
      const change = { ...discovered(), introspection_endpoint: `${recorder.origin}/introspection` };
      assertGreen(await send([introspect], change));
      const { claims } = await verified(recorder.requests[1]?.form.get('client_assertion') as string);
      assert.equal(claims.aud, `${recorder.origin}/token`);
    });

    it('asks nobody when the audience needs no token endpoint', async () => {
      const change = { ...discovered(), introspection_endpoint: `${recorder.origin}/by-hand` };
      for (const more of [{ client_assertion_audience: 'issuer' }, { token_endpoint_auth_method: 'tls_client_auth' }]) {
        recorder.requests.length = 0;
        assertGreen(await send([introspect], { ...change, ...more }));
        assert.deepEqual(
          recorder.requests.map(({ url }) => url),
          ['/by-hand'],
        );
      }
    });

    it('follows the user who sets an endpoint or another issuer in the middle of the run', async () => {
      const other = await startRecorder();
      const body = JSON.stringify({ ...metadata(), issuer: other.origin, token_endpoint: `${other.origin}/t` });
      other.answers.set(OPENID, { body });
      const variables = { ...discovered(), other: other.origin };
      const set = (source: string) => ({ event: [{ listen: 'test', script: { exec: [source] } }] });
      const collection = collectionOf([token(), token(), token()], {}) as { item: object[] };
      Object.assign(
        collection.item[0] as object,
        set("pm.environment.set('token_endpoint', pm.environment.get('issuer') + '/by-hand')"),
      );
      Object.assign(
        collection.item[1] as object,
        set("pm.environment.set('token_endpoint', ''); pm.environment.set('issuer', pm.environment.get('other'))"),
      );
      assertGreen(await host.run(collection, { environment: { ...settings, ...variables } }));
      assert.deepEqual(
        recorder.requests.map(({ url }) => url),
        [OPENID, '/token', '/by-hand'],
      );
      assert.deepEqual(
        other.requests.map(({ url }) => url),
        [OPENID, '/t'],
      );
      await other.close();
    });

    it("falls back to RFC 8414's place, with the path of the issuer in the middle", async () => {
      const issuer = `${recorder.origin}/tenant`;
      recorder.answers.set(`/tenant${OPENID}`, { status: 404 });
      recorder.answers.set(`${RFC8414}/tenant`, { body: JSON.stringify(metadata({ issuer })) });
      assertGreen(await send([token()], { token_endpoint: '', issuer }));
      assert.deepEqual(
        recorder.requests.map(({ url }) => url),
        [`/tenant${OPENID}`, `${RFC8414}/tenant`, '/token'],
      );
    });

    it('sends the request to the alias for mutual TLS, also when the other URL is written out', async () => {
      const mtls_endpoint_aliases = { token_endpoint: `${recorder.origin}/mtls/token` };
      const variables = discovered({ mtls_endpoint_aliases });
      assertGreen(await send([token(), token({ url: `${recorder.origin}/token?a=1` })], variables));
      assert.deepEqual(
        recorder.requests.map(({ url }) => url),
        [OPENID, '/mtls/token', '/mtls/token?a=1'],
      );
    });
  });
}
