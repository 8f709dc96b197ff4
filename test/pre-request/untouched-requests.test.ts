// What the built script leaves alone in each host: requests to none of the endpoints, and the metadata when nothing needs it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { basicAuth, collectionOf, form, type RequestDefinition, raw } from '../support/collections.ts';
import { hosts } from '../support/hosts.ts';
import type { Received } from '../support/recorder.ts';
import { prepareScriptRuns } from '../support/script-runs.ts';

for (const host of hosts) {
  describe(`the pre-request script in ${host.name} leaves alone`, () => {
    const { recorder, send, only, assertGreen, discovered } = prepareScriptRuns(host);

    const untouched: [string, (origin: string) => RequestDefinition][] = [
      ['a GET of an endpoint', origin => ({ method: 'GET', url: `${origin}/token` })],
      [
        'a POST to another path',
        origin => ({ url: `${origin}/other`, body: form(['a', 'b'], ['client_assertion', 'x']) }),
      ],
      ['a POST to a longer path', origin => ({ url: `${origin}/token/more`, body: form(['a', 'b']) })],
      ['a POST to a path of other case', origin => ({ url: `${origin}/Token`, body: form(['a', 'b']) })],
      ['a POST to a path with a slash more', origin => ({ url: `${origin}/token/`, body: form(['a', 'b']) })],
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
    for (const [title, definition] of untouched) {
      it(title, async () => {
        const plain = await host.run(collectionOf([definition(recorder.origin)], { event: [] }));
        assertGreen(plain);
        const [expected] = recorder.requests.splice(0);
        const run = await send([definition(recorder.origin)]);
        assertGreen(run);
        const { headers, ...received } = only();
        const { headers: expectedHeaders, ...rest } = expected as Received;
        assert.deepEqual(received, rest);
        const names = ({ ...all }: Received['headers']) => Object.keys(all).sort();
        assert.deepEqual(names(headers), names(expectedHeaders));
        assert.deepEqual(run.consoleLines, []);
      });
    }

    it('requests of a collection without any variable', async () => {
      const run = await host.run(
        collectionOf([
          { url: `${recorder.origin}/login`, body: form(['user', 'x']) },
          { method: 'GET', url: `${recorder.origin}/` },
        ]),
      );
      assertGreen(run);
      assert.equal(recorder.requests.length, 2);
      assert.equal(recorder.requests[0]?.body, 'user=x');
    });

    it('inherited authorization of requests that are not its own', async () => {
      await send(
        [{ url: `${recorder.origin}/other`, body: form(['a', 'b']) }],
        {},
        { collection: { auth: basicAuth() } },
      );
      assert.match(only().headers.authorization ?? '', /^Basic /);
    });

    it('the metadata of the issuer, for an API call with a JSON body', async () => {
      const variables = discovered();
      assertGreen(await send([{ url: `${recorder.origin}/accounts`, ...raw('application/json', '{}') }], variables));
      assert.equal(only().url, '/accounts');
    });

    it('the metadata of the issuer, for a form to another place while an endpoint is set', async () => {
      discovered();
      assertGreen(
        await send([{ url: `${recorder.origin}/login`, body: form(['a', 'b']) }], { issuer: recorder.origin }),
      );
      assert.equal(only().url, '/login');
    });
  });
}
