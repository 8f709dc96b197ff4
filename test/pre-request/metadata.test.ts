// Which metadata of the issuer the built script takes in each host and which it refuses: documents that are broken or made
// to be hostile, endpoints on other hosts, issuers that fail to answer, redirects.

import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { collectionOf, script } from '../support/collections.ts';
import { hosts } from '../support/hosts.ts';
import { type Answer, type Recorder, startRecorder } from '../support/recorder.ts';
import { introspect, OPENID, prepareScriptRuns, RFC8414, token, verified } from '../support/script-runs.ts';

for (const host of hosts) {
  describe(`the pre-request script in ${host.name} with discovery`, () => {
    const { recorder, settings, send, assertGreen, assertRefused, metadata, discovered } = prepareScriptRuns(host);

    /** A document of the issuer, or a change of the good one, with the origin of the recorder where it says so. */
    const toDocument = (change: object | string): string =>
      (typeof change === 'string' ? change : JSON.stringify(metadata(change)))
        .replaceAll('{origin}', recorder.origin)
        .replaceAll('{ORIGIN}', recorder.origin.replace('http', 'HTTP'));

    const broken: [string, object | string, RegExp][] = [
      [
        'names an issuer that differs in a slash',
        { issuer: '{origin}/' },
        /^ClientAuthError: "issuer" must be exactly the/,
      ],
      ['names an issuer that differs in case', { issuer: '{ORIGIN}' }, /exactly the issuer in its own metadata/],
      ['names an issuer on another port', { issuer: '{origin}0' }, /exactly the issuer in its own metadata/],
      ['names an issuer with a space', { issuer: '{origin} ' }, /exactly the issuer in its own metadata/],
      [
        'names several issuers',
        { issuer: ['{origin}'] },
        /exactly the issuer in its own metadata.* the metadata has none/,
      ],
      ['names no issuer', { issuer: undefined }, /"issuer" must be exactly the issuer in its own metadata/],
      [
        'names an endpoint on http',
        { token_endpoint: 'http://as.example.my/token' },
        /"token_endpoint" must be an https URL.*got "http:\/\/as\.example\.my\/token"/,
      ],
      [
        'names an alias on http',
        { mtls_endpoint_aliases: { token_endpoint: 'http://as.example.my/token' } },
        /"mtls_endpoint_aliases\.token_endpoint" must be an https URL/,
      ],
      [
        'names another endpoint on http',
        { revocation_endpoint: 'http://as.example.my/r' },
        /"revocation_endpoint" must/,
      ],
      ['names an endpoint that is a number', { token_endpoint: 7 }, /"token_endpoint" must be .* got a number/],
      ['names an endpoint that is an object', { token_endpoint: {} }, /"token_endpoint" must be .* got a object/],
      ['names an endpoint that is a list', { token_endpoint: ['{origin}/token'] }, /"token_endpoint" must be .* got a/],
      ['names an endpoint that is false', { token_endpoint: false }, /"token_endpoint" must be .* got a boolean/],
      ['names an empty endpoint', { token_endpoint: '' }, /"token_endpoint" must be .* got nothing/],
      ['names an endpoint with a fragment', { token_endpoint: '{origin}/token#x' }, /got one with a fragment/],
      ['names an endpoint with a user', { token_endpoint: 'https://a:b@as.example.my/t' }, /got one of another form/],
      ['names an endpoint with a path alone', { token_endpoint: '/token' }, /"token_endpoint" must be an https URL/],
      ['names an endpoint that is script', { token_endpoint: 'javascript:alert(1)' }, /must be an https URL/],
      [
        'names an endpoint with a reference in it, which would be resolved to the key',
        { token_endpoint: '{origin}/{{signing_key}}' },
        /"token_endpoint" must be .* got an unresolved \{\{signing_key\}\}/,
      ],
      [
        'has no token endpoint',
        { token_endpoint: undefined },
        /"token_endpoint" must be an https URL, got nothing, and the metadata of "issuer" has none/,
      ],
      ['is HTML', '<html></html>', /must be a JSON object/],
      ['is empty', '', /must be a JSON object, got nothing/],
      ['is null', 'null', /must be a JSON object, got "null"/],
      ['is an array', '[]', /must be a JSON object/],
      ['is a text', '"x"', /must be a JSON object/],
      ['is a number', '5', /must be a JSON object, got "5"/],
      ['is nested deeply', '['.repeat(400_000) + ']'.repeat(400_000), /must be a JSON object/],
      ['is huge', `"${'x'.repeat(5_000_000)}"`, /got 5000002 characters from/],
      [
        'has what is asked for only in a __proto__',
        '{"__proto__":{"issuer":"{origin}","token_endpoint":"{origin}/token"}}',
        /exactly the issuer in its own metadata.* the metadata has none/,
      ],
      [
        'has an endpoint only in a __proto__',
        '{"issuer":"{origin}","__proto__":{"token_endpoint":"{origin}/token"}}',
        /the metadata of "issuer" has none/,
      ],
      [
        'names the issuer first and another last',
        '{"issuer":"{origin}","issuer":"https://x.my"}',
        /exactly the issuer/,
      ],
      [
        'has the token endpoint on another host than the endpoint that gets the assertion',
        { introspection_endpoint: 'https://evil.example.my/introspection' },
        /"introspection_endpoint" must be on the host of the audience/,
      ],
      [
        "has another server's token endpoint, whose assertion its own endpoint would get",
        { token_endpoint: 'https://as.example.my/token' },
        /"introspection_endpoint" must be on the host of the audience/,
      ],
      [
        'has an alias on another host than the token endpoint',
        { mtls_endpoint_aliases: { introspection_endpoint: 'https://evil.example.my/introspection' } },
        /"introspection_endpoint" must be on the host of the audience/,
      ],
    ];
    for (const [title, change, says] of broken) {
      it(`refuses metadata that ${title}`, async () => {
        recorder.answers.set(OPENID, { body: toDocument(change) });
        const request = says.source.includes('introspection') ? introspect : token();
        const run = await send([request], { token_endpoint: '', issuer: recorder.origin });
        assertRefused(run, says, [OPENID]);
      });
    }

    // What decides is the document: its issuer, and endpoints that pass. A header says nothing of who wrote it.
    const taken: [string, object | string, Record<string, string>?][] = [
      ['under text/html, as some servers send it', {}, { 'content-type': 'text/html' }],
      ['under text/plain', {}, { 'content-type': 'text/plain' }],
      ['under a charset that nobody knows', {}, { 'content-type': 'application/json; charset=x' }],
      [
        'with members twice, of which the last counts',
        '{"issuer":1,"issuer":"{origin}","token_endpoint":"{origin}/token"}',
      ],
      [
        'with a __proto__ of its own, which adds nothing',
        '{"__proto__":{"revocation_endpoint":"x"},"issuer":"{origin}","token_endpoint":"{origin}/token"}',
      ],
      ['with aliases that are no object', { mtls_endpoint_aliases: 'https://evil.example.my/token' }],
      ['with members of any kind that the script has no use for', { jwks_uri: 7, userinfo_endpoint: 'http://x' }],
      ['with endpoints that are null', { revocation_endpoint: null, mtls_endpoint_aliases: null }],
    ];
    for (const [title, change, headers = {}] of taken) {
      it(`takes good metadata ${title}`, async () => {
        recorder.answers.set(OPENID, { body: toDocument(change), headers });
        assertGreen(await send([token()], { token_endpoint: '', issuer: recorder.origin }));
        assert.deepEqual(
          recorder.requests.map(({ url }) => url),
          [OPENID, '/token'],
        );
      });
    }

    it('takes good metadata without a content type', async () => {
      recorder.answers.set(OPENID, response => response.end(toDocument({})));
      assertGreen(await send([token()], { token_endpoint: '', issuer: recorder.origin }));
      assert.equal(recorder.requests[1]?.url, '/token');
    });

    it('refuses an endpoint of the metadata on another port than the token endpoint', async () => {
      const other = await startRecorder();
      const run = await send([introspect], discovered({ introspection_endpoint: `${other.origin}/introspection` }));
      assertRefused(run, /must be on the host of the audience/, [OPENID]);
      assert.deepEqual(other.requests, []);
      await other.close();
    });

    it("refuses an endpoint of the metadata on another host than the audience's, but for the issuer's own", async () => {
      const change = discovered({ token_endpoint: 'https://as.example.my/token' });
      const honest = { ...change, client_assertion_audience: 'https://as.example.my/token' };
      assertRefused(await send([introspect], honest), /must be on the host of the audience/, [OPENID]);
      const elsewhere = recorder.origin.replace('127.0.0.1', 'localhost');
      const other = discovered({ introspection_endpoint: `${elsewhere}/introspection` });
      recorder.requests.length = 0;
      assertGreen(await send([introspect], { ...other, client_assertion_audience: `${recorder.origin}/x` }));
      assert.equal(recorder.requests[1]?.url, '/introspection');
    });

    it('refuses an endpoint set by hand whose audience would come from the metadata of another host', async () => {
      const elsewhere = recorder.origin.replace('127.0.0.1', 'localhost');
      const change = { ...discovered(), introspection_endpoint: `${elsewhere}/introspection` };
      assertRefused(await send([introspect], change), /must be on the host of the audience/, [OPENID]);
    });

    it('lets the assertion go to another host when the audience is the issuer', async () => {
      const { origin } = recorder;
      const elsewhere = origin.replace('127.0.0.1', 'localhost');
      const change = {
        ...discovered({ introspection_endpoint: `${elsewhere}/introspection` }),
        client_assertion_audience: 'issuer',
      };
      assertGreen(await send([introspect], change));
      const { claims } = await verified(recorder.requests[1]?.form.get('client_assertion') as string);
      assert.equal(claims.aud, origin);
    });

    it('refuses an issuer that is neither https nor on loopback, and asks nobody', async () => {
      const run = await send([token()], { token_endpoint: '', issuer: 'http://as.example.my' });
      assertRefused(run, /"issuer" must be an https URL.*got "http:\/\/as\.example\.my"/);
    });

    it('refuses when nobody listens', async () => {
      const gone = await startRecorder();
      await gone.close();
      assertRefused(
        await send([token()], { token_endpoint: '', issuer: gone.origin }),
        /got the error "[^"]*ECONNREFUSED/,
      );
    });

    const slow: [string, Answer][] = [
      ['an answer', 'silence'],
      ['the end of one', response => response.writeHead(200).write('{')],
    ];
    for (const [title, answer] of slow) {
      it(`gives up after ten seconds without ${title}`, async () => {
        recorder.answers.set(OPENID, answer);
        const run = send([token()], { token_endpoint: '', issuer: recorder.origin }, { timeoutRequest: 14000 });
        assertRefused(await run, /got no answer within 10 seconds/, [OPENID]);
      });
    }

    it('refuses when the host fails between the answer and the script', async () => {
      const redefined = `clearTimeout = () => { throw new Error('x'); };\n${script}`;
      const environment = { ...settings, ...discovered() };
      const run = await host.run(collectionOf([token()], {}, redefined), { environment });
      assertRefused(run, /The script itself failed \(Error\)/, [OPENID]);
    });

    for (const [first, second] of [
      [500, 404],
      [404, 404],
      [204, 204],
      [401, 503],
    ] as const) {
      it(`says that it got status ${first} here and ${second} there`, async () => {
        recorder.answers.set(OPENID, { status: first, body: toDocument({}) });
        recorder.answers.set(RFC8414, { status: second, body: toDocument({}) });
        const run = await send([token()], { token_endpoint: '', issuer: recorder.origin });
        const says = new RegExp(
          `got status ${first} from ${recorder.origin}${OPENID}, status ${second} from ${recorder.origin}${RFC8414}`,
        );
        assertRefused(run, says, [OPENID, RFC8414]);
      });
    }

    const cutShort: [string, (response: ServerResponse) => void, RegExp][] = [
      ['resets the connection', response => response.destroy(), /got the error "[^"]+" from http.*openid/],
      [
        'breaks off in the middle of the document',
        response => {
          response.writeHead(200, { 'content-length': '5000' });
          response.write(toDocument({}).slice(0, -1), () => response.destroy());
        },
        // One host tells of it, the other gives what has arrived.
        /got the error "[^"]+" from http.*openid|must be a JSON object/,
      ],
    ];
    for (const [title, answer, says] of cutShort) {
      it(`refuses when the server ${title}`, async () => {
        recorder.answers.set(OPENID, answer);
        const run = await send([token()], { token_endpoint: '', issuer: recorder.origin });
        assertRefused(run, says, [OPENID]);
      });
    }

    // Hosts follow redirects of pm.sendRequest, and no script can forbid or see it: the document has to be safe by itself.
    describe('through a redirect', () => {
      let other: Recorder;
      before(async () => {
        other = await startRecorder();
      });
      after(() => other.close());
      const redirect = (location: string, status = 302) => {
        recorder.answers.set(OPENID, { status, headers: { location } });
        return send([token()], { token_endpoint: '', issuer: recorder.origin });
      };

      it('takes the metadata from another path of the issuer', async () => {
        recorder.answers.set('/moved', { body: toDocument({}) });
        assertGreen(await redirect('/moved'));
        assert.deepEqual(
          recorder.requests.map(({ url }) => url),
          [OPENID, '/moved', '/token'],
        );
      });

      it('takes the metadata from another host, where it is that of this issuer', async () => {
        other.answers.set('/moved', { body: toDocument({}) });
        assertGreen(await redirect(`${other.origin}/moved`, 307));
        assert.deepEqual(
          recorder.requests.map(({ url }) => url),
          [OPENID, '/token'],
        );
      });

      const refused: [string, object | string, RegExp][] = [
        ['of that host', { issuer: '{other}', token_endpoint: '{other}/token' }, /exactly the issuer/],
        ['with an endpoint on http', { token_endpoint: 'http://as.example.my/token' }, /must be an https URL/],
        ['in HTML', '<a href="/">', /must be a JSON object/],
      ];
      for (const [title, change, says] of refused) {
        it(`refuses metadata from another host ${title}`, async () => {
          other.requests.length = 0;
          other.answers.set('/moved', { body: toDocument(change).replaceAll('{other}', other.origin) });
          assertRefused(await redirect(`${other.origin}/moved`), says, [OPENID]);
          assert.deepEqual(
            other.requests.map(({ url }) => url),
            ['/moved'],
          );
        });
      }

      it('refuses a circle', async () => {
        const run = await redirect(OPENID);
        assertRefused(run, /"issuer" must be a server whose metadata can be read, got /, Array(11).fill(OPENID));
      });

      it('refuses one to where nobody listens', async () => {
        assertRefused(await redirect('http://127.0.0.1:1/'), /whose metadata can be read, got /, [OPENID]);
      });
    });
  });
}
