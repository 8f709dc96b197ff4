// What the built script puts on the wire with private_key_jwt in each host: the form, the assertion in it, the console line.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { basicAuth, collectionOf, form, type RequestDefinition, raw } from '../support/collections.ts';
import { hosts } from '../support/hosts.ts';
import { toJwk } from '../support/keys.ts';
import { type Recorder, startRecorder } from '../support/recorder.ts';
import {
  ASSERTION_TYPE,
  assertGreen,
  FORM,
  type Outcome,
  only,
  prepareScriptRuns,
  privateKey,
  token,
  verified,
} from '../support/script-runs.ts';

/** What the one request that arrived holds in its assertion. */
const verifiedOnly = (outcome: Outcome) => verified(only(outcome).form.get('client_assertion') as string);

for (const host of hosts) {
  describe(`the pre-request script in ${host.name} with private_key_jwt`, () => {
    let other: Recorder;
    before(async () => {
      other = await startRecorder();
    });
    after(() => other.close());
    const { recorder, settings, itSends, send, sendCollection } = prepareScriptRuns(host);
    const authority = () => new URL(recorder.origin).host;

    itSends(
      'sends client_id, client_assertion_type and a client assertion as PayNet describes it',
      () => ({ requests: [token()] }),
      async outcome => {
        assertGreen(outcome);
        const { headers, form: sent } = only(outcome);
        assert.equal(headers['content-type'], FORM);
        assert.deepEqual([...sent.keys()], ['grant_type', 'client_id', 'client_assertion_type', 'client_assertion']);
        assert.equal(sent.get('client_id'), 'client-1');
        assert.equal(sent.get('client_assertion_type'), ASSERTION_TYPE);
        const assertion = sent.get('client_assertion') as string;
        assert.match(assertion, /^[\w-]+\.[\w-]+\.[\w-]{342}$/);
        const { header, claims } = await verified(assertion);
        assert.deepEqual(header, { alg: 'PS256', kid: 'key-1' });
        assert.deepEqual(Object.keys(claims), ['iss', 'sub', 'aud', 'iat', 'exp', 'jti']);
        assert.equal(claims.iss, 'client-1');
        assert.equal(claims.sub, 'client-1');
        assert.equal(claims.aud, settings.token_endpoint);
        assert.equal(Number.isInteger(claims.iat), true);
        assert.equal(claims.iat <= Date.now() / 1000 && claims.iat > Date.now() / 1000 - 60, true, `iat ${claims.iat}`);
        assert.equal(claims.exp, claims.iat + 600);
        assert.match(claims.jti, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
      },
    );

    itSends(
      'says in one console line what was sent, without key or assertion',
      () => ({ requests: [token()] }),
      async outcome => {
        const { claims } = await verifiedOnly(outcome);
        assert.deepEqual(outcome.consoleLines, [
          `client authentication: private_key_jwt at token_endpoint ${settings.token_endpoint} kid=key-1 aud=${claims.aud} iss=client-1 jti=${claims.jti} for 600 s`,
        ]);
      },
    );

    itSends(
      'replaces whatever was in the form, duplicates and disabled entries too',
      () => {
        const body = form(
          ['client_id', 'other'],
          ['client_id', 'third', true],
          ['client_assertion', '{{client_assertion}}'],
          ['client_assertion', 'again'],
          ['client_assertion_type', 'wrong'],
          ['{{name}}', 'hidden'],
          ['scope', '{{scope}}'],
          ['left', 'out', true],
        );
        return { requests: [token({ body })], change: { name: 'client_assertion', scope: 'accounts' } };
      },
      async outcome => {
        assertGreen(outcome);
        const { form: sent } = only(outcome);
        assert.deepEqual([...sent.keys()], ['scope', 'client_id', 'client_assertion_type', 'client_assertion']);
        assert.equal(sent.get('scope'), 'accounts');
        assert.equal(sent.get('client_id'), 'client-1');
        await verifiedOnly(outcome);
      },
    );

    const missing: [string, Partial<RequestDefinition>][] = [
      ['missing', { body: undefined }],
      ['empty', { body: { mode: 'raw', raw: '' } }],
      [
        'switched off',
        {
          header: [{ key: 'Content-Type', value: FORM }],
          body: { ...form(['hidden', 'x']), disabled: true },
        },
      ],
      ['nothing but whitespace', raw(FORM, ' \n ')],
    ];
    for (const [title, definition] of missing) {
      itSends(
        `makes a form of a body that is ${title}`,
        () => ({ requests: [token(definition)] }),
        outcome => {
          assertGreen(outcome);
          const { headers, form: sent } = only(outcome);
          assert.equal(headers['content-type'], FORM);
          assert.deepEqual([...sent.keys()], ['client_id', 'client_assertion_type', 'client_assertion']);
        },
      );
    }

    itSends(
      'understands a raw body with the content type of a form, also in several lines',
      () => {
        const text =
          'grant_type=client_credentials\n&client_id={{client_id}}\n&scope={{scope}}%20x\n&client%5Fassertion=old';
        return { requests: [token(raw(`${FORM}; charset=utf-8`, text))], change: { scope: 'a+b' } };
      },
      async outcome => {
        assertGreen(outcome);
        const { body, form: sent } = only(outcome);
        assert.match(body, /^grant_type=client_credentials&scope=a\+b%20x&client_id=client-1&client_assertion_type=/);
        assert.deepEqual(sent.getAll('client_id'), ['client-1']);
        assert.equal(sent.getAll('client_assertion').length, 1);
        await verifiedOnly(outcome);
      },
    );

    const spelt: [string, Partial<RequestDefinition>][] = [
      ['with whitespace around their names', { body: form([' client_assertion ', 'old'], ['kept', '1']) }],
      ['spelt in another way', raw(FORM, 'client%5Fassertion+=old&+client_id=x&kept=1&bad%zz=2')],
    ];
    for (const [title, definition] of spelt) {
      itSends(
        `knows its parameters ${title}`,
        () => ({ requests: [token(definition)] }),
        outcome => {
          assertGreen(outcome);
          const { body, form: sent } = only(outcome);
          const names = [...sent.keys()].filter(name => !name.startsWith('bad'));
          assert.deepEqual(names, ['kept', 'client_id', 'client_assertion_type', 'client_assertion']);
          if (title.startsWith('spelt')) assert.match(body, /&bad%zz=2&/);
        },
      );
    }

    itSends(
      'does not mind what is switched off: fields, headers',
      () => ({
        requests: [
          token({
            body: form(['scope', 'accounts'], ['token', '{{nowhere}}', true], ['client_secret', 'x', true]),
            header: [
              { key: 'Authorization', value: 'Basic dTpw', disabled: true },
              { key: 'Content-Type', value: 'application/json', disabled: true },
            ],
          }),
        ],
      }),
      outcome => {
        assertGreen(outcome);
        assert.equal(only(outcome).headers.authorization, undefined);
      },
    );

    itSends(
      'lets endpoints that are set by hand be on different hosts',
      () => {
        const elsewhere = recorder.origin.replace('127.0.0.1', 'localhost');
        return {
          requests: [{ url: '{{introspection_endpoint}}', body: form(['token', 't']) }],
          change: { introspection_endpoint: `${elsewhere}/introspection` },
        };
      },
      async outcome => {
        assertGreen(outcome);
        assert.equal((await verifiedOnly(outcome)).claims.aud, settings.token_endpoint);
      },
    );

    for (const url of ['{{base}}/token?a=1', '{{token_endpoint}}']) {
      itSends(
        `sends the assertion where it was made for, though a script after it changes a variable of ${url}`,
        () => {
          const change = `for (const scope of [pm.variables, pm.environment]) {
            scope.set('base', '${other.origin}'); scope.set('token_endpoint', '${other.origin}/token');
          }`;
          const event = [{ listen: 'prerequest', script: { exec: [change] } }];
          return { requests: [{ ...token({ url }), event }], change: { base: recorder.origin } };
        },
        async outcome => {
          assertGreen(outcome);
          assert.equal((await verifiedOnly(outcome)).claims.aud, `${recorder.origin}/token`);
          assert.match(only(outcome).url, /^\/token(\?a=1)?$/);
          assert.deepEqual(other.requests, []);
        },
      );
    }

    itSends(
      'leaves the URL a URL for the scripts after it',
      () => {
        const exec = ['pm.request.url.query.add({ key: "b", value: "2" });'];
        const event = [{ listen: 'prerequest', script: { exec } }];
        return { requests: [{ ...token({ url: '{{token_endpoint}}?a=1' }), event }] };
      },
      outcome => {
        assertGreen(outcome);
        assert.equal(only(outcome).url, '/token?a=1&b=2');
      },
    );

    itSends(
      'sends to the endpoint itself what has whitespace of any kind behind it',
      () => ({ requests: [token({ url: '{{token_endpoint}}\u00a0' })] }),
      outcome => {
        assertGreen(outcome);
        assert.equal(only(outcome).url, '/token');
      },
    );

    itSends(
      'authenticates a POST whose method is a reference',
      () => ({ requests: [token({ method: '{{VERB}}' })], change: { VERB: 'post' } }),
      async outcome => {
        assertGreen(outcome);
        assert.equal(only(outcome).method, 'POST');
        await verified(only(outcome).form.get('client_assertion') as string);
      },
    );

    itSends(
      'takes a number for the value of a field',
      () => ({ requests: [token({ body: { mode: 'urlencoded', urlencoded: [{ key: 'max_age', value: 5 }] } })] }),
      outcome => {
        assertGreen(outcome);
        assert.equal(only(outcome).form.get('max_age'), '5');
      },
    );

    const client_id = 'a&b=c "d" +%20\\e\'';
    for (const [title, definition] of [
      ['form', {}],
      ['raw form', raw(FORM, 'a=b')],
    ] as const) {
      itSends(
        `sends a client_id with special characters unharmed in a ${title}`,
        () => ({ requests: [token(definition)], change: { client_id } }),
        async outcome => {
          assertGreen(outcome);
          assert.equal(only(outcome).form.get('client_id'), client_id);
          assert.equal((await verifiedOnly(outcome)).claims.sub, client_id);
        },
      );
    }

    itSends(
      'keeps a kid beyond ASCII',
      () => ({ requests: [token()], change: { kid: 'schlüssel-✓' } }),
      async outcome => {
        assertGreen(outcome);
        assert.equal((await verifiedOnly(outcome)).header.kid, 'schlüssel-✓');
      },
    );

    const issuer = 'https://auth1.example.my';
    const audiences: [Record<string, unknown>, () => string][] = [
      [{ client_assertion_audience: 'token_endpoint' }, () => settings.token_endpoint as string],
      [{ client_assertion_audience: 'issuer', issuer }, () => issuer],
      [{ client_assertion_audience: 'https://as.example.my/x', issuer }, () => 'https://as.example.my/x'],
    ];
    for (const [change, aud] of audiences) {
      itSends(
        `takes audience, lifetime and clock offset from the variables: ${change.client_assertion_audience}`,
        () => ({
          requests: [token()],
          change: { ...change, client_assertion_lifetime: 45, clock_offset: '-90' },
        }),
        async outcome => {
          assertGreen(outcome);
          const { claims } = await verifiedOnly(outcome);
          assert.equal(claims.aud, aud());
          assert.equal(claims.exp - claims.iat, 45);
          assert.equal(Math.abs(Date.now() / 1000 - 90 - claims.iat) < 60, true);
        },
      );
    }

    const urls: [string, () => string][] = [
      ['written out, with a query', () => `${recorder.origin}/token?trace=1`],
      ['in other case', () => `HTTP://${authority()}/token`],
      ['in other case, with a space in its query', () => `HTTP://${authority()}/token?a=1 b`],
      ['without scheme', () => `${authority()}/token`],
      ['with a line break in its query', () => '{{token_endpoint}}?a=1\nb'],
    ];
    for (const [title, url] of urls) {
      itSends(
        `knows an endpoint whose URL is ${title}`,
        () => ({ requests: [token({ url: url() })] }),
        outcome => {
          assertGreen(outcome);
          assert.equal(only(outcome).form.has('client_assertion'), true);
        },
      );
    }

    itSends(
      'resolves a variable that refers to others',
      () => ({
        requests: [token()],
        change: {
          authority: authority(),
          token_endpoint: 'http://{{authority}}/{{path}}',
          path: 'token',
          client_id: '{{me}}',
          me: 'c-2',
        },
      }),
      async outcome => {
        assertGreen(outcome);
        const { claims } = await verifiedOnly(outcome);
        assert.equal(claims.aud, `${recorder.origin}/token`);
        assert.equal(claims.sub, 'c-2');
      },
    );

    it('understands a content type out of a variable, and a JWK that a data file gives as an object', async () => {
      const data = [{ ct: FORM, signing_key: toJwk(privateKey) }];
      const outcome = await send([token(raw('{{ct}}', 'a=b'))], {}, { data });
      assertGreen(outcome);
      await verifiedOnly(outcome);
    });

    it('takes collection variables too', async () => {
      const variable = Object.entries(settings).map(([key, value]) => ({ key, value }));
      const outcome = await sendCollection(collectionOf([token()], { variable }));
      assertGreen(outcome);
      await verifiedOnly(outcome);
    });

    it('does not let inherited authorization join the request', async () => {
      const outcome = await send([token()], {}, { collection: { auth: basicAuth() } });
      assertGreen(outcome);
      assert.equal(only(outcome).headers.authorization, undefined);
    });

    for (const [title, kid, expected] of [
      ['the kid from the JWK', '', 'of-jwk'],
      ['the variable before the kid of the JWK', 'of-variable', 'of-variable'],
    ] as const) {
      itSends(
        `takes ${title}`,
        () => ({
          requests: [token()],
          change: { signing_key: JSON.stringify({ ...toJwk(privateKey), kid: 'of-jwk' }), kid },
        }),
        async outcome => {
          assertGreen(outcome);
          assert.equal((await verifiedOnly(outcome)).header.kid, expected);
        },
      );
    }
  });
}
