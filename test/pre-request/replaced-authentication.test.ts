// What the variable existing_client_authentication does in each host: by default other client authentication at an endpoint is
// refused, and with `replace` it is taken out, and a body of plain fields becomes the form.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { basicAuth, form, type RequestDefinition, raw } from '../support/collections.ts';
import { hosts } from '../support/hosts.ts';
import { assertGreen, assertRefused, FORM, only, prepareScriptRuns, token, verified } from '../support/script-runs.ts';

const replace = { existing_client_authentication: 'replace' };
const OR_REPLACE = /, or set existing_client_authentication to replace\.$/;
const CHOOSE = 'Choose "x-www-form-urlencoded" in the tab Body';
const text = (key: string, value: string) => ({ key, value, type: 'text' });
const bearer = { type: 'bearer', bearer: [{ key: 'token', value: 't' }] };
const json = (body: string) => raw('application/json', body);
const grant = ['grant_type', 'client_credentials'] as const;

for (const host of hosts) {
  describe(`existing_client_authentication in ${host.name}`, () => {
    const { recorder, itSends, send, discovery } = prepareScriptRuns(host);

    /** What is in a request, what the default says of it, and what replaces it says that it has replaced. */
    const cases: [title: string, definition: () => Partial<RequestDefinition>, refusal: RegExp, replaced: string[]][] =
      [
        [
          'Basic in the tab Authorization',
          () => ({ auth: basicAuth() }),
          /authorization of type "basic".* Set "No Auth"/,
          ['authorization of type "basic"'],
        ],
        [
          'a bearer token in the tab Authorization',
          () => ({ auth: bearer }),
          /authorization of type "bearer"/,
          ['authorization of type "bearer"'],
        ],
        [
          'a header of Basic, under a name out of a variable',
          () => ({ header: [{ key: '{{header}}', value: 'Basic {{basic}}' }] }),
          /Basic in a header.* Remove the header/,
          ['Basic in a header'],
        ],
        [
          'a client_secret in the form',
          () => ({ body: form([...grant], ['client_secret', '{{secret}}']) }),
          /The form must not hold "client_secret".* Remove it/,
          ['"client_secret"'],
        ],
        [
          'a client_secret in a raw form',
          () => raw(FORM, 'client_secret=x&grant_type=client_credentials'),
          /The form must not hold "client_secret"/,
          ['"client_secret"'],
        ],
        [
          'a user name in the URL',
          () => ({ url: `${recorder.origin.replace('//', '//user:pw@')}/token` }),
          /The URL must not hold a user name/,
          ['a user name'],
        ],
        [
          'a client and its secret in the query',
          () => ({ url: '{{token_endpoint}}?client_id=a&b=c&client%5Fsecret={{secret}}' }),
          /The URL must not hold "client_id"/,
          ['"client_id"', '"client_secret"'],
        ],
        [
          'a JSON object',
          () => json('{"grant_type":"client_credentials","n":60,"t":true,"client_secret":"{{secret}}"}'),
          new RegExp(`"body" must be .* something else. ${CHOOSE}. Remove the header Content-Type`),
          ['the header Content-Type of something else', '"client_secret"'],
        ],
        [
          'a JSON object without a header',
          () => ({
            body: { mode: 'raw', raw: '{"grant_type":"client_credentials"}', options: { raw: { language: 'json' } } },
          }),
          new RegExp(`got a body of mode "raw". ${CHOOSE}`),
          ['a body of mode "raw"'],
        ],
        [
          'a multipart form',
          () => ({ body: { mode: 'formdata', formdata: [text(...grant), text('client_secret', '{{secret}}')] } }),
          new RegExp(`got a body of mode "formdata". ${CHOOSE}`),
          ['a body of mode "formdata"', '"client_secret"'],
        ],
        [
          'a form under the Content-Type of JSON',
          () => ({ header: [{ key: 'content-type', value: 'application/json' }] }),
          /got the header Content-Type of something else\. Remove the header Content-Type/,
          ['the header Content-Type of something else'],
        ],
      ];
    const variables = { header: 'authorization', basic: 'dTpw', secret: 'hush' };
    for (const [title, definition, refusal, replaced] of cases) {
      itSends(
        `refuses ${title} by default, and says that it can be replaced`,
        () => ({ requests: [token(definition())], change: variables }),
        outcome => assert.match(assertRefused(outcome, refusal), OR_REPLACE),
      );
      itSends(
        `replaces ${title}, and says so`,
        () => ({ requests: [token(definition())], change: { ...variables, ...replace } }),
        async outcome => {
          assertGreen(outcome);
          const { url, headers, form: sent } = only(outcome);
          assert.match(url, /^\/token(\?b=c)?$/);
          assert.equal(headers.authorization, undefined);
          assert.equal(headers['content-type'], FORM);
          assert.equal(sent.get('grant_type'), 'client_credentials');
          assert.equal(sent.has('client_secret'), false);
          assert.equal(sent.get('client_id'), 'client-1');
          if (title === 'a JSON object') assert.deepEqual([sent.get('n'), sent.get('t')], ['60', 'true']);
          assert.equal(sent.getAll('client_assertion').length, 1);
          await verified(sent.get('client_assertion') ?? '');
          const line = outcome.consoleLines.join('\n');
          assert(line.endsWith(replaced.map(what => `, replaced ${what}`).join('')), line);
          assert.doesNotMatch(line, /hush|dTpw/);
        },
      );
    }

    const kept: [string, Partial<RequestDefinition>, RegExp][] = [
      ['a JSON object with nested values', json('{"grant_type":"x","a":{}}'), /Remove the header Content-Type\.$/],
      ['a JSON array', json('[]'), /Remove the header Content-Type\.$/],
      ['text', raw('text/plain', 'grant_type=x'), /Remove the header Content-Type\.$/],
      ['GraphQL', { body: { mode: 'graphql', graphql: { query: '{a}' } } }, /got a body of mode "graphql"/],
      [
        'a multipart form with a file',
        { body: { mode: 'formdata', formdata: [text(...grant), { key: 'f', type: 'file', src: null }] } },
        /got a body of mode "formdata"/,
      ],
    ];
    for (const [title, definition, says] of kept) {
      itSends(
        `refuses ${title}, which can not be replaced, and says what to do`,
        () => ({ requests: [token(definition)], change: replace }),
        outcome => {
          const message = assertRefused(outcome, says);
          assert(message.includes(CHOOSE), message);
          assert.doesNotMatch(message, /existing_client_authentication/);
        },
      );
    }

    itSends(
      'refuses a reference in JSON that nothing resolves',
      () => ({ requests: [token(json('{"grant_type":"{{nope}}"}'))], change: replace }),
      outcome => assertRefused(outcome, /The form holds an unresolved {{nope}}/),
    );
    for (const value of ['Replace', 'yes', '{{nope}}']) {
      itSends(
        `refuses the value ${value}`,
        () => ({ requests: [token()], change: { existing_client_authentication: value } }),
        outcome =>
          assertRefused(outcome, /"existing_client_authentication" must be refuse or replace, got .*\. (Unset|Set)/),
      );
    }
    itSends(
      'takes the value refuse',
      () => ({ requests: [token()], change: { existing_client_authentication: ' refuse ' } }),
      assertGreen,
    );

    itSends(
      'discovers the endpoint of a JSON object that is plainly one of OAuth',
      () => ({
        requests: [token({ url: `${recorder.origin}/token`, ...json('{"grant_type":"client_credentials"}') })],
        ...discovery({}, replace),
      }),
      outcome => {
        assertGreen(outcome);
        assert.equal(outcome.received.at(-1)?.form.has('client_assertion'), true);
      },
    );
    itSends(
      'refuses the same by default',
      () => ({
        requests: [token({ url: `${recorder.origin}/token`, ...json('{"grant_type":"client_credentials"}') })],
        ...discovery(),
      }),
      outcome => assertRefused(outcome, /"body" must be/, ['/.well-known/openid-configuration']),
    );

    itSends(
      'leaves requests alone that go to no endpoint',
      () => ({
        requests: [
          { url: `${recorder.origin}/api`, auth: basicAuth(), ...json('{"client_secret":"x"}') },
          { url: `${recorder.origin}/form?client_id=a`, body: form(['client_secret', 'x']) },
        ],
        change: replace,
      }),
      outcome => {
        assertGreen(outcome);
        assert.deepEqual(
          outcome.received.map(({ url, headers, body }) => [url, headers.authorization?.slice(0, 5), body]),
          [
            ['/api', 'Basic', '{"client_secret":"x"}'],
            ['/form?client_id=a', undefined, 'client_secret=x'],
          ],
        );
      },
    );

    it('replaces authorization that the request inherits', async () => {
      const outcome = await send([token()], replace, { collection: { auth: basicAuth() } });
      assertGreen(outcome);
      assert.equal(only(outcome).headers.authorization, undefined);
    });
  });
}
