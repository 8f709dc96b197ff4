// Which endpoints the built script finds in the metadata of the issuer, in each host: when it asks for the metadata, where,
// and what goes before it.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { hosts } from '../support/hosts.ts';
import { type Recorder, startRecorder } from '../support/recorder.ts';
import {
  assertGreen,
  introspect,
  OPENID,
  type Outcome,
  prepareScriptRuns,
  RFC8414,
  token,
  urlsOf,
  verified,
} from '../support/script-runs.ts';

/** A test script of a request. */
const thenRun = (source: string) => ({ event: [{ listen: 'test', script: { exec: [source] } }] });

/** What arrived, each with whether there was an assertion in it. */
const authenticated = ({ received }: Outcome) => received.map(({ url, form }) => [url, form.has('client_assertion')]);

for (const host of hosts) {
  describe(`the pre-request script in ${host.name} with discovery`, () => {
    let other: Recorder;
    before(async () => {
      other = await startRecorder();
    });
    after(() => other.close());
    const { recorder, settings, itSends, send, metadata, discovery } = prepareScriptRuns(host);

    itSends(
      'makes a first Send of {{token_endpoint}} work, and asks once a run',
      () => ({ requests: [token(), introspect, token()], ...discovery() }),
      async outcome => {
        assertGreen(outcome);
        assert.deepEqual(urlsOf(outcome), [OPENID, '/token', '/introspection', '/token']);
        for (const { form: sent } of outcome.received.slice(1)) {
          const { claims } = await verified(sent.get('client_assertion') as string);
          assert.equal(claims.aud, `${recorder.origin}/token`);
        }
      },
    );

    it('leaves nothing behind in the environment', async () => {
      const { change, answers } = discovery();
      const run = await send([token()], change, { answers });
      assertGreen(run);
      assert.deepEqual(run.environment, { ...settings, ...change });
    });

    itSends(
      'finds an endpoint whose URL is written out or hidden in another variable',
      () => ({
        requests: [token({ url: `${recorder.origin}/token` }), token({ url: '{{mine}}' })],
        ...discovery({}, { mine: '{{introspection_endpoint}}' }),
      }),
      outcome => {
        assertGreen(outcome);
        assert.deepEqual(authenticated(outcome), [
          [OPENID, false],
          ['/token', true],
          ['/introspection', true],
        ]);
      },
    );

    itSends(
      'looks up an endpoint hidden in another variable while others are set by hand',
      () => ({
        requests: [token({ url: '{{mine}}' })],
        ...discovery({}, { revocation_endpoint: `${recorder.origin}/by-hand`, mine: '{{introspection_endpoint}}' }),
      }),
      outcome => {
        assertGreen(outcome);
        assert.deepEqual(authenticated(outcome), [
          [OPENID, false],
          ['/introspection', true],
        ]);
      },
    );

    itSends(
      'keeps an endpoint that a script sets for the run',
      () => {
        const set = "pm.variables.set('token_endpoint', pm.environment.get('issuer') + '/by-script')";
        return { requests: [{ ...token(), ...thenRun(set) }, token()], ...discovery() };
      },
      outcome => {
        assertGreen(outcome);
        assert.deepEqual(urlsOf(outcome), [OPENID, '/token', '/by-script']);
      },
    );

    itSends(
      'keeps the queries of alias and URL',
      () => ({
        requests: [token({ url: `${recorder.origin}/token?a=1` })],
        ...discovery({ mtls_endpoint_aliases: { token_endpoint: `${recorder.origin}/m?x=1` } }),
      }),
      outcome => {
        assertGreen(outcome);
        assert.deepEqual(urlsOf(outcome), [OPENID, '/m?x=1&a=1']);
      },
    );

    itSends(
      'fills in only what is not set by hand',
      () => ({
        requests: [token(), introspect],
        ...discovery({}, { introspection_endpoint: `${recorder.origin}/by-hand` }),
      }),
      outcome => {
        assertGreen(outcome);
        assert.deepEqual(urlsOf(outcome), [OPENID, '/token', '/by-hand']);
      },
    );

    itSends(
      'reads the metadata when only the audience is missing',
      () => ({
        requests: [introspect],
        ...discovery({}, { introspection_endpoint: `${recorder.origin}/introspection` }),
      }),
      async outcome => {
        assertGreen(outcome);
        const { claims } = await verified(outcome.received[1]?.form.get('client_assertion') as string);
        assert.equal(claims.aud, `${recorder.origin}/token`);
      },
    );

    for (const [title, more] of [
      ['with the issuer as audience', { client_assertion_audience: 'issuer' }],
      ['with tls_client_auth', { token_endpoint_auth_method: 'tls_client_auth' }],
    ] as const) {
      itSends(
        `asks nobody ${title}, which needs no token endpoint`,
        () => ({
          requests: [introspect],
          ...discovery({}, { introspection_endpoint: `${recorder.origin}/by-hand`, ...more }),
        }),
        outcome => {
          assertGreen(outcome);
          assert.deepEqual(urlsOf(outcome), ['/by-hand']);
        },
      );
    }

    itSends(
      'follows the user who sets an endpoint or another issuer in the middle of the run',
      () => {
        const body = JSON.stringify({ ...metadata(), issuer: other.origin, token_endpoint: `${other.origin}/t` });
        other.answers.set(OPENID, { body });
        const setEndpoint = "pm.environment.set('token_endpoint', pm.environment.get('issuer') + '/by-hand')";
        const setIssuer =
          "pm.environment.set('token_endpoint', ''); pm.environment.set('issuer', pm.environment.get('other'))";
        return {
          requests: [{ ...token(), ...thenRun(setEndpoint) }, { ...token(), ...thenRun(setIssuer) }, token()],
          ...discovery({}, { other: other.origin }),
        };
      },
      outcome => {
        assertGreen(outcome);
        assert.deepEqual(urlsOf(outcome), [OPENID, '/token', '/by-hand']);
        assert.deepEqual(
          other.requests.map(({ url }) => url),
          [OPENID, '/t'],
        );
      },
    );

    itSends(
      "falls back to RFC 8414's place, with the path of the issuer in the middle",
      () => {
        const issuer = `${recorder.origin}/tenant`;
        const answers = {
          [`/tenant${OPENID}`]: { status: 404 },
          [`${RFC8414}/tenant`]: { body: JSON.stringify(metadata({ issuer })) },
        };
        return { requests: [token()], change: { token_endpoint: '', issuer }, answers };
      },
      outcome => {
        assertGreen(outcome);
        assert.deepEqual(urlsOf(outcome), [`/tenant${OPENID}`, `${RFC8414}/tenant`, '/token']);
      },
    );

    itSends(
      'sends the request to the alias for mutual TLS, also when the other URL is written out',
      () => ({
        requests: [token(), token({ url: `${recorder.origin}/token?a=1` })],
        ...discovery({ mtls_endpoint_aliases: { token_endpoint: `${recorder.origin}/mtls/token` } }),
      }),
      outcome => {
        assertGreen(outcome);
        assert.deepEqual(urlsOf(outcome), [OPENID, '/mtls/token', '/mtls/token?a=1']);
      },
    );
  });
}
