// What the built script makes in each host of the claims in a pushed authorization request: a signed request object.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { form, type RequestDefinition, raw } from '../support/collections.ts';
import { hosts } from '../support/hosts.ts';
import { FORM, prepareScriptRuns, verified } from '../support/script-runs.ts';

for (const host of hosts) {
  describe(`the pre-request script in ${host.name} with a request object`, () => {
    const { recorder, send, only, assertGreen, assertRefused } = prepareScriptRuns(host);

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
      ['claims that are not JSON', '{"scope": "accounts",}', {}, /"request" must be a JSON object of claims, got text/],
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
}
