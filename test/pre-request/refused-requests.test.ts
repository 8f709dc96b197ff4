// What the built script refuses in each host, and with which sentence: settings and requests. Nothing is sent then, and the
// run is red.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { basicAuth, collectionOf, form, type RequestDefinition, raw, script } from '../support/collections.ts';
import { hosts } from '../support/hosts.ts';
import { assertRefused, FORM, prepareScriptRuns, token, urlsOf } from '../support/script-runs.ts';

for (const host of hosts) {
  describe(`the pre-request script in ${host.name} refuses`, () => {
    const { recorder, settings, itSends, sendCollection } = prepareScriptRuns(host);

    const cases: [string, Record<string, unknown>, RegExp][] = [
      ['a missing client_id', { client_id: '' }, /"client_id" must be .* got nothing\. Set it in the environment/],
      [
        'an unresolved client_id',
        { client_id: '{{CLIENT_ID}}' },
        /"client_id" must be .* got an unresolved \{\{CLIENT_ID\}\}/,
      ],
      ['a client_id beyond ASCII', { client_id: 'bänk' }, /"client_id" must be/],
      ['a missing kid', { kid: '' }, /"kid" must be the key ID in the registered JWKS, got nothing/],
      ['an unresolved kid', { kid: '{{KID}}' }, /"kid" must be .* unresolved \{\{KID\}\}/],
      [
        'another method',
        { token_endpoint_auth_method: 'client_secret_post' },
        /"token_endpoint_auth_method" must be private_key_jwt or tls_client_auth, got "client_secret_post"/,
      ],
      [
        'another typ',
        { client_assertion_typ: 'JWT' },
        /"client_assertion_typ" must be nothing or client-authentication\+jwt, got "JWT"/,
      ],
      ['an unresolved typ', { client_assertion_typ: '{{TYP}}' }, /"client_assertion_typ" must be .* \{\{TYP\}\}/],
      [
        'a lifetime of 0',
        { client_assertion_lifetime: '0' },
        /"client_assertion_lifetime" must be a whole number of seconds from 1 to 600, got "0"/,
      ],
      ['a lifetime of 601', { client_assertion_lifetime: 601 }, /from 1 to 600, got "601"/],
      ['a lifetime of 1.5', { client_assertion_lifetime: '1.5' }, /from 1 to 600, got "1\.5"/],
      ['a lifetime that is no number', { client_assertion_lifetime: 'NaN' }, /from 1 to 600, got "NaN"/],
      ['a lifetime in other notation', { client_assertion_lifetime: '1e2' }, /from 1 to 600/],
      ['an infinite lifetime', { client_assertion_lifetime: 'Infinity' }, /from 1 to 600/],
      [
        'a clock offset of more than a day',
        { clock_offset: '86401' },
        /"clock_offset" must be .* from -86400 to 86400/,
      ],
      ['a client_id with an opening brace', { client_id: 'a{{b' }, /"client_id" must be/],
      [
        'a clock offset that is no number',
        { clock_offset: 'soon' },
        /"clock_offset" must be a whole number of seconds/,
      ],
      [
        'an audience that is no URL',
        { client_assertion_audience: 'token' },
        /"client_assertion_audience" must be token_endpoint, issuer, or an https URL, got "token"/,
      ],
      [
        'an audience on http',
        { client_assertion_audience: 'http://as.example.my' },
        /"client_assertion_audience" must be an https URL/,
      ],
      [
        'the audience issuer without an issuer',
        { client_assertion_audience: 'issuer', issuer: '' },
        /"issuer" must be an https URL.*got nothing/,
      ],
      [
        'an endpoint that is not set, without an issuer',
        { token_endpoint: '' },
        /"token_endpoint" must be an https URL, got nothing\. Set it, or set "issuer"/,
      ],
      [
        'an endpoint on http',
        { token_endpoint: 'http://as.example.my/token' },
        /"token_endpoint" must be an https URL/,
      ],
      [
        'an endpoint without scheme',
        { token_endpoint: 'as.example.my/token' },
        /"token_endpoint" must be an https URL/,
      ],
      [
        'an endpoint with whitespace around it',
        { token_endpoint: ' https://as.example.my/token ' },
        /got one with \w+ around it/,
      ],
      [
        'an endpoint with an unresolved part',
        { token_endpoint: 'https://{{HOST}}/token' },
        /"token_endpoint" must be .* unresolved \{\{HOST\}\}/,
      ],
      [
        'an endpoint with user information',
        { token_endpoint: 'https://user:secret@as.example.my/token' },
        /"token_endpoint" must be .* got one of another form/,
      ],
    ];
    for (const [title, change, says] of cases) {
      itSends(
        title,
        () => ({ requests: [token()], change }),
        outcome => assert.doesNotMatch(assertRefused(outcome, says), /user:secret/),
      );
    }

    const oddNames: [string, string, RegExp][] = [
      ['client_id', ' client_id', /"client_id" must be .* got nothing/],
      ['kid', 'kid ', /"kid" must be .* got nothing/],
      ['signing_key', 'signing_key ', /"signing_key" must be .* got nothing/],
      ['token_endpoint', 'token_endpoint\t', /"token_endpoint" must be .* got nothing/],
    ];
    for (const [name, odd, says] of oddNames) {
      itSends(
        `a missing ${name} that is set under a name with whitespace`,
        () => ({ requests: [token()], change: { [name]: undefined, [odd]: settings[name] } }),
        outcome => assertRefused(outcome, says),
      );
    }

    it('a run without an environment, by the name of the endpoint', async () => {
      const outcome = await sendCollection(collectionOf([token()]));
      assertRefused(outcome, /"token_endpoint" must be an https URL, got nothing/);
    });

    const bodies: [string, Partial<RequestDefinition>, RegExp][] = [
      [
        'a JSON body',
        raw('application/json', '{"grant_type":"client_credentials"}'),
        /"body" must be application\/x-www-form-urlencoded, got the header Content-Type of something else/,
      ],
      ['a raw body without content type', { body: { mode: 'raw', raw: 'grant_type=x' } }, /got a body of mode "raw"/],
      [
        'a multipart body',
        { body: { mode: 'formdata', formdata: [{ key: 'a', value: 'b', type: 'text' }] } },
        /got a body of mode "formdata"/,
      ],
      ['a GraphQL body', { body: { mode: 'graphql', graphql: { query: '{a}' } } }, /got a body of mode "graphql"/],
      [
        'a form under another content type',
        { header: [{ key: 'content-type', value: 'application/json' }] },
        /got the header Content-Type of something else/,
      ],
      [
        'a header Authorization: Basic',
        { header: [{ key: 'authorization', value: 'basic dTpw' }] },
        /must not hold Basic in a header/,
      ],
      ['Basic in the tab Authorization', { auth: basicAuth() }, /must not hold authorization of type "basic"/],
      ['a client_secret in the form', { body: form(['client_secret', 'x']) }, /must not hold "client_secret"/],
      [
        'an unresolved variable in the form',
        { body: form(['token', '{{access_token}}']) },
        /The form holds an unresolved \{\{access_token\}\}\. Set that variable/,
      ],
      [
        'Basic out of a variable',
        { header: [{ key: 'Authorization', value: '{{basic}}' }] },
        /must not hold Basic in a header/,
      ],
      [
        'Basic under a name out of a variable',
        { header: [{ key: '{{header}}', value: 'Basic dTpw' }] },
        /must not hold Basic in a header/,
      ],
      [
        'an API key of its own',
        { auth: { type: 'apikey', apikey: [] } },
        /must not hold authorization of type "apikey"/,
      ],
      [
        'Digest, which would send the assertion twice',
        { auth: { type: 'digest', digest: [] } },
        /authorization of type "digest"/,
      ],
      [
        'a client_secret in the query',
        { url: '{{token_endpoint}}?a=b&client_secret=x' },
        /The URL must not hold "client_secret"/,
      ],
      [
        'an assertion in the query',
        { url: '{{token_endpoint}}?client%5Fassertion=x#y' },
        /The URL must not hold "client_assertion"/,
      ],
      ['a user name in the URL', { url: 'http://user:pw@{{authority}}/token' }, /The URL must not hold a user name/],
      [
        'an unresolved variable in the query',
        { url: '{{token_endpoint}}?a={{nope}}' },
        /The URL holds an unresolved \{\{nope\}\}/,
      ],
      [
        'an unresolved variable in a header',
        { header: [{ key: 'x', value: '{{nope}}' }] },
        /A header holds an unresolved \{\{nope\}\}/,
      ],
      [
        'an unresolved variable with a long name',
        { body: form(['a', `{{${'x'.repeat(90)}}}`]) },
        /The form holds an unresolved \{\{…\}\}/,
      ],
      ['a client_secret in a raw form', raw(FORM, 'client_secret=x'), /must not hold "client_secret"/],
      [
        'an unresolved variable in the name of a field',
        { body: form(['{{field}}', 'x']) },
        /The form holds an unresolved \{\{field\}\}/,
      ],
      [
        'an unresolved variable in a raw form',
        raw(FORM, 'token={{access_token}}'),
        /The form holds an unresolved \{\{access_token\}\}/,
      ],
    ];
    for (const [title, definition, says] of bodies) {
      itSends(
        title,
        () => {
          const authority = new URL(recorder.origin).host;
          return {
            requests: [token(definition)],
            change: { basic: 'Basic dTpw', header: 'Authorization', authority },
          };
        },
        outcome => assertRefused(outcome, says),
      );
    }

    const token_endpoint_auth_method = 'tls_client_auth';
    const byCertificate: [string, Partial<RequestDefinition>, Record<string, unknown>, RegExp][] = [
      ['Basic in the tab Authorization', { auth: basicAuth() }, {}, /authorization of type "basic"/],
      [
        'an endpoint on http',
        {},
        { token_endpoint: 'http://as.example.my/token' },
        /"token_endpoint" must be an https URL/,
      ],
      ['a JSON body', raw('application/json', '{}'), {}, /"body" must be/],
    ];
    for (const [title, definition, change, says] of byCertificate) {
      itSends(
        `${title} with tls_client_auth too`,
        () => ({ requests: [token(definition)], change: { ...change, token_endpoint_auth_method } }),
        outcome => assertRefused(outcome, says),
      );
    }

    itSends(
      'one request, and goes on with the next',
      () => ({
        requests: [token(raw('application/json', '{}')), { method: 'GET', url: `${recorder.origin}/next` }],
      }),
      outcome => {
        assert.deepEqual(urlsOf(outcome), ['/next']);
        assert.equal(outcome.failed, true);
      },
    );

    it('even when the script itself fails, without its message', async () => {
      const broken = script.replace('pm.request.url.toString()', 'JSON.parse(pm.variables.get("signing_key"))');
      assert.notEqual(broken, script);
      const outcome = await sendCollection(collectionOf([token()], {}, broken), { environment: settings });
      assertRefused(outcome, /^Error: The script itself failed \(\w+\); nothing was sent\.$/);
    });
  });
}
