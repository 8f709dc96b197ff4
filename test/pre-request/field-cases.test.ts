// What collections of the field hold, in each host: stale headers, URLs and methods that are known late, endpoints that are
// set in part, an issuer that does not answer, and URLs that nearly are an endpoint.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { form, type RequestDefinition, raw } from '../support/collections.ts';
import { hosts } from '../support/hosts.ts';
import { type Recorder, startRecorder } from '../support/recorder.ts';
import {
  assertGreen,
  assertRefused,
  introspect,
  OPENID,
  only,
  prepareScriptRuns,
  token,
  urlsOf,
  verified,
} from '../support/script-runs.ts';

/** Where nobody listens. */
const NOBODY = 'https://127.0.0.1:1';
const ADVICE =
  /Scripts of folder and request run later\. Set that variable before this request, in an earlier one .*, or use "inject --last"\./;
const LONG = `a name ${'x'.repeat(70)} [of] ("anything")\n`;

for (const host of hosts) {
  describe(`the pre-request script in ${host.name}`, () => {
    /** Another server. */
    let other: Recorder;
    before(async () => {
      other = await startRecorder();
    });
    after(() => other.close());
    const { recorder, itSends, discovery, metadata } = prepareScriptRuns(host);
    const unset = { token_endpoint: '' };

    itSends(
      'drops the header Content-Length of the collection, which is that of another form',
      () => {
        const header = [
          { key: 'Content-Length', value: '29' },
          { key: 'content-LENGTH', value: '1', disabled: true },
          { key: '{{length}}', value: '2' },
          { key: 'Content-Type', value: 'application/x-www-form-urlencoded' },
        ];
        return { requests: [token({ header })], change: { length: 'Content-Length' } };
      },
      async outcome => {
        assertGreen(outcome);
        const { body, form: sent, headers } = only(outcome);
        assert.equal(headers['content-length'], String(body.length));
        assert.equal(sent.getAll('client_assertion').length, 1);
        await verified(sent.get('client_assertion') ?? '');
      },
    );

    itSends(
      'sends the Content-Type of a form, though the collection has switched that of the host off',
      () => ({
        requests: [{ ...token(), protocolProfileBehavior: { disabledSystemHeaders: { 'content-type': true } } }],
      }),
      outcome => {
        assertGreen(outcome);
        assert.equal(only(outcome).headers['content-type'], 'application/x-www-form-urlencoded');
      },
    );

    itSends(
      'refuses a form without its Content-Type at an endpoint that only the metadata names',
      () => ({
        requests: [token({ url: `${recorder.origin}/token`, body: { mode: 'raw', raw: 'grant_type=x' } })],
        ...discovery(),
      }),
      outcome => assertRefused(outcome, /got a body of mode "raw"/, [OPENID]),
    );

    itSends(
      'authenticates a request whose method is a reference to POST, and no other',
      () => ({
        requests: [token({ method: '{{VERB}}' }), token({ method: '{{OTHER}}' })],
        change: { VERB: 'post', OTHER: 'PUT' },
      }),
      outcome => {
        assertGreen(outcome);
        const sent = outcome.received.map(({ method, form: fields }) => [method, fields.has('client_assertion')]);
        assert.deepEqual(sent, [
          ['POST', true],
          ['PUT', false],
        ]);
      },
    );

    const oauth: [string, string][] = [
      ['grant_type', 'x'],
      ['response_type', 'code'],
      ['request', 'x'],
      ['token_type_hint', 'access_token'],
      ['client_assertion', 'x'],
      ['client_assertion_type', 'x'],
    ];
    for (const field of oauth) {
      itSends(
        `refuses a form with ${field[0]} whose URL a later script makes known, and names the variable`,
        () => ({ requests: [{ url: '{{base}}/token', body: form(field) }] }),
        outcome => assertRefused(outcome, new RegExp(`The URL holds an unresolved {{base}}. ${ADVICE.source}`)),
      );
    }
    const late: [string, Partial<RequestDefinition>, RegExp][] = [
      ['a URL out of the vault', { url: '{{vault:base}}/token' }, /{{vault:base}}\. Scripts of/],
      ['a URL with a long name of a variable', { url: `{{${LONG}}}/token` }, /unresolved {{…}}/],
      ['a URL with an empty name of a variable', { url: '{{}}/token' }, /unresolved {{…}}/],
      [
        'a method that is not known',
        { method: '{{verb}}' },
        /The method, in upper case, holds an unresolved {{VERB}}\. Scripts/,
      ],
      [
        'a JSON body that is plainly one of OAuth',
        { url: '{{base}}', ...raw('application/json', '{"grant_type":"x"}') },
        /{{base}}/,
      ],
    ];
    for (const [title, definition, says] of late) {
      itSends(
        `refuses ${title}`,
        () => ({ requests: [token(definition)], change: { issuer: NOBODY } }),
        outcome => assertRefused(outcome, says),
      );
    }

    itSends(
      'leaves alone a request without a sign of OAuth, whose URL or method a later script makes known',
      () => {
        const set = `pm.variables.set('base', '${recorder.origin}'); pm.variables.set('VERB', 'POST')`;
        const event = [{ listen: 'prerequest', script: { exec: [set] } }];
        return {
          requests: [
            { url: '{{base}}/login', body: form(['user', 'u'], ['token', 't']), event },
            { url: `${recorder.origin}/pay`, method: '{{VERB}}', body: form(['amount', '1']), event },
            { url: `${recorder.origin}/a?b={{nope}}`, body: form(['grant_type', 'x']) },
          ],
        };
      },
      outcome => {
        assertGreen(outcome);
        assert.deepEqual(outcome.consoleLines, []);
        assert.deepEqual(
          outcome.received.map(({ body }) => body),
          ['user=u&token=t', 'amount=1', 'grant_type=x'],
        );
      },
    );

    itSends(
      'completes by discovery the endpoints that a script of the collection has set in part',
      () => ({
        requests: [
          {
            method: 'GET',
            url: `{{issuer}}${OPENID}`,
            event: [
              {
                listen: 'test',
                script: {
                  exec: [
                    "const m = pm.response.json(); pm.environment.set('as_token', m.token_endpoint);",
                    "pm.environment.set('pushed_authorization_request_endpoint', m.pushed_authorization_request_endpoint);",
                  ],
                },
              },
            ],
          },
          token({ url: '{{as_token}}' }),
          { url: '{{pushed_authorization_request_endpoint}}', body: form(['response_type', 'code']) },
          token({ url: '{{as_token}}' }),
        ],
        ...discovery({ pushed_authorization_request_endpoint: `${recorder.origin}/par` }),
      }),
      async outcome => {
        assertGreen(outcome);
        assert.deepEqual(urlsOf(outcome), [OPENID, OPENID, '/token', '/par', '/token']);
        for (const { form: sent } of outcome.received.slice(2)) await verified(sent.get('client_assertion') ?? '');
      },
    );

    itSends(
      'completes endpoints set in part for a URL of another host, and takes what is set by hand first',
      () => {
        const change = {
          introspection_endpoint: `${recorder.origin}/by-hand`,
          revocation_endpoint: `${recorder.origin}/r`,
        };
        const url = `${recorder.origin}/introspection`;
        const requests = [token({ url: `${recorder.origin}/token` }), introspect, { ...introspect, url }];
        return { requests, ...discovery({}, change) };
      },
      outcome => {
        assertGreen(outcome);
        const sent = outcome.received.map(({ url, form: fields }) => [url, fields.has('client_assertion')]);
        assert.deepEqual(sent, [
          [OPENID, false],
          ['/token', true],
          ['/by-hand', true],
          ['/introspection', false],
        ]);
      },
    );

    itSends(
      'leaves alone what has no sign of OAuth and goes to another host, while the issuer can not be reached',
      () => ({
        requests: [
          { url: `${recorder.origin}/payments/1/cancel` },
          { url: `${recorder.origin}/login`, body: form(['user', 'u']) },
        ],
        change: { ...unset, issuer: NOBODY },
      }),
      outcome => {
        assertGreen(outcome);
        assert.deepEqual(
          outcome.received.map(({ url, body }) => [url, body]),
          [
            ['/payments/1/cancel', ''],
            ['/login', 'user=u'],
          ],
        );
      },
    );

    itSends(
      "leaves alone a form that may be anyone's while endpoints are set and the issuer can not be reached",
      () => ({ requests: [{ url: `${recorder.origin}/api`, body: form(['token', 't']) }], change: { issuer: NOBODY } }),
      outcome => {
        assertGreen(outcome);
        assert.equal(only(outcome).body, 'token=t');
      },
    );

    for (const [title, request] of [
      ['that may be one of OAuth', introspect.body],
      ['that is plainly one of OAuth', token().body],
    ] as const) {
      itSends(
        `refuses a form ${title} while the issuer can not be reached`,
        () => ({ requests: [{ url: `${recorder.origin}/x`, body: request }], change: { ...unset, issuer: NOBODY } }),
        outcome => assertRefused(outcome, /"issuer" must be a server whose metadata can be read/),
      );
    }

    itSends(
      'asks an issuer that does not answer once a run, and another one that is set then',
      () => {
        other.answers.set(OPENID, {
          body: JSON.stringify(metadata({ issuer: other.origin, token_endpoint: `${other.origin}/t` })),
        });
        const set = `pm.environment.set('issuer', '${other.origin}')`;
        const event = [{ listen: 'test', script: { exec: [set] } }];
        return {
          requests: [
            token(),
            token(),
            { method: 'GET', url: recorder.origin, event },
            token({ url: `${other.origin}/t` }),
          ],
          ...discovery(),
          answers: { [OPENID]: response => response.destroy() },
        };
      },
      outcome => {
        assert.deepEqual(urlsOf(outcome), [OPENID, '/']);
        const [first, second, ...rest] = outcome.tests;
        assert.match(first?.error ?? '', /"issuer" must be a server whose metadata can be read, got the error/);
        assert.equal(second?.error, first?.error);
        assert.deepEqual(rest, []);
        assert.equal(other.requests.find(({ url }) => url === '/t')?.form.has('client_assertion'), true);
      },
    );

    itSends(
      'asks an issuer that answers with an error again',
      () => ({ requests: [token(), token()], ...discovery(), answers: { [OPENID]: { status: 200, body: '[]' } } }),
      outcome => assert.deepEqual(urlsOf(outcome), [OPENID, OPENID]),
    );

    const alike: [string, (origin: string) => string, string][] = [
      ['a slash more', origin => `${origin}/token/`, 'a slash'],
      ['two slashes for one', origin => `${origin}//token`, 'a slash'],
      ['the path in another case', origin => `${origin}/Token?a=secret`, 'upper and lower case'],
      ['another port', () => `${other.origin}/token`, 'the port'],
    ];
    for (const [title, toUrl, difference] of alike) {
      itSends(
        `says once that a URL with ${title} is no endpoint, and leaves the request alone`,
        () => {
          const request = { url: toUrl(recorder.origin), body: form(['a', 'b']) };
          return { requests: [request, request] };
        },
        outcome => {
          assertGreen(outcome);
          const line = `client authentication: none at ${toUrl(recorder.origin).replace(/\?.*/, '')}, which differs from token_endpoint in ${difference}.`;
          assert.equal(outcome.consoleLines.length, 1, outcome.consoleLines.join('\n'));
          assert(outcome.consoleLines[0]?.startsWith(line), outcome.consoleLines[0]);
          for (const { body } of outcome.received) assert.equal(body, 'a=b');
        },
      );
    }
    itSends(
      'says that a URL with http in place of https is no endpoint',
      () => ({
        requests: [{ url: `${recorder.origin}/token`, body: form(['a', 'b']) }],
        change: { token_endpoint: `${recorder.origin.replace('http', 'https')}/token` },
      }),
      outcome => {
        assertGreen(outcome);
        assert.match(outcome.consoleLines.join(), /differs from token_endpoint in the scheme/);
      },
    );

    const variables: [string, (url: string) => string, RegExp][] = [
      ['in quotes', url => `"${url}"`, /got one with quotes, brackets/],
      ['in brackets', url => `<${url}>`, /got one with quotes, brackets/],
      ['with a zero-width character', url => url.replace('token', 'to\u200bken'), /or invisible characters/],
      ['with a byte order mark', url => `\ufeff${url}`, /got one with/],
      ['with a no-break space', url => `${url}\u00a0`, /got one with/],
      ['without scheme', url => url.replace('http://', ''), /got "127/],
    ];
    for (const [title, toValue, says] of variables) {
      itSends(
        `refuses a request that is written out when the variable of its endpoint is a URL ${title}`,
        () => {
          const url = `${recorder.origin}/token`;
          return { requests: [token({ url })], change: { token_endpoint: toValue(url) } };
        },
        outcome => {
          assert.match(assertRefused(outcome, says), /"token_endpoint" must be an https URL/);
        },
      );
    }

    const names: [string, Record<string, unknown>, Partial<RequestDefinition>, RegExp][] = [
      ['in client_id', { client_id: `{{${LONG}}}` }, {}, /"client_id" must be .* got an unresolved {{…}}/],
      ['in kid', { kid: '{{}}' }, {}, /"kid" must be .* got an unresolved {{…}}/],
      ['in an endpoint', { token_endpoint: `{{${LONG}}}` }, {}, /"token_endpoint" must be .* got an unresolved {{…}}/],
      ['in the signing key', { signing_key: `{{${LONG}}}` }, {}, /"signing_key" must be .* got an unresolved {{…}}/],
      ['in a field', {}, { body: form(['a', '{{}}']) }, /The form holds an unresolved {{…}}/],
      ['in a header', {}, { header: [{ key: 'x', value: '{{}}' }] }, /A header holds an unresolved {{…}}/],
      ['in the query', {}, { url: `{{token_endpoint}}?a={{${LONG}}}` }, /The URL holds an unresolved {{…}}/],
    ];
    for (const [title, change, definition, says] of names) {
      itSends(
        `refuses a reference ${title} whose name is long, odd or empty`,
        () => ({ requests: [token(definition)], change }),
        outcome => assertRefused(outcome, says),
      );
    }
    itSends(
      'shows a name of up to sixty plain characters',
      () => ({ requests: [token({ body: form(['a', `{{${'x'.repeat(60)}}}`]) })] }),
      outcome => assertRefused(outcome, /The form holds an unresolved {{x{60}}}/),
    );
  });
}
