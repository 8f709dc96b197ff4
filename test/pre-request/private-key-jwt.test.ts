// What the built script puts on the wire with private_key_jwt in each host: the form, the assertion in it, the console line.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { basicAuth, collectionOf, form, raw } from '../support/collections.ts';
import { hosts } from '../support/hosts.ts';
import { toJwk } from '../support/keys.ts';
import { startRecorder } from '../support/recorder.ts';
import { ASSERTION_TYPE, FORM, prepareScriptRuns, privateKey, token, verified } from '../support/script-runs.ts';

for (const host of hosts) {
  describe(`the pre-request script in ${host.name} with private_key_jwt`, () => {
    const { recorder, settings, send, only, assertGreen } = prepareScriptRuns(host);

    it('sends client_id, client_assertion_type and a client assertion as PayNet describes it', async () => {
      const start = Math.floor(Date.now() / 1000);
      const run = await send([token()]);
      assertGreen(run);
      const { headers, form: sent } = only();
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
      assert.equal(Number.isInteger(claims.iat) && claims.iat >= start && claims.iat <= Date.now() / 1000, true);
      assert.equal(claims.exp, claims.iat + 600);
      assert.match(claims.jti, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    });

    it('says in one console line what was sent, without key or assertion', async () => {
      const run = await send([token()]);
      const { form: sent } = only();
      const assertion = sent.get('client_assertion') as string;
      const { claims } = await verified(assertion);
      assert.deepEqual(run.consoleLines, [
        `client authentication: private_key_jwt at token_endpoint ${settings.token_endpoint} kid=key-1 aud=${claims.aud} iss=client-1 jti=${claims.jti} for 600 s`,
      ]);
    });

    it('makes a new jti and a new signature for every request and every iteration', async () => {
      assertGreen(await send([token(), token()], {}, { iterations: 3 }));
      const assertions = recorder.requests.map(({ form: sent }) => sent.get('client_assertion') as string);
      const seen = await Promise.all(assertions.map(assertion => verified(assertion)));
      assert.equal(new Set(seen.map(({ claims }) => claims.jti)).size, 6);
      assert.equal(new Set(assertions.map(assertion => assertion.split('.')[2])).size, 6);
    });

    it('makes a new jti and a new signature for a request that is sent again', async () => {
      const again = `pm.variables.set('sent', (pm.variables.get('sent') ?? 0) + 1);
          if (pm.variables.get('sent') < 4) (pm.execution.setNextRequest ?? postman.setNextRequest)(pm.info.requestName);`;
      const collection = collectionOf([token()]) as { event: object[] };
      collection.event.push({ listen: 'test', script: { exec: [again] } });
      assertGreen(await send([], {}, { collection }));
      const assertions = recorder.requests.map(({ form: sent }) => sent.get('client_assertion') as string);
      const seen = await Promise.all(assertions.map(assertion => verified(assertion)));
      assert.equal(assertions.length, 4);
      assert.equal(new Set(seen.map(({ claims }) => claims.jti)).size, 4);
      assert.equal(new Set(assertions.map(assertion => assertion.split('.')[2])).size, 4);
    });

    it('replaces whatever stood in the form, duplicates and disabled entries too', async () => {
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
      assertGreen(await send([token({ body })], { name: 'client_assertion', scope: 'accounts' }));
      const { form: sent } = only();
      assert.deepEqual([...sent.keys()], ['scope', 'client_id', 'client_assertion_type', 'client_assertion']);
      assert.equal(sent.get('scope'), 'accounts');
      assert.equal(sent.get('client_id'), 'client-1');
      await verified(sent.get('client_assertion') as string);
    });

    it('makes a form of a missing body', async () => {
      for (const definition of [{ url: '{{token_endpoint}}' }, token({ body: { mode: 'raw', raw: '' } })]) {
        recorder.requests.length = 0;
        assertGreen(await send([definition]));
        const { headers, form: sent } = only();
        assert.equal(headers['content-type'], FORM);
        assert.deepEqual([...sent.keys()], ['client_id', 'client_assertion_type', 'client_assertion']);
      }
    });

    it('understands a raw body with the content type of a form, also in several lines', async () => {
      const text =
        'grant_type=client_credentials\n&client_id={{client_id}}\n&scope={{scope}}%20x\n&client%5Fassertion=old';
      assertGreen(
        await send([{ url: '{{token_endpoint}}', ...raw(`${FORM}; charset=utf-8`, text) }], { scope: 'a+b' }),
      );
      const { body, form: sent } = only();
      assert.match(body, /^grant_type=client_credentials&scope=a\+b%20x&client_id=client-1&client_assertion_type=/);
      assert.deepEqual(sent.getAll('client_id'), ['client-1']);
      assert.equal(sent.getAll('client_assertion').length, 1);
      await verified(sent.get('client_assertion') as string);
    });

    it('takes a body that is switched off, or blank, for a missing one', async () => {
      const bodies = [
        { ...form(['hidden', 'x']), disabled: true },
        { mode: 'raw', raw: ' \n ' },
      ];
      for (const body of bodies) {
        recorder.requests.length = 0;
        assertGreen(await send([{ url: '{{token_endpoint}}', header: [{ key: 'Content-Type', value: FORM }], body }]));
        assert.deepEqual([...only().form.keys()], ['client_id', 'client_assertion_type', 'client_assertion']);
      }
    });

    it('knows its parameters with blanks around their names, and spelt in another way', async () => {
      const definitions = [
        token({ body: form([' client_assertion ', 'old'], ['kept', '1']) }),
        { url: '{{token_endpoint}}', ...raw(FORM, 'client%5Fassertion+=old&+client_id=x&kept=1&bad%zz=2') },
      ];
      for (const definition of definitions) {
        recorder.requests.length = 0;
        assertGreen(await send([definition]));
        const names = [...only().form.keys()].filter(name => !name.startsWith('bad'));
        assert.deepEqual(names, ['kept', 'client_id', 'client_assertion_type', 'client_assertion']);
      }
      assert.match(only().body, /&bad%zz=2&/);
    });

    it('does not mind what is switched off: fields, headers', async () => {
      const definition = token({
        body: form(['scope', 'accounts'], ['token', '{{nowhere}}', true], ['client_secret', 'x', true]),
        header: [
          { key: 'Authorization', value: 'Basic dTpw', disabled: true },
          { key: 'Content-Type', value: 'application/json', disabled: true },
        ],
      });
      assertGreen(await send([definition]));
      assert.equal(only().headers.authorization, undefined);
    });

    it('lets endpoints that are set by hand be on different hosts', async () => {
      const elsewhere = recorder.origin.replace('127.0.0.1', 'localhost');
      const change = { introspection_endpoint: `${elsewhere}/introspection` };
      assertGreen(await send([{ url: '{{introspection_endpoint}}', body: form(['token', 't']) }], change));
      assert.equal((await verified(only().form.get('client_assertion') as string)).claims.aud, settings.token_endpoint);
    });

    it('sends the assertion where it was made for, though a script after it changes a variable of the URL', async () => {
      const { origin } = recorder;
      const other = await startRecorder();
      const change = `for (const scope of [pm.variables, pm.environment]) {
          scope.set('base', '${other.origin}'); scope.set('token_endpoint', '${other.origin}/token');
        }`;
      const event = [{ listen: 'prerequest', script: { exec: [change] } }];
      for (const url of ['{{base}}/token?a=1', '{{token_endpoint}}']) {
        recorder.requests.length = 0;
        const item = [{ name: 'token', request: { ...token({ url }), method: 'POST' }, event }];
        assertGreen(await send([], { base: origin }, { collection: { item } }));
        const { claims } = await verified(only().form.get('client_assertion') as string);
        assert.equal(claims.aud, `${origin}/token`);
        assert.match(only().url, /^\/token(\?a=1)?$/);
      }
      assert.deepEqual(other.requests, []);
      await other.close();
    });

    it('leaves the URL a URL for the scripts after it', async () => {
      const exec = ['pm.request.url.query.add({ key: "b", value: "2" });'];
      const event = [{ listen: 'prerequest', script: { exec } }];
      const item = [{ name: 'token', request: { ...token({ url: '{{token_endpoint}}?a=1' }), method: 'POST' }, event }];
      assertGreen(await send([], {}, { collection: { item } }));
      assert.equal(only().url, '/token?a=1&b=2');
    });

    it('sends to the endpoint itself what has a blank of any kind behind it', async () => {
      assertGreen(await send([token({ url: '{{token_endpoint}}\u00a0' })]));
      assert.equal(only().url, '/token');
    });

    it('authenticates a POST whose method is a reference', async () => {
      assertGreen(await send([token({ method: '{{VERB}}' })], { VERB: 'post' }));
      assert.equal(only().method, 'POST');
      await verified(only().form.get('client_assertion') as string);
    });

    it('takes a number for the value of a field', async () => {
      const body = { mode: 'urlencoded', urlencoded: [{ key: 'max_age', value: 5 }] };
      assertGreen(await send([token({ body })]));
      assert.equal(only().form.get('max_age'), '5');
    });

    it('sends a client_id with special characters unharmed', async () => {
      const clientId = 'a&b=c "d" +%20\\e\'';
      for (const definition of [token(), { url: '{{token_endpoint}}', ...raw(FORM, 'a=b') }]) {
        recorder.requests.length = 0;
        assertGreen(await send([definition], { client_id: clientId }));
        const { form: sent } = only();
        assert.equal(sent.get('client_id'), clientId);
        assert.equal((await verified(sent.get('client_assertion') as string)).claims.sub, clientId);
      }
    });

    it('keeps a kid beyond ASCII', async () => {
      assertGreen(await send([token()], { kid: 'schlüssel-✓' }));
      assert.equal((await verified(only().form.get('client_assertion') as string)).header.kid, 'schlüssel-✓');
    });

    it('takes audience, lifetime and clock offset from the variables', async () => {
      const issuer = 'https://auth1.example.my';
      const cases: [Record<string, unknown>, string][] = [
        [{ client_assertion_audience: 'token_endpoint' }, settings.token_endpoint as string],
        [{ client_assertion_audience: 'issuer', issuer }, issuer],
        [{ client_assertion_audience: 'https://as.example.my/x', issuer }, 'https://as.example.my/x'],
      ];
      for (const [change, aud] of cases) {
        recorder.requests.length = 0;
        assertGreen(await send([token()], { ...change, client_assertion_lifetime: 45, clock_offset: '-90' }));
        const { claims } = await verified(only().form.get('client_assertion') as string);
        assert.equal(claims.aud, aud);
        assert.equal(claims.exp - claims.iat, 45);
        assert.equal(Math.abs(Date.now() / 1000 - 90 - claims.iat) < 20, true);
      }
    });

    it('matches an endpoint whose URL is written out, with a query, in other case, with its default port', async () => {
      const { host: authority } = new URL(recorder.origin);
      const urls = [
        `${recorder.origin}/token?trace=1`,
        `HTTP://${authority}/token`,
        `HTTP://${authority}/token?a=1 b`,
        `${authority}/token`,
        '{{token_endpoint}}?a=1\nb',
      ];
      for (const url of urls) {
        recorder.requests.length = 0;
        assertGreen(await send([token({ url })]));
        assert.equal(only().form.has('client_assertion'), true);
      }
    });

    it('resolves a variable that refers to others', async () => {
      const { host: authority } = new URL(recorder.origin);
      const change = {
        authority,
        token_endpoint: 'http://{{authority}}/{{path}}',
        path: 'token',
        client_id: '{{me}}',
        me: 'c-2',
      };
      assertGreen(await send([token()], change));
      const { claims } = await verified(only().form.get('client_assertion') as string);
      assert.equal(claims.aud, `${recorder.origin}/token`);
      assert.equal(claims.sub, 'c-2');
    });

    it('understands a content type out of a variable, and a JWK that a data file gives as an object', async () => {
      const definition = { url: '{{token_endpoint}}', ...raw('{{ct}}', 'a=b') };
      const data = [{ ct: FORM, signing_key: toJwk(privateKey) }];
      assertGreen(await send([definition], {}, { data }));
      await verified(only().form.get('client_assertion') as string);
    });

    it('takes collection variables too', async () => {
      const variable = Object.entries(settings).map(([key, value]) => ({ key, value }));
      assertGreen(await host.run(collectionOf([token()], { variable })));
      await verified(only().form.get('client_assertion') as string);
    });

    it('does not let inherited authorization join the request', async () => {
      assertGreen(await send([token()], {}, { collection: { auth: basicAuth() } }));
      assert.equal(only().headers.authorization, undefined);
    });

    it('takes the kid from the JWK, and the variable before it', async () => {
      const signing_key = JSON.stringify({ ...toJwk(privateKey), kid: 'of-jwk' });
      for (const [kid, expected] of [
        ['', 'of-jwk'],
        ['of-variable', 'of-variable'],
      ]) {
        recorder.requests.length = 0;
        assertGreen(await send([token()], { signing_key, kid }));
        assert.equal((await verified(only().form.get('client_assertion') as string)).header.kid, expected);
      }
    });
  });
}
