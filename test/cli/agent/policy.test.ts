// What a signing agent signs: whole JWTs of one client, by claims that it makes itself; and what it refuses, with one sentence for the
// user of the script.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jwtVerify } from 'jose';
import { type AgentRules, signDrafts } from '../../../src/cli/agent/policy.ts';
import { withNodeCrypto } from '../../../src/cli/client/ps256.ts';
import { createRsaKey, toPkcs8 } from '../../support/keys.ts';

const NOW = 1_800_000_000;
const AUD = 'https://as.example.my/token';
const { privateKey, publicKey } = createRsaKey();
const rules: AgentRules = { key: withNodeCrypto(toPkcs8(privateKey)), kid: '', clientId: '', audiences: [] };
const assertion = (aud: unknown = AUD, more: object = {}) => ({ claims: { aud, ...more } });
const requestObject = (claims: object = {}) => ({ typ: 'oauth-authz-req+jwt', claims: { aud: AUD, ...claims } });

const ask = (change: object = {}, own: Partial<AgentRules> = {}) =>
  signDrafts(
    JSON.stringify({ client_id: 'client-1', kid: 'key-1', lifetime: 60, clock_offset: 0, drafts: [], ...change }),
    { ...rules, ...own },
    NOW,
  );

const verify = async (jwt: string, typ?: string) => {
  const { payload, protectedHeader } = await jwtVerify(jwt, publicKey, {
    algorithms: ['PS256'],
    audience: AUD,
    currentDate: new Date(NOW * 1000),
    ...(typ && { typ }),
  });
  return { payload, protectedHeader };
};

