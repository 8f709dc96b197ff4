// What the built script leaves alone in each host: requests to none of the endpoints, and the metadata when nothing needs it.

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { basicAuth, collectionOf, form, type RequestDefinition, raw } from '../support/collections.ts';
import { hosts } from '../support/hosts.ts';
import type { Received } from '../support/recorder.ts';
import { assertGreen, only, prepareScriptRuns } from '../support/script-runs.ts';

for (const host of hosts) {
  describe(`the pre-request script in ${host.name} leaves alone`, () => {
    const { recorder, settings, itSends, send, sendCollection, discovery } = prepareScriptRuns(host);

    const untouched: [string, (origin: string) => RequestDefinition][] = [
      ['a GET of an endpoint', origin => ({ method: 'GET', url: `${origin}/token` })],
      [
        'a POST to another path',
        origin => ({ url: `${origin}/other`, body: form(['a', 'b'], ['client_assertion', 'x']) }),
      ],
      ['a POST to a longer path', origin => ({ url: `${origin}/token/more`, body: form(['a', 'b']) })],
      [
        'a POST to the same path on another host',
        origin => ({ url: `${origin.replace('127.0.0.1', 'localhost')}/token`, body: form(['a', 'b']) }),
      ],
      [
        'a POST that names an endpoint only in its query',
        origin => ({ url: `${origin}/register?te={{introspection_endpoint}}`, ...raw('application/json', '{}') }),
      ],
      ['a POST with a JSON body', origin => ({ url: `${origin}/accounts`, ...raw('application/json', '{"a":1}') })],
    ];
    // What each of them sends where there is no script.
    const plain: Received[] = [];
    before(async () => {
      const requests = untouched.map(([, definition]) => definition(recorder.origin));
      const outcome = await sendCollection(collectionOf(requests, { event: [] }), { environment: settings });
      assertGreen(outcome);
      plain.push(...outcome.received);
    });
    for (const [index, [title, definition]] of untouched.entries()) {
      itSends(
        title,
        () => ({ requests: [definition(recorder.origin)] }),
        outcome => {
          assertGreen(outcome);
          const { headers, ...received } = only(outcome);
          const { headers: expectedHeaders, ...expected } = plain[index] as Received;
          assert.deepEqual(received, expected);
          const names = ({ ...all }: Received['headers']) => Object.keys(all).sort();
          assert.deepEqual(names(headers), names(expectedHeaders));
          assert.deepEqual(outcome.consoleLines, []);
        },
      );
    }

    it('requests of a collection without any variable', async () => {
      const requests = [
        { url: `${recorder.origin}/login`, body: form(['user', 'x']) },
        { method: 'GET', url: `${recorder.origin}/` },
      ];
      const outcome = await sendCollection(collectionOf(requests));
      assertGreen(outcome);
      assert.equal(outcome.received.length, 2);
      assert.equal(outcome.received[0]?.body, 'user=x');
    });

    it('inherited authorization of requests that are not its own', async () => {
      const requests = [{ url: `${recorder.origin}/other`, body: form(['a', 'b']) }];
      const outcome = await send(requests, {}, { collection: { auth: basicAuth() } });
      assert.match(only(outcome).headers.authorization ?? '', /^Basic /);
    });

    itSends(
      'the metadata of the issuer, for an API call with a JSON body',
      () => ({
        requests: [{ url: `${recorder.origin}/accounts`, ...raw('application/json', '{}') }],
        ...discovery(),
      }),
      outcome => {
        assertGreen(outcome);
        assert.equal(only(outcome).url, '/accounts');
      },
    );

    itSends(
      'the metadata of the issuer, for a form to another place while an endpoint is set',
      () => ({
        requests: [{ url: `${recorder.origin}/login`, body: form(['a', 'b']) }],
        ...discovery({}, { token_endpoint: settings.token_endpoint }),
      }),
      outcome => {
        assertGreen(outcome);
        assert.equal(only(outcome).url, '/login');
      },
    );
  });
}
