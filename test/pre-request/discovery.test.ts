// Discovery by the built script in each host: when it asks for the metadata of the issuer, where, and which endpoints it finds
// there; and which metadata it refuses: documents that are broken or made to be hostile, endpoints on other hosts, issuers that
// fail to answer, redirects.

import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { collectionOf, script } from '../support/collections.ts';
import { type Host, hosts } from '../support/hosts.ts';
import { type Answer, type Recorder, startRecorder } from '../support/recorder.ts';
import {
  assertGreen,
  assertRefused,
  client,
  introspect,
  OPENID,
  type Outcome,
  prepareScriptRuns,
  RFC8414,
  token,
  urlsOf,
  verified,
} from '../support/script-runs.ts';

/** Where nobody listens. */
const NOBODY = 'http://127.0.0.1:1';

/** A test script of a request. */
const thenRun = (source: string) => ({ event: [{ listen: 'test', script: { exec: [source] } }] });

/** What arrived, each with whether there was an assertion in it. */
const authenticated = ({ received }: Outcome) => received.map(({ url, form }) => [url, form.has('client_assertion')]);

/** What an issuer may do that keeps a request waiting. */
const SILENCE: [title: string, answer: Answer][] = [
  ['an answer', 'silence'],
  ['the end of one', response => response.writeHead(200).write('{')],
];

/** Runs two token requests against an issuer that answers like that. */
const wait = async (host: Host, answer: Answer): Promise<Outcome> => {
  const recorder = await startRecorder();
  recorder.answers.set(OPENID, answer);
  const environment = { ...client, issuer: recorder.origin };
  const run = await host.run(collectionOf([token(), token()]), { environment, timeoutRequest: 14_000 });
  await recorder.close();
  return { ...run, received: recorder.requests };
};

// Each waits for ten seconds: they begin before all other tests, and are looked at in the end.
const waiting = hosts.flatMap(host => SILENCE.map(([title, answer]) => ({ host, title, outcome: wait(host, answer) })));

