// The second gate in each host: a POST that reached an endpoint without exactly one client authentication of its own is a failed
// test, whatever has kept the pre-request script from it.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { form, type RequestDefinition, raw } from '../support/collections.ts';
import { hosts } from '../support/hosts.ts';
import { ASSERTION_TYPE, assertGreen, type Outcome, prepareScriptRuns, token } from '../support/script-runs.ts';

/** A request with a script of its own, which runs after ours. */
const withScript = (source: string, definition: Partial<RequestDefinition> = {}) => ({
  ...token(definition),
  event: [{ listen: 'prerequest', script: { exec: [source] } }],
});

const plainForm = { body: form(['scope', 'accounts']) };

/** That one test has failed, which says why, and that the request had been sent. */
const assertCaught = (outcome: Outcome, says: RegExp) => {
  assert.equal(outcome.received.length > 0, true, 'nothing was sent');
  assert.deepEqual(outcome.scriptErrors, []);
  assert.deepEqual(
    outcome.tests.map(({ name }) => name),
    ['client authentication'],
  );
  assert.match(outcome.tests[0]?.error ?? '', says);
  assert.doesNotMatch(outcome.tests[0]?.error ?? '', /eyJ|PRIVATE KEY/);
};

for (const host of hosts) {
  describe(`the post-response script in ${host.name} fails a POST to an endpoint`, () => {
    const { settings, itSends, recorder } = prepareScriptRuns(host);
    const origin = () => recorder.origin;
    const port = () => origin().split(':')[2];

    const faults: [
      title: string,
      arrange: () => Parameters<typeof itSends>[1] extends () => infer S ? S : never,
      says: RegExp,
    ][] = [
      [
        'whose URL got its variable by a later script',
        () => ({
          requests: [withScript(`pm.variables.set("base", "${origin()}")`, { url: '{{base}}/token', ...plainForm })],
        }),
        /form has client_id 0 times, not 1\. A later script has set "base" of its URL\. Set it by a request before, or use "inject --last"/,
      ],
      [
        'whose URL a later script has set',
        () => ({
          requests: [withScript(`pm.request.url = "${origin()}/token"`, { url: `${origin()}/other`, ...plainForm })],
        }),
        /The pre-request script saw http:.*\/other, which is not http:.*\/token\. Write that, or/,
      ],
      [
        'whose method a later script has set',
        () => ({ requests: [withScript('pm.request.method = "POST"', { method: 'GET' })] }),
        /The pre-request script saw no POST: it is missing, or the method is set later/,
      ],
      [
        'whose method a later script has set, when no endpoint is known',
        () => ({
          requests: [withScript('pm.request.method = "POST"', { method: 'GET', url: `${origin()}/token` })],
          change: { token_endpoint: '', issuer: origin() },
        }),
        /saw no POST/,
      ],
      [
        'whose form a later script has emptied',
        () => ({ requests: [withScript('pm.request.body = { mode: "urlencoded", urlencoded: [] }')] }),
        /form has client_id 0 times, not 1\. A later script has set something else/,
      ],
      [
        'to which a later script adds an assertion',
        () => ({
          requests: [withScript('pm.request.body.urlencoded.add({ key: "client_assertion", value: "a.b.c" })')],
        }),
        /form has client_assertion 2 times, not 1/,
      ],
      [
        'to which a later script adds an assertion under a percent-encoded name',
        () => ({ requests: [withScript('pm.request.body.urlencoded.add({ key: "client%5Fassertion", value: "x" })')] }),
        /form has client_assertion 2 times, not 1/,
      ],
      [
        'to which a later script adds a client_secret',
        () => ({ requests: [withScript('pm.request.body.urlencoded.add({ key: "client_secret", value: "x" })')] }),
        /form has client_secret 1 times, not 0/,
      ],
      [
        'whose assertion a later script has cut',
        () => ({
          requests: [
            withScript(
              'const { urlencoded } = pm.request.body; const one = urlencoded.get("client_assertion"); urlencoded.upsert({ key: "client_assertion", value: one.slice(0, -100) })',
            ),
          ],
        }),
        /its client_assertion is not whole/,
      ],
      [
        'that was authenticated, though a later script has changed the variable of the endpoint',
        () => ({
          requests: [
            withScript(
              'pm.environment.set("token_endpoint", "https://as.example.my"); pm.request.body.urlencoded.add({ key: "client_assertion", value: "x" })',
            ),
          ],
        }),
        /form has client_assertion 2 times, not 1/,
      ],
      [
        'to whose query a later script adds an assertion',
        () => ({ requests: [withScript('pm.request.url.addQueryParams("client_assertion=a.b.c")')] }),
        /form has client_assertion 2 times, not 1/,
      ],
      [
        'whose form a later script has made multipart, by its mode alone',
        () => ({ requests: [withScript('pm.request.body.mode = "formdata"')] }),
        /form has client_id 0 times, not 1/,
      ],
      [
        'whose Content-Length the collection has switched off',
        () => ({
          requests: [{ ...token(), protocolProfileBehavior: { disabledSystemHeaders: { 'content-length': true } } }],
        }),
        /its Content-Length cuts it/,
      ],
      [
        'whose Content-Length a later script has set',
        () => ({ requests: [withScript('pm.request.headers.add({ key: "Content-Length", value: "20" })')] }),
        /its Content-Length cuts it/,
      ],
      [
        'whose client_id a later script has changed',
        () => ({ requests: [withScript('pm.request.body.urlencoded.upsert({ key: "client_id", value: "other" })')] }),
        /its client_id is another/,
      ],
      [
        'to which a later script adds Basic',
        () => ({ requests: [withScript('pm.request.headers.add({ key: "Authorization", value: "Basic dTpw" })')] }),
        /it has Basic or the like too/,
      ],
      [
        'to which a later script adds the authorization of the host',
        () => ({
          requests: [
            withScript(
              'pm.request.auth = { type: "basic", basic: [{ key: "username", value: "u" }, { key: "password", value: "p" }] }',
            ),
          ],
        }),
        /it has Basic or the like too/,
      ],
      [
        'whose Content-Type a later script has changed',
        () => ({
          requests: [withScript('pm.request.headers.add({ key: "Content-Type", value: "application/json" })')],
        }),
        /form has client_id 0 times/,
      ],
      [
        'whose body a later script has made JSON',
        () => ({
          requests: [
            withScript(
              'pm.request.headers.add({ key: "Content-Type", value: "application/json" }); pm.request.body = { mode: "raw", raw: "{}" }',
            ),
          ],
        }),
        /form has client_id 0 times/,
      ],
      [
        'whose URL has zeros in front of the port',
        () => ({ requests: [token({ url: `http://127.0.0.1:0${port()}/token`, ...plainForm })] }),
        /saw http:.*:0\d+\/token, which is not http/,
      ],
      [
        'whose URL has dot segments',
        () => ({ requests: [token({ url: `${origin()}/a/../token`, ...plainForm })] }),
        /The pre-request script saw http/,
      ],
      [
        'whose URL is percent-encoded',
        () => ({ requests: [token({ url: `${origin()}/%74oken`, ...plainForm })] }),
        /The pre-request script saw http/,
      ],
      [
        'whose URL has the address in another form',
        () => ({ requests: [token({ url: `http://127.1:${port()}/token`, ...plainForm })] }),
        /The pre-request script saw http/,
      ],
      [
        'to which a later script adds an assertion, with tls_client_auth',
        () => ({
          requests: [withScript('pm.request.body.urlencoded.add({ key: "client_assertion", value: "x" })')],
          change: { token_endpoint_auth_method: 'tls_client_auth' },
        }),
        /form has client_assertion 1 times, not 0/,
      ],
      [
        'in a raw form that a later script has cut',
        () => ({
          requests: [
            withScript(
              'pm.request.body = { mode: "raw", raw: pm.request.body.raw.replace(/client_assertion=.*/, "") }',
              {
                ...raw('application/x-www-form-urlencoded', 'grant_type=x'),
              },
            ),
          ],
        }),
        /form has client_assertion 0 times/,
      ],
    ];
    for (const [title, arrange, says] of faults) itSends(title, arrange, outcome => assertCaught(outcome, says));

    itSends(
      'that a later script gave the assertion of the request before',
      () => ({
        requests: [
          withScript('pm.variables.set("kept", pm.request.body.urlencoded.get("client_assertion"))'),
          withScript('pm.request.body.urlencoded.upsert({ key: "client_assertion", value: pm.variables.get("kept") })'),
        ],
      }),
      outcome => {
        assert.equal(
          outcome.received[0]?.form.get('client_assertion'),
          outcome.received[1]?.form.get('client_assertion'),
        );
        assertCaught(outcome, /its client_assertion was not made for it/);
      },
    );

    itSends(
      'and nothing else when discovery has failed before',
      () => ({
        requests: [token(), { url: `${origin()}/payments`, ...raw('application/json', '{}') }],
        change: { token_endpoint: '', issuer: 'https://127.0.0.1:1' },
      }),
      outcome => {
        assert.deepEqual(
          outcome.received.map(({ url }) => url),
          ['/payments'],
        );
        assert.equal(outcome.tests.length, 1);
        assert.match(outcome.tests[0]?.error ?? '', /{{token_endpoint}}|127\.0\.0\.1:1/);
      },
    );

    itSends(
      'and nothing else: other places, methods, and forms that are right',
      () => ({
        requests: [
          token({ url: `${settings.token_endpoint}s`, ...plainForm }),
          token({ method: 'GET', body: undefined }),
          token({ method: 'PUT' }),
          withScript('pm.request.body.urlencoded.add({ key: "scope", value: "a+b%20ü" })'),
          withScript('pm.request.headers.add({ key: "Authorization", value: "Bearer t" })'),
          token(
            raw('application/x-www-form-urlencoded; charset=utf-8', `client_assertion_type=${ASSERTION_TYPE}&a=%C3%BC`),
          ),
        ],
      }),
      outcome => {
        assertGreen(outcome);
        assert.equal(outcome.received.length, 6);
      },
    );
  });
}