describe('a signing agent', () => {
  it('makes all claims of a client assertion itself, whatever else is asked for', async () => {
    const foreign = { iss: 'bank', sub: 'user', exp: NOW + 1e6, iat: 1, jti: 'mine', scope: 'all' };
    const { jwts, kid, lines } = ask({ drafts: [assertion(AUD, foreign), assertion()] });
    assert.equal(kid, 'key-1');
    for (const [at, { jwt, iat, exp, jti }] of jwts.entries()) {
      const { payload, protectedHeader } = await verify(jwt);
      assert.deepEqual(payload, { iss: 'client-1', sub: 'client-1', aud: AUD, iat: NOW, exp: NOW + 60, jti });
      assert.deepEqual(protectedHeader, { alg: 'PS256', kid: 'key-1' });
      assert.deepEqual([iat, exp], [NOW, NOW + 60]);
      assert.equal(lines[at], `signed client assertion: client_id="client-1" aud=${AUD} jti=${jti}`);
    }
    assert.notEqual(jwts[0]?.jti, jwts[1]?.jti);
  });

  it('keeps the claims of a request object, but those of the client and the time', async () => {
    const claims = { scope: 'accounts', iss: 'bank', client_id: 'other', exp: NOW + 1e6, sub: 'user' };
    const { jwts, lines } = ask({ drafts: [requestObject(claims)] });
    const { payload } = await verify(jwts[0]?.jwt ?? '', 'oauth-authz-req+jwt');
    assert.deepEqual(
      { ...payload, jti: '' },
      {
        ...{ scope: 'accounts', sub: 'user', iss: 'client-1', client_id: 'client-1', aud: AUD, jti: '' },
        ...{ iat: NOW, nbf: NOW, exp: NOW + 60 },
      },
    );
    assert.match(lines[0] ?? '', /^signed request object: client_id="client-1" aud=\S+ jti=[\da-f-]{36}$/);
  });

  it('says whether it would sign where nothing is asked for', () => {
    assert.deepEqual(ask({ kid: '' }, { kid: 'of-agent' }), { kid: 'of-agent', jwts: [], lines: [] });
  });

  it('writes one line a JWT that nobody can forge, however long an audience is', () => {
    const { lines } = ask({
      client_id: 'c" aud=https://x.my jti=1',
      drafts: [assertion(`${AUD}?${'x'.repeat(40_000)}`)],
    });
    assert.match(
      lines[0] ?? '',
      /^signed client assertion: client_id="c\\" aud=https:\/\/x\.my jti=1" aud=https:\/\/as\./,
    );
    assert.equal((lines[0]?.length ?? 0) < 500, true);
  });

  const allowed = { audiences: [AUD, 'https://as.example.my'] };
  const refused: [string, RegExp, object, Partial<AgentRules>?][] = [
    ['another client', /"client_id" must be client-1, .* got "client-2"\. .*--client-id/, { client_id: 'client-2' }],
    ['another key ID', /"kid" must be key-1, .* got "key-2"\. .*--kid/, { kid: 'key-2' }],
    ['no key ID at all', /"kid" must be .* got nothing/, { kid: '' }, { kid: '' }],
    ['no client', /"client_id" must be .* got nothing/, { client_id: undefined }],
    ['a client with control characters', /"client_id" must be/, { client_id: 'a\nsigned' }],
    [
      'another audience',
      /"aud" must be https:\/\/as\S+ or \S+, .* got "https:\/\/evil/,
      { drafts: [assertion('https://evil.my')] },
      allowed,
    ],
    ['an audience that is longer', /"aud" must be/, { drafts: [assertion(`${AUD}/x`)] }, allowed],
    [
      'an audience of a request object',
      /"aud" must be/,
      { drafts: [requestObject({ aud: 'https://evil.my' })] },
      allowed,
    ],
    ['an audience that is no URL', /"aud" must be an https URL/, { drafts: [assertion('everybody')] }],
    ['several audiences', /"aud" must be an https URL/, { drafts: [assertion([AUD, 'https://evil.my'])] }],
    ['no audience', /"aud" must be an https URL/, { drafts: [{ claims: {} }] }],
    ['an audience with a line break', /"aud" must be an https URL/, { drafts: [assertion(`${AUD}\nsigned`)] }],
    ['an end that is too late', /"client_assertion_lifetime" must be .* from 1 to 600/, { lifetime: 601 }],
    [
      'an end that is too late by the clock',
      /"client_assertion_lifetime" must be 570 or less, .* Set it to 570\./,
      { lifetime: 600, clock_offset: 30 },
    ],
    [
      'a clock that is ahead',
      /"clock_offset" must be less than 600, got 86400\. Correct the clock/,
      { clock_offset: 86400 },
    ],
    ['another type of JWT', /"client_assertion_typ" must be/, { drafts: [{ typ: 'at+jwt', claims: { aud: AUD } }] }],
    ['a request object with the client as sub', /"sub"/, { drafts: [requestObject({ sub: 'client-1' })] }],
    [
      'a second audience in capitals',
      /"aud" in lower case alone/,
      { drafts: [requestObject({ AUD: 'https://evil.my' })] },
    ],
    ['a second sub with a long s', /"sub" in lower case alone/, { drafts: [requestObject({ ſub: 'client-1' })] }],
    ['more JWTs than a request has', /run "inject" again/, { drafts: Array(5).fill(assertion()) }],
    ['claims that are a list', /run "inject" again/, { drafts: [{ claims: [] }] }],
    ['bytes to sign', /run "inject" again/, { drafts: ['eyJhbGciOiJQUzI1NiJ9.e30'] }],
    ['no list', /run "inject" again/, { drafts: { 0: assertion() } }],
  ];
  for (const [what, says, change, own = { clientId: 'client-1', kid: 'key-1' }] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(() => ask(change, own), { name: 'ClientAuthError', message: says });
    });
  }

  it('refuses text that is no request', () => {
    for (const text of ['', 'null', '5', '[]', '"x"', '{"drafts":[null]}', '\u0000']) {
      assert.throws(() => signDrafts(text, rules, NOW), { name: 'ClientAuthError', message: /run "inject" again/ });
    }
  });
});