for (const host of hosts) {
  describe(`the pre-request script in ${host.name} with discovery`, () => {
    /** Another server. */
    let other: Recorder;
    before(async () => {
      other = await startRecorder();
    });
    after(() => other.close());
    const { recorder, settings, itSends, send, sendCollection, metadata, discovery } = prepareScriptRuns(host);
    const elsewhere = () => recorder.origin.replace('127.0.0.1', 'localhost');

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
        // All but what redirects lead to, below.
        const asked = other.requests.map(({ url }) => url).filter(url => !/^\/(good|bad-\d)$/.test(url));
        assert.deepEqual(asked, [OPENID, '/t']);
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
      ['names an issuer that differs in case', { issuer: '{ORIGIN}' }, /in its own metadata/],
      ['names an issuer on another port', { issuer: '{origin}0' }, /in its own metadata/],
      ['names an issuer with whitespace behind it', { issuer: '{origin} ' }, /in its own metadata/],
      ['names several issuers', { issuer: ['{origin}'] }, /in its own metadata.* the metadata has none/],
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
      ['is a string', '"x"', /must be a JSON object/],
      ['is a number', '5', /must be a JSON object, got "5"/],
      ['is nested deeply', '['.repeat(100_000) + ']'.repeat(100_000), /must be a JSON object/],
      ['is huge', `"${'x'.repeat(999_999)}"`, /got 1000001 characters from/],
      [
        'has what is asked for only in a __proto__',
        '{"__proto__":{"issuer":"{origin}","token_endpoint":"{origin}/token"}}',
        /in its own metadata.* the metadata has none/,
      ],
      [
        'has an endpoint only in a __proto__',
        '{"issuer":"{origin}","__proto__":{"token_endpoint":"{origin}/token"}}',
        /the metadata of "issuer" has none/,
      ],
      [
        'names the issuer first and another last',
        '{"issuer":"{origin}","issuer":"https://x.my"}',
        /must be exactly the issuer in its own metadata/,
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
      itSends(
        `refuses metadata that ${title}`,
        () => ({
          requests: [says.source.includes('introspection') ? introspect : token()],
          ...discovery(),
          answers: { [OPENID]: { body: toDocument(change) } },
        }),
        outcome => assertRefused(outcome, says, [OPENID]),
      );
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
      itSends(
        `takes good metadata ${title}`,
        () => ({
          requests: [token()],
          ...discovery(),
          answers: { [OPENID]: { body: toDocument(change), headers } },
        }),
        outcome => {
          assertGreen(outcome);
          assert.deepEqual(urlsOf(outcome), [OPENID, '/token']);
        },
      );
    }

    itSends(
      'takes good metadata without a content type',
      () => ({
        requests: [token()],
        ...discovery(),
        answers: { [OPENID]: response => response.end(toDocument({})) },
      }),
      outcome => {
        assertGreen(outcome);
        assert.deepEqual(urlsOf(outcome), [OPENID, '/token']);
      },
    );

    itSends(
      'refuses an endpoint of the metadata on another port than the token endpoint',
      () => ({
        requests: [introspect],
        ...discovery({ introspection_endpoint: `${other.origin}/introspection` }),
      }),
      outcome => {
        assertRefused(outcome, /must be on the host of the audience/, [OPENID]);
        assert.equal(
          other.requests.some(({ url }) => url === '/introspection'),
          false,
        );
      },
    );

    itSends(
      "refuses an endpoint of the metadata on another host than the audience's",
      () => {
        const audience = 'https://as.example.my/token';
        return {
          requests: [introspect],
          ...discovery({ token_endpoint: audience }, { client_assertion_audience: audience }),
        };
      },
      outcome => assertRefused(outcome, /must be on the host of the audience/, [OPENID]),
    );

    itSends(
      "takes an endpoint of the metadata on the issuer's own host, whatever the audience is",
      () => ({
        requests: [introspect],
        ...discovery(
          { introspection_endpoint: `${elsewhere()}/introspection` },
          { client_assertion_audience: `${recorder.origin}/x` },
        ),
      }),
      outcome => {
        assertGreen(outcome);
        assert.deepEqual(urlsOf(outcome), [OPENID, '/introspection']);
      },
    );

    itSends(
      'refuses an endpoint set by hand whose audience would come from the metadata of another host',
      () => ({
        requests: [introspect],
        ...discovery({}, { introspection_endpoint: `${elsewhere()}/introspection` }),
      }),
      outcome => assertRefused(outcome, /must be on the host of the audience/, [OPENID]),
    );

    itSends(
      'lets the assertion go to another host when the audience is the issuer',
      () => ({
        requests: [introspect],
        ...discovery(
          { introspection_endpoint: `${elsewhere()}/introspection` },
          { client_assertion_audience: 'issuer' },
        ),
      }),
      async outcome => {
        assertGreen(outcome);
        const { claims } = await verified(outcome.received[1]?.form.get('client_assertion') as string);
        assert.equal(claims.aud, recorder.origin);
      },
    );

    itSends(
      'refuses an issuer that is neither https nor on loopback, and asks nobody',
      () => ({ requests: [token()], ...discovery({}, { issuer: 'http://as.example.my' }) }),
      outcome => assertRefused(outcome, /"issuer" must be an https URL.*got "http:\/\/as\.example\.my"/),
    );

    itSends(
      'refuses when nobody listens',
      () => ({ requests: [token()], ...discovery({}, { issuer: NOBODY }) }),
      outcome => assertRefused(outcome, /got the error "[^"]*ECONNREFUSED/),
    );

    it('refuses when the host fails between the answer and the script', async () => {
      const redefined = `clearTimeout = () => { throw new Error('x'); };\n${script}`;
      const { answers, change } = discovery();
      const outcome = await sendCollection(collectionOf([token()], {}, redefined), {
        environment: { ...settings, ...change },
        answers,
      });
      assertRefused(outcome, /The script itself failed \(Error\)/, [OPENID]);
    });

    for (const [first, second] of [
      [500, 404],
      [404, 404],
      [204, 204],
      [401, 503],
    ] as const) {
      itSends(
        `says that it got status ${first} here and ${second} there`,
        () => ({
          requests: [token()],
          ...discovery(),
          answers: {
            [OPENID]: { status: first, body: toDocument({}) },
            [RFC8414]: { status: second, body: toDocument({}) },
          },
        }),
        outcome => {
          const { origin } = recorder;
          const says = `got status ${first} from ${origin}${OPENID}, status ${second} from ${origin}${RFC8414}`;
          assertRefused(outcome, new RegExp(says), [OPENID, RFC8414]);
        },
      );
    }

    const cutShort: [string, (response: ServerResponse) => void, RegExp][] = [
      ['resets the connection', response => response.destroy(), /got the error "[^"]+" from http.*openid/],
      [
        'breaks off in the middle of the document',
        response => {
          response.writeHead(200, { 'content-length': '5000' });
          response.write(toDocument({}).slice(0, -1), () => response.destroy());
        },
        // One host reports it, the other gives what has arrived.
        /got the error "[^"]+" from http.*openid|must be a JSON object/,
      ],
    ];
    for (const [title, answer, says] of cutShort) {
      itSends(
        `refuses when the server ${title}`,
        () => ({ requests: [token()], ...discovery(), answers: { [OPENID]: answer } }),
        outcome => assertRefused(outcome, says, [OPENID]),
      );
    }

    // Hosts follow redirects of pm.sendRequest, and no script can forbid or see it: the document has to be safe by itself.
    describe('through a redirect', () => {
      const redirect = (location: string, status = 302, answers: Record<string, Answer> = {}) => ({
        requests: [token()],
        ...discovery(),
        answers: { ...answers, [OPENID]: { status, headers: { location } } },
      });
      /** What the other server is asked for, and whether it was. */
      const askedOther = (path: string) => other.requests.filter(({ url }) => url === path).length;

      itSends(
        'takes the metadata from another path of the issuer',
        () => redirect('/moved', 302, { '/moved': { body: toDocument({}) } }),
        outcome => {
          assertGreen(outcome);
          assert.deepEqual(urlsOf(outcome), [OPENID, '/moved', '/token']);
        },
      );

      itSends(
        'takes the metadata from another host, where it is that of this issuer',
        () => {
          other.answers.set('/good', { body: toDocument({}) });
          return redirect(`${other.origin}/good`, 307);
        },
        outcome => {
          assertGreen(outcome);
          assert.deepEqual(urlsOf(outcome), [OPENID, '/token']);
          assert.equal(askedOther('/good'), 1);
        },
      );

      const refused: [string, object | string, RegExp][] = [
        [
          'of that host',
          { issuer: '{other}', token_endpoint: '{other}/token' },
          /must be exactly the issuer in its own metadata/,
        ],
        ['with an endpoint on http', { token_endpoint: 'http://as.example.my/token' }, /must be an https URL/],
        ['in HTML', '<a href="/">', /must be a JSON object/],
      ];
      for (const [index, [title, change, says]] of refused.entries()) {
        itSends(
          `refuses metadata from another host ${title}`,
          () => {
            other.answers.set(`/bad-${index}`, { body: toDocument(change).replaceAll('{other}', other.origin) });
            return redirect(`${other.origin}/bad-${index}`);
          },
          outcome => {
            assertRefused(outcome, says, [OPENID]);
            assert.equal(askedOther(`/bad-${index}`), 1);
            assert.equal(askedOther('/token'), 0);
          },
        );
      }

      itSends(
        'refuses a circle',
        () => redirect(OPENID),
        outcome => {
          const says = /"issuer" must be a server whose metadata can be read, got /;
          assertRefused(outcome, says, Array(11).fill(OPENID));
        },
      );

      itSends(
        'refuses one to where nobody listens',
        () => redirect(NOBODY),
        outcome => assertRefused(outcome, /whose metadata can be read, got /, [OPENID]),
      );
    });
  });
}

for (const { host, title, outcome } of waiting) {
  describe(`the pre-request script in ${host.name} with discovery`, () => {
    it(`gives up after ten seconds without ${title}, once a run`, async () => {
      const { tests, ...run } = await outcome;
      const [first] = tests;
      assert.deepEqual(tests, [first, first]);
      assertRefused({ ...run, tests: tests.slice(1) }, /got no answer within 10 seconds/, [OPENID]);
    });
  });
}
