// What the built script makes in each host of the claims in a pushed authorization request: a signed request object.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { form, type RequestDefinition, raw } from '../support/collections.ts';
import { hosts } from '../support/hosts.ts';
import {
  assertGreen,
  assertRefused,
  FORM,
  type Outcome,
  only,
  prepareScriptRuns,
  verified,
} from '../support/script-runs.ts';

/** Header and claims of the request object in the one request that arrived. */
const requestObjectOf = (outcome: Outcome) => verified(only(outcome).form.get('request') ?? '');

for (const host of hosts) {
  describe(`the pre-request script in ${host.name} with a request object`, () => {
    const { recorder, itSends } = prepareScriptRuns(host);

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

    itSends(
      'signs the claims that are in the form, and authenticates with another jti',
      () => ({ requests: [push(), push()], change: withPar() }),
      async outcome => {
        assertGreen(outcome);
        const jtis: string[] = [];
        for (const { form: sent } of outcome.received) {
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
          assert.deepEqual([nbf, exp], [iat, iat + 600]);
          assert.equal(iat <= Date.now() / 1000 && iat > Date.now() / 1000 - 60, true, `iat ${iat}`);
          const { claims: assertion } = await verified(sent.get('client_assertion') ?? '');
          assert.equal(assertion.sub, 'client-1');
          jtis.push(jti, assertion.jti);
        }
        assert.equal(new Set(jtis).size, 4);
        assert.match(
          outcome.consoleLines[0] ?? '',
          /^client authentication: private_key_jwt at .* for 600 s, with a request object$/,
        );
      },
    );

    itSends(
      'signs with tls_client_auth too',
      () => ({ requests: [push()], change: withPar({ token_endpoint_auth_method: 'tls_client_auth' }) }),
      async outcome => {
        assertGreen(outcome);
        assert.deepEqual([...only(outcome).form.keys()], ['request', 'client_id']);
        await requestObjectOf(outcome);
      },
    );

    itSends(
      'replaces what the claims say of client, audience and time, and keeps the rest',
      () => {
        const claims = { iss: 'x', client_id: 'x', aud: ['x'], iat: 1, nbf: 1, exp: 1, jti: 'x', max_age: 5 };
        const text = JSON.stringify(claims).replace('{', '{"__proto__":"kept",');
        return { requests: [push({ body: form(['request', text]) })], change: withPar() };
      },
      async outcome => {
        assertGreen(outcome);
        const { claims } = await requestObjectOf(outcome);
        const { iss, client_id, aud, max_age, iat, nbf, exp, jti } = claims;
        assert.deepEqual([iss, client_id, aud, max_age], ['client-1', 'client-1', recorder.origin, 5]);
        assert.deepEqual([nbf, exp], [iat, iat + 600]);
        assert.notEqual(jti, 'x');
        assert.equal(Object.getOwnPropertyDescriptor(claims, '__proto__')?.value, 'kept');
      },
    );

    itSends(
      'signs the claims in a raw form',
      () => {
        const text = `a=b&request=${encodeURIComponent(JSON.stringify(CLAIMS)).replace(/%20/g, '+')}`;
        return { requests: [push(raw(FORM, text))], change: withPar() };
      },
      async outcome => {
        assertGreen(outcome);
        const { claims } = await requestObjectOf(outcome);
        assert.deepEqual(claims.authorization_details, CLAIMS.authorization_details);
        assert.equal(only(outcome).form.get('a'), 'b');
      },
    );

    itSends(
      'takes the offset of the clock and the lifetime from the variables',
      () => ({ requests: [push()], change: withPar({ clock_offset: '-950', client_assertion_lifetime: '60' }) }),
      async outcome => {
        assertGreen(outcome);
        const { claims } = await requestObjectOf(outcome);
        assert.equal(Math.abs(Date.now() / 1000 - 950 - claims.nbf) < 60, true, `nbf ${claims.nbf}`);
        assert.equal(claims.exp, claims.iat + 60);
      },
    );

    const made = `${Buffer.from('{"alg":"PS256"}').toString('base64url')}.e30.sig`;
    const untouched: [title: string, body: object, sent: string | null][] = [
      ['that is made already', form(['request', made]), made],
      ['that is empty', form(['request', '']), ''],
      ['that is switched off', form(['request', '{"a":1}', true], ['b', 'c']), null],
    ];
    for (const [title, body, sent] of untouched) {
      itSends(
        `leaves alone a request object ${title}`,
        () => ({ requests: [push({ body })], change: withPar() }),
        outcome => {
          assertGreen(outcome);
          assert.equal(only(outcome).form.get('request'), sent);
          for (const line of outcome.consoleLines) assert.doesNotMatch(line, /request object/);
        },
      );
    }

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
      itSends(
        `refuses ${title}`,
        () => ({ requests: [push({ body: form(['request', text]) })], change: withPar(change) }),
        outcome => assertRefused(outcome, says),
      );
    }
  });
}
