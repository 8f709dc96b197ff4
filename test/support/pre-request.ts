// What the built script does to requests: which it touches, what it puts on the wire, and that a refusal sends nothing and
// turns the run red. The same for every host; one test file a host, so that they run side by side.

import assert from 'node:assert/strict';
import { constants, type KeyObject, verify } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';
import { compactVerify } from 'jose';
import { createCertificateAuthority, transportSubject } from '../../src/demo/certificates.ts';
import { basicAuth, collectionOf, form, type RequestDefinition, raw, script } from './collections.ts';
import type { Host, Run, RunOptions } from './hosts.ts';
import { createRsaKey, disguisesOf, leaks, refusalsOf, toJwk, toPkcs8 } from './keys.ts';
import { type Answer, type Received, type Recorder, startRecorder } from './recorder.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const FORM = 'application/x-www-form-urlencoded';
const OPENID = '/.well-known/openid-configuration';
const RFC8414 = '/.well-known/oauth-authorization-server';

const { privateKey, publicKey } = createRsaKey();
const pem = toPkcs8(privateKey);
const { cert } = await (await createCertificateAuthority()).issueClientCertificate(transportSubject);

const decode = (part: string | undefined) => JSON.parse(Buffer.from(part ?? '', 'base64url').toString());

/** Header and claims of an assertion whose signature two implementations verified: PS256 with a salt of 32 bytes. */
const verified = async (assertion: string, key: KeyObject = publicKey) => {
  const [header, claims, signature] = assertion.split('.');
  const isSigned = verify(
    'sha256',
    Buffer.from(`${header}.${claims}`),
    { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
    Buffer.from(signature ?? '', 'base64url'),
  );
  assert(isSigned, 'node:crypto does not verify the signature');
  await compactVerify(assertion, key, { algorithms: ['PS256'] });
  return { header: decode(header), claims: decode(claims) };
};

/** All that is expected of the script, in one host. */
export const describePreRequest = (host: Host): void => {
  describe(`the pre-request script in ${host.name}`, () => {
    let recorder: Recorder;
    let settings: Record<string, unknown>;

    before(async () => {
      recorder = await startRecorder();
    });
    after(() => recorder.close());
    beforeEach(() => {
      recorder.requests.length = 0;
      recorder.answers.clear();
      settings = { token_endpoint: `${recorder.origin}/token`, client_id: 'client-1', kid: 'key-1', signing_key: pem };
    });

    const send = (
      requests: RequestDefinition[],
      change: Record<string, unknown> = {},
      options: RunOptions & { collection?: object } = {},
    ): Promise<Run> => {
      const { collection, ...rest } = options;
      return host.run(collectionOf(requests, collection), { environment: { ...settings, ...change }, ...rest });
    };
    const token = (definition: Partial<RequestDefinition> = {}): RequestDefinition => ({
      url: '{{token_endpoint}}',
      body: form(['grant_type', 'client_credentials']),
      ...definition,
    });
    /** The one request that arrived. */
    const only = (): Received => {
      assert.equal(recorder.requests.length, 1);
      return recorder.requests[0] as Received;
    };
    const assertGreen = (run: Run) => {
      assert.deepEqual(run.scriptErrors, []);
      assert.deepEqual(
        run.tests.filter(test => test.error),
        [],
      );
      assert.equal(run.failed, false);
    };
    /** A refusal: nothing but perhaps discovery on the wire, the run red by one failed test, no key in any text of it. */
    const assertRefused = (run: Run, says: RegExp, seen: string[] = []): string => {
      assert.deepEqual(
        recorder.requests.map(({ url }) => url),
        seen,
        'requests reached the server',
      );
      assert.deepEqual(run.scriptErrors, []);
      assert.deepEqual(
        run.tests.map(test => test.name),
        ['client authentication'],
      );
      assert.equal(run.failed, true);
      const message = run.tests[0]?.error ?? '';
      assert.match(message, says);
      const shown = message + run.consoleLines.join('\n');
      assert(!leaks(shown, pem), 'key material is shown');
      return message;
    };
    const metadata = (change: object = {}) => ({
      issuer: recorder.origin,
      token_endpoint: `${recorder.origin}/token`,
      introspection_endpoint: `${recorder.origin}/introspection`,
      ...change,
    });
    const discovered = (change: object = {}) => {
      recorder.answers.set(OPENID, { body: JSON.stringify(metadata(change)) });
      return { token_endpoint: '', issuer: recorder.origin };
    };

    describe('leaves alone', () => {
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

    describe('with private_key_jwt', () => {
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
          assertGreen(
            await send([{ url: '{{token_endpoint}}', header: [{ key: 'Content-Type', value: FORM }], body }]),
          );
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
        assert.equal(
          (await verified(only().form.get('client_assertion') as string)).claims.aud,
          settings.token_endpoint,
        );
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
        const item = [
          { name: 'token', request: { ...token({ url: '{{token_endpoint}}?a=1' }), method: 'POST' }, event },
        ];
        assertGreen(await send([], {}, { collection: { item } }));
        assert.equal(only().url, '/token?a=1&b=2');
      });

      it('sends to the endpoint itself what has a blank of any kind behind it', async () => {
        assertGreen(await send([token({ url: '{{token_endpoint}}\u00a0' })]));
        assert.equal(only().url, '/token');
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

    describe('with private_key_jwt and', () => {
      const disguises = Object.entries(disguisesOf(privateKey, cert));
      const refusals = refusalsOf(privateKey, cert);
      const sendWith = (keys: string[]) => send([token()], {}, { data: keys.map(signing_key => ({ signing_key })) });

      it('a good key in any disguise signs', async () => {
        assertGreen(await sendWith(disguises.map(([, text]) => text)));
        assert.equal(recorder.requests.length, disguises.length);
        for (const { form: sent } of recorder.requests) await verified(sent.get('client_assertion') as string);
      });

      it('a bad key sends nothing and says why, each with a sentence of its own', async () => {
        const run = await sendWith(refusals.map(({ text }) => text));
        assert.deepEqual(recorder.requests, []);
        assert.equal(run.failed, true);
        assert.equal(run.tests.length, refusals.length);
        for (const [index, { title, text, says }] of refusals.entries()) {
          const message = run.tests[index]?.error ?? '';
          assert.match(message, says, title);
          assert.match(message, /^ClientAuthError: "signing_key" must be/, title);
          assert(!leaks(message, text), `the message for ${title} quotes the key`);
        }
        assert.deepEqual(run.consoleLines, []);
      });
    });

    describe('with tls_client_auth', () => {
      it('sends client_id and takes the other two out of the form', async () => {
        const body = form(['grant_type', 'x'], ['client_assertion', 'old'], ['client_assertion_type', ASSERTION_TYPE]);
        const change = { token_endpoint_auth_method: 'tls_client_auth', signing_key: '', kid: '' };
        const run = await send([token({ body })], change);
        assertGreen(run);
        assert.equal(only().body, 'grant_type=x&client_id=client-1');
        assert.deepEqual(run.consoleLines, [
          `client authentication: tls_client_auth at token_endpoint ${settings.token_endpoint}`,
        ]);
      });
    });

    describe('with a request object', () => {
      const PAR = 'pushed_authorization_request_endpoint';
      const CLAIMS = {
        response_type: 'code',
        scope: '{{scope}}',
        authorization_details: [{ type: 'x', bank: 'Bank Über' }],
      };
      const push = (definition: Partial<RequestDefinition> = {}): RequestDefinition => ({
        url: `{{${PAR}}}`,
        body: form(['request', JSON.stringify(CLAIMS, null, 2)]),
        ...definition,
      });
      const withPar = (change: object = {}) => ({
        [PAR]: `${recorder.origin}/par`,
        issuer: recorder.origin,
        scope: 'accounts',
        ...change,
      });

      it('signs the claims that stand in the form, and authenticates with another jti', async () => {
        const before = Math.floor(Date.now() / 1000);
        const run = await send([push(), push()], withPar());
        assertGreen(run);
        const jtis: string[] = [];
        for (const { form: sent } of recorder.requests) {
          assert.deepEqual([...sent.keys()], ['request', 'client_id', 'client_assertion_type', 'client_assertion']);
          const { header, claims } = await verified(sent.get('request') ?? '');
          assert.deepEqual(header, { alg: 'PS256', kid: 'key-1', typ: 'oauth-authz-req+jwt' });
          const { iat, nbf, exp, jti, ...rest } = claims;
          assert.deepEqual(rest, {
            ...CLAIMS,
            scope: 'accounts',
            iss: 'client-1',
            client_id: 'client-1',
            aud: recorder.origin,
          });
          assert.equal(iat >= before && iat <= Date.now() / 1000 && nbf === iat && exp === iat + 600, true);
          const { claims: assertion } = await verified(sent.get('client_assertion') ?? '');
          assert.equal(assertion.sub, 'client-1');
          jtis.push(jti, assertion.jti);
        }
        assert.equal(new Set(jtis).size, 4);
        assert.match(
          run.consoleLines[0] ?? '',
          /^client authentication: private_key_jwt at .* for 600 s, with a request object$/,
        );
      });

      it('signs with tls_client_auth too', async () => {
        assertGreen(await send([push()], withPar({ token_endpoint_auth_method: 'tls_client_auth' })));
        assert.deepEqual([...only().form.keys()], ['request', 'client_id']);
        await verified(only().form.get('request') ?? '');
      });

      it('replaces what the claims say of client, audience and time, and keeps the rest', async () => {
        const claims = {
          iss: 'x',
          client_id: 'x',
          aud: ['x'],
          iat: 1,
          nbf: 1,
          exp: 1,
          jti: 'x',
          max_age: 5,
          __proto__: 1,
        };
        const text = JSON.stringify(claims).replace('{', '{"__proto__":"kept",');
        assertGreen(await send([push({ body: form(['request', text]) })], withPar()));
        const sent = await verified(only().form.get('request') ?? '');
        const { iss, client_id, aud, max_age, iat, nbf, exp } = sent.claims;
        assert.deepEqual([iss, client_id, aud, max_age], ['client-1', 'client-1', recorder.origin, 5]);
        assert.deepEqual([nbf, exp], [iat, iat + 600]);
        assert.equal(Object.getOwnPropertyDescriptor(sent.claims, '__proto__')?.value, 'kept');
      });

      it('signs the claims in a raw form', async () => {
        const text = `a=b&request=${encodeURIComponent(JSON.stringify(CLAIMS)).replace(/%20/g, '+')}`;
        assertGreen(await send([push(raw(FORM, text))], withPar()));
        const { claims } = await verified(only().form.get('request') ?? '');
        assert.deepEqual(claims.authorization_details, CLAIMS.authorization_details);
        assert.equal(only().form.get('a'), 'b');
      });

      it('takes the offset of the clock and the lifetime from the variables', async () => {
        const change = { clock_offset: '-95', client_assertion_lifetime: '60' };
        const before = Math.floor(Date.now() / 1000);
        assertGreen(await send([push()], withPar(change)));
        const { claims } = await verified(only().form.get('request') ?? '');
        assert.equal(Math.abs(claims.nbf - before + 95) <= 2 && claims.exp === claims.iat + 60, true);
      });

      it('leaves alone a request object that is made already, an empty one, and one that is switched off', async () => {
        const made = `${Buffer.from('{"alg":"PS256"}').toString('base64url')}.e30.sig`;
        const bodies = [form(['request', made]), form(['request', '']), form(['request', '{"a":1}', true], ['b', 'c'])];
        const run = await send(
          bodies.map(body => push({ body })),
          withPar(),
        );
        assertGreen(run);
        assert.deepEqual(
          recorder.requests.map(({ form: sent }) => sent.get('request')),
          [made, '', null],
        );
        for (const line of run.consoleLines) assert.doesNotMatch(line, /request object/);
      });

      const FAULTS: [title: string, body: string, change: Record<string, unknown>, says: RegExp][] = [
        [
          'claims that are not JSON',
          '{"scope": "accounts",}',
          {},
          /"request" must be a JSON object of claims, got text/,
        ],
        [
          'claims with the client as sub',
          '{"sub":"client-1"}',
          {},
          /"request" must be .*, got one with the client as "sub"/,
        ],
        ['a claim that nothing resolves', '{"state":"{{nope}}"}', {}, /The form holds an unresolved \{\{nope\}\}/],
        ['an issuer that is not set', '{}', { issuer: '' }, /"issuer" must be an https URL .*, got nothing/],
        [
          'no key, with tls_client_auth',
          '{}',
          { token_endpoint_auth_method: 'tls_client_auth', signing_key: '' },
          /"signing_key" must be an RSA private key .*, got nothing/,
        ],
        [
          'no kid, with tls_client_auth',
          '{}',
          { token_endpoint_auth_method: 'tls_client_auth', kid: '' },
          /"kid" must be the key ID .*, got nothing/,
        ],
      ];
      for (const [title, text, change, says] of FAULTS) {
        it(`refuses ${title}`, async () => {
          const run = await send([push({ body: form(['request', text]) })], withPar(change));
          assertRefused(run, says);
        });
      }
    });

    describe('with discovery', () => {
      const introspect: RequestDefinition = { url: '{{introspection_endpoint}}', body: form(['token', 't']) };

      it('makes a first Send of {{token_endpoint}} work, and asks once a run', async () => {
        const run = await send([token(), introspect, token()], discovered());
        assertGreen(run);
        assert.deepEqual(
          recorder.requests.map(({ url }) => url),
          [OPENID, '/token', '/introspection', '/token'],
        );
        for (const { form: sent } of recorder.requests.slice(1)) {
          const { claims } = await verified(sent.get('client_assertion') as string);
          assert.equal(claims.aud, `${recorder.origin}/token`);
        }
      });

      it('leaves nothing behind in the environment', async () => {
        const environment = { ...settings, ...discovered() };
        const run = await send([token()], environment);
        assertGreen(run);
        assert.deepEqual(run.environment, environment);
      });

      it('finds an endpoint whose URL is written out or hidden in another variable', async () => {
        const variables = { ...discovered(), mine: '{{introspection_endpoint}}' };
        assertGreen(await send([token({ url: `${recorder.origin}/token` }), token({ url: '{{mine}}' })], variables));
        assert.deepEqual(
          recorder.requests.map(({ url, form: sent }) => [url, sent.has('client_assertion')]),
          [
            [OPENID, false],
            ['/token', true],
            ['/introspection', true],
          ],
        );
      });

      it('looks up an endpoint hidden in another variable while others are set by hand', async () => {
        const change = {
          ...discovered(),
          revocation_endpoint: `${recorder.origin}/by-hand`,
          mine: '{{introspection_endpoint}}',
        };
        assertGreen(await send([token({ url: '{{mine}}' })], change));
        assert.deepEqual(
          recorder.requests.map(({ url, form: sent }) => [url, sent.has('client_assertion')]),
          [
            [OPENID, false],
            ['/introspection', true],
          ],
        );
      });

      it('keeps an endpoint that a script sets for the run', async () => {
        const collection = collectionOf([token(), token()]) as { item: object[] };
        const exec = ["pm.variables.set('token_endpoint', pm.environment.get('issuer') + '/by-script')"];
        Object.assign(collection.item[0] as object, { event: [{ listen: 'test', script: { exec } }] });
        assertGreen(await host.run(collection, { environment: { ...settings, ...discovered() } }));
        assert.deepEqual(
          recorder.requests.map(({ url }) => url),
          [OPENID, '/token', '/by-script'],
        );
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
        assertGreen(await send([introspect], { ...other, client_assertion_audience: recorder.origin }));
        assert.equal(recorder.requests[1]?.url, '/introspection');
      });

      it('keeps the queries of alias and URL', async () => {
        const mtls_endpoint_aliases = { token_endpoint: `${recorder.origin}/m?x=1` };
        assertGreen(
          await send([token({ url: `${recorder.origin}/token?a=1` })], discovered({ mtls_endpoint_aliases })),
        );
        assert.equal(recorder.requests[1]?.url, '/m?x=1&a=1');
      });

      it('fills in only what is not set by hand', async () => {
        const change = { ...discovered(), introspection_endpoint: `${recorder.origin}/by-hand` };
        assertGreen(await send([token(), introspect], change));
        assert.deepEqual(
          recorder.requests.map(({ url }) => url),
          [OPENID, '/token', '/by-hand'],
        );
      });

      it('reads the metadata when only the audience is missing', async () => {
        const change = { ...discovered(), introspection_endpoint: `${recorder.origin}/introspection` };
        assertGreen(await send([introspect], change));
        const { claims } = await verified(recorder.requests[1]?.form.get('client_assertion') as string);
        assert.equal(claims.aud, `${recorder.origin}/token`);
      });

      it('asks nobody when the audience needs no token endpoint', async () => {
        const change = { ...discovered(), introspection_endpoint: `${recorder.origin}/by-hand` };
        for (const more of [
          { client_assertion_audience: 'issuer' },
          { token_endpoint_auth_method: 'tls_client_auth' },
        ]) {
          recorder.requests.length = 0;
          assertGreen(await send([introspect], { ...change, ...more }));
          assert.deepEqual(
            recorder.requests.map(({ url }) => url),
            ['/by-hand'],
          );
        }
      });

      it('refuses an endpoint set by hand whose audience would come from the metadata of another host', async () => {
        const elsewhere = recorder.origin.replace('127.0.0.1', 'localhost');
        const change = { ...discovered(), introspection_endpoint: `${elsewhere}/introspection` };
        assertRefused(await send([introspect], change), /must be on the host of the audience/, [OPENID]);
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

      it('follows the user who sets an endpoint or another issuer in the middle of the run', async () => {
        const other = await startRecorder();
        const body = JSON.stringify({ ...metadata(), issuer: other.origin, token_endpoint: `${other.origin}/t` });
        other.answers.set(OPENID, { body });
        const variables = { ...discovered(), other: other.origin };
        const set = (source: string) => ({ event: [{ listen: 'test', script: { exec: [source] } }] });
        const collection = collectionOf([token(), token(), token()], {}) as { item: object[] };
        Object.assign(
          collection.item[0] as object,
          set("pm.environment.set('token_endpoint', pm.environment.get('issuer') + '/by-hand')"),
        );
        Object.assign(
          collection.item[1] as object,
          set("pm.environment.set('token_endpoint', ''); pm.environment.set('issuer', pm.environment.get('other'))"),
        );
        assertGreen(await host.run(collection, { environment: { ...settings, ...variables } }));
        assert.deepEqual(
          recorder.requests.map(({ url }) => url),
          [OPENID, '/token', '/by-hand'],
        );
        assert.deepEqual(
          other.requests.map(({ url }) => url),
          [OPENID, '/t'],
        );
        await other.close();
      });

      it("falls back to RFC 8414's place, with the path of the issuer in the middle", async () => {
        const issuer = `${recorder.origin}/tenant`;
        recorder.answers.set(`/tenant${OPENID}`, { status: 404 });
        recorder.answers.set(`${RFC8414}/tenant`, { body: JSON.stringify(metadata({ issuer })) });
        assertGreen(await send([token()], { token_endpoint: '', issuer }));
        assert.deepEqual(
          recorder.requests.map(({ url }) => url),
          [`/tenant${OPENID}`, `${RFC8414}/tenant`, '/token'],
        );
      });

      it('sends the request to the alias for mutual TLS, also when the other URL is written out', async () => {
        const mtls_endpoint_aliases = { token_endpoint: `${recorder.origin}/mtls/token` };
        const variables = discovered({ mtls_endpoint_aliases });
        assertGreen(await send([token(), token({ url: `${recorder.origin}/token?a=1` })], variables));
        assert.deepEqual(
          recorder.requests.map(({ url }) => url),
          [OPENID, '/mtls/token', '/mtls/token?a=1'],
        );
      });

      const broken: [string, object | string, RegExp][] = [
        ['names an issuer that differs in a slash', { issuer: '{origin}/' }, /^ClientAuthError: "issuer" must be the/],
        ['names an issuer that differs in case', { issuer: '{ORIGIN}' }, /in its own metadata to the letter/],
        ['names an issuer on another port', { issuer: '{origin}0' }, /in its own metadata to the letter/],
        ['names an issuer with a blank', { issuer: '{origin} ' }, /in its own metadata to the letter/],
        ['names several issuers', { issuer: ['{origin}'] }, /in its own metadata to the letter.* there it is none/],
        ['names no issuer', { issuer: undefined }, /"issuer" must be the issuer in its own metadata/],
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
        [
          'names an endpoint that is a list',
          { token_endpoint: ['{origin}/token'] },
          /"token_endpoint" must be .* got a/,
        ],
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
          /in its own metadata to the letter.* there it is none/,
        ],
        [
          'has an endpoint only in a __proto__',
          '{"issuer":"{origin}","__proto__":{"token_endpoint":"{origin}/token"}}',
          /the metadata of "issuer" has none/,
        ],
        ['names the issuer first and another last', '{"issuer":"{origin}","issuer":"https://x.my"}', /to the letter/],
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
      /** A document of the issuer, or a change of the good one, with the origin of the recorder where it says so. */
      const toDocument = (change: object | string): string =>
        (typeof change === 'string' ? change : JSON.stringify(metadata(change)))
          .replaceAll('{origin}', recorder.origin)
          .replaceAll('{ORIGIN}', recorder.origin.replace('http', 'HTTP'));
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

      it('takes good metadata without a content type', async () => {
        recorder.answers.set(OPENID, response => response.end(toDocument({})));
        assertGreen(await send([token()], { token_endpoint: '', issuer: recorder.origin }));
        assert.equal(recorder.requests[1]?.url, '/token');
      });

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
          ['of that host', { issuer: '{other}', token_endpoint: '{other}/token' }, /to the letter/],
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

      it('refuses when nobody listens', async () => {
        const gone = await startRecorder();
        await gone.close();
        assertRefused(
          await send([token()], { token_endpoint: '', issuer: gone.origin }),
          /got the error "[^"]*ECONNREFUSED/,
        );
      });

      it('refuses an issuer that is neither https nor on loopback, and asks nobody', async () => {
        const run = await send([token()], { token_endpoint: '', issuer: 'http://as.example.my' });
        assertRefused(run, /"issuer" must be an https URL.*got "http:\/\/as\.example\.my"/);
      });
    });

    describe('refuses', () => {
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
          'an endpoint with blanks around it',
          { token_endpoint: ' https://as.example.my/token ' },
          /got one with blanks around it/,
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
        it(title, async () => {
          const message = assertRefused(await send([token()], change), says);
          assert.doesNotMatch(message, /user:secret/);
        });
      }

      const blankNames: [string, string, RegExp][] = [
        ['client_id', ' client_id', /"client_id" must be .* got nothing/],
        ['kid', 'kid ', /"kid" must be .* got nothing/],
        ['signing_key', 'signing_key ', /"signing_key" must be .* got nothing/],
        ['token_endpoint', 'token_endpoint\t', /"token_endpoint" must be .* got nothing/],
      ];
      for (const [name, odd, says] of blankNames) {
        it(`a missing ${name} that stands under a name with a blank`, async () => {
          const { [name]: value, ...environment } = settings;
          const run = host.run(collectionOf([token()]), { environment: { ...environment, [odd]: value } });
          assertRefused(await run, says);
        });
      }

      it('a run without an environment, by the name of the endpoint', async () => {
        assertRefused(await host.run(collectionOf([token()])), /"token_endpoint" must be an https URL, got nothing/);
      });

      const bodies: [string, Partial<RequestDefinition>, RegExp][] = [
        [
          'a JSON body',
          raw('application/json', '{"grant_type":"client_credentials"}'),
          /"body" must be application\/x-www-form-urlencoded, got the header Content-Type of something else/,
        ],
        [
          'a raw body without content type',
          { body: { mode: 'raw', raw: 'grant_type=x' } },
          /got a raw body without the header Content-Type of a form/,
        ],
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
          /must not carry "Authorization: Basic"/,
        ],
        ['Basic in the tab Authorization', { auth: basicAuth() }, /must not carry authorization of type "basic"/],
        ['a client_secret in the form', { body: form(['client_secret', 'x']) }, /must not hold "client_secret"/],
        [
          'an unresolved variable in the form',
          { body: form(['token', '{{access_token}}']) },
          /The form holds an unresolved \{\{access_token\}\}\. Set that variable/,
        ],
        [
          'Basic out of a variable',
          { header: [{ key: 'Authorization', value: '{{basic}}' }] },
          /must not carry "Authorization: Basic"/,
        ],
        [
          'Basic under a name out of a variable',
          { header: [{ key: '{{header}}', value: 'Basic dTpw' }] },
          /must not carry "Authorization: Basic"/,
        ],
        [
          'an API key of its own',
          { auth: { type: 'apikey', apikey: [] } },
          /must not carry authorization of type "apikey"/,
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
        it(title, async () => {
          assertRefused(
            await send([token(definition)], {
              basic: 'Basic dTpw',
              header: 'Authorization',
              authority: new URL(recorder.origin).host,
            }),
            says,
          );
        });
      }

      it('with tls_client_auth what it refuses with private_key_jwt', async () => {
        const change = { token_endpoint_auth_method: 'tls_client_auth' };
        assertRefused(await send([token({ auth: basicAuth() })], change), /authorization of type "basic"/);
        const http = { ...change, token_endpoint: 'http://as.example.my/token' };
        assertRefused(await send([token()], http), /"token_endpoint" must be an https URL/);
        assertRefused(await send([token(raw('application/json', '{}'))], change), /"body" must be/);
      });

      it('one request, and goes on with the next', async () => {
        const run = await send([
          token(raw('application/json', '{}')),
          { method: 'GET', url: `${recorder.origin}/next` },
        ]);
        assert.deepEqual(
          recorder.requests.map(({ url }) => url),
          ['/next'],
        );
        assert.equal(run.failed, true);
      });

      it('even when the script itself fails, without its message', async () => {
        const broken = script.replace('pm.request.url.toString()', 'JSON.parse(pm.variables.get("signing_key"))');
        assert.notEqual(broken, script);
        const run = await host.run(collectionOf([token()], {}, broken), { environment: settings });
        assertRefused(run, /^Error: The script itself failed \(\w+\); nothing was sent\.$/);
      });
    });
  });
};
