// The signer of what an agent has answered: it takes a JWT only if header and claims are what was asked for.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentRules, signDrafts } from '../../src/cli/agent/policy.ts';
import { withNodeCrypto } from '../../src/cli/client/ps256.ts';
import { createClientAssertion } from '../../src/client-auth/client-assertion.ts';
import type { HttpAnswer } from '../../src/client-auth/discovery.ts';
import type { Signer } from '../../src/client-auth/signer.ts';
import {
  type AgentRequest,
  createDraftSigner,
  type Draft,
  toAgentSigner,
} from '../../src/client-auth/signing-agent.ts';
import { createRsaKey, toPkcs8 } from '../support/keys.ts';
import type { GoodAnswer } from '../support/signing-agent.ts';

const AUD = 'https://as.example.my/token';
const rules: AgentRules = {
  ...{ key: withNodeCrypto(toPkcs8(createRsaKey().privateKey)), kid: 'of-agent', clientId: '', audiences: [] },
};
const signing = { signingKey: '', agent: 'x', kid: 'key-1', lifetime: 60, clockOffset: 0 };
const OF_CLIENT = { client_id: 'client-1', lifetime: 60, clock_offset: 0 };

const make = (signer: Signer) => createClientAssertion('client-1', AUD, '', signer).assertion;

/** Asks for an assertion, with changes of what is asked for and of what comes back. */
const sign = (
  kid: string,
  ask: (request: AgentRequest) => object = request => request,
  answer: (good: GoodAnswer) => unknown = good => good,
): string => {
  const drafts: Draft[] = [];
  make(createDraftSigner(kid, drafts));
  const good = signDrafts(JSON.stringify(ask({ ...OF_CLIENT, kid, drafts })), { ...rules, kid: '' }, 1_800_000_000);
  const given = answer({ kid: good.kid, jwts: good.jwts });
  const reply = { status: 200, text: typeof given === 'string' ? given : JSON.stringify(given) };
  return make(toAgentSigner({ ...signing, kid }, reply));
};

const each = (change: (one: GoodAnswer['jwts'][number]) => object) => (good: GoodAnswer) => ({
  ...good,
  jwts: good.jwts.map(one => ({ ...one, ...change(one) })),
});
/** A JWT with other claims, as a program would make it that has no key. */
const withClaims = ({ jwt }: { jwt: string }, change: object) => {
  const [header, claims = '', signature] = jwt.split('.');
  const changed = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), ...change };
  return { ...change, jwt: `${header}.${Buffer.from(JSON.stringify(changed)).toString('base64url')}.${signature}` };
};
const ELSE = /^The signing agent has signed something else\. Start it again\.$/;
const NONE = /is no signing agent\. Start it with .*, and set "signing_agent" to .* add 127\.0\.0\.1 to NO_PROXY\.$/;
const JWT = 'eyJhbGciOiJub25lIn0.eyJpc3MiOiJjbGllbnQtMSJ9.AAAA';

type Case = [what: string, says: RegExp, ask?: Parameters<typeof sign>[1], answer?: Parameters<typeof sign>[2]];
const CASES: Case[] = [
  ['another client', ELSE, request => ({ ...request, client_id: 'client-2' })],
  ['another audience', ELSE, request => ({ ...request, drafts: [{ claims: { aud: `${AUD}/x` } }] })],
  [
    'another type',
    ELSE,
    request => ({ ...request, drafts: [{ typ: 'client-authentication+jwt', claims: { aud: AUD } }] }),
  ],
  [
    'a request object',
    ELSE,
    request => ({ ...request, drafts: [{ typ: 'oauth-authz-req+jwt', claims: { aud: AUD } }] }),
  ],
  ['another lifetime', ELSE, request => ({ ...request, lifetime: 59 })],
  ['another key ID', ELSE, request => ({ ...request, kid: 'key-2' })],
  ['another key ID beside it', ELSE, undefined, good => ({ ...good, kid: 'key-2' })],
  ['no key ID', ELSE, undefined, ({ jwts }) => ({ jwts })],
  ['a key ID that forges a line', /^"kid" must be/, undefined, good => ({ ...good, kid: 'key-1\nx' })],
  ['a jti that forges a line', ELSE, undefined, each(one => withClaims(one, { jti: 'a\nclient authentication: x' }))],
  [
    'times in its JWT that are not those beside it',
    ELSE,
    undefined,
    each(one => ({ ...withClaims(one, { exp: 9e9 }), exp: one.exp })),
  ],
  ['another end beside it', ELSE, undefined, each(() => ({ exp: 9_999_999_999 }))],
  ['times that are none', ELSE, undefined, each(() => ({ iat: null, exp: {} }))],
  ['a foreign JWT', ELSE, undefined, each(() => ({ jwt: JWT }))],
  ['a JWT without a signature', ELSE, undefined, each(({ jwt }) => ({ jwt: jwt.replace(/[^.]*$/, '') }))],
  ['more behind the JWT', ELSE, undefined, each(({ jwt }) => ({ jwt: `${jwt}&scope=all` }))],
  ['a line break behind the JWT', ELSE, undefined, each(({ jwt }) => ({ jwt: `${jwt}\n` }))],
  ['more in front of the JWT', ELSE, undefined, each(({ jwt }) => ({ jwt: ` ${jwt}` }))],
  ['no JWT', ELSE, undefined, good => ({ ...good, jwts: [] })],
  ['nothing in its place', ELSE, undefined, good => ({ ...good, jwts: [null] })],
  ['the page of a proxy', NONE, undefined, () => '<html>denied</html>'],
  ['nothing', NONE, undefined, () => ''],
  ['null', NONE, undefined, () => 'null'],
  ['a list', NONE, undefined, () => '[]'],
  ['an error that is none', NONE, undefined, () => ({ error: { toString: 1 } })],
  [
    'an error',
    /^Do this: \?\[31m \[token\] x{400,490}$/,
    undefined,
    () => ({ error: `Do this: \u001b[31m ${JWT} ${'x'.repeat(999)}` }),
  ],
];

describe('the signer of what an agent has answered', () => {
  it('gives the JWT that was asked for, with the key ID of the agent where none was', () => {
    assert.match(sign('key-1'), /^[\w-]+\.[\w-]+\.[\w-]{342}$/);
    const drafts: Draft[] = [];
    make(createDraftSigner('', drafts));
    const { lines: _, ...good } = signDrafts(JSON.stringify({ ...OF_CLIENT, drafts }), rules, 1_800_000_000);
    const signer = toAgentSigner({ ...signing, kid: '' }, { status: 200, text: JSON.stringify(good) });
    assert.equal(signer.kid, 'of-agent');
    assert.equal(JSON.parse(Buffer.from(make(signer).split('.')[0] ?? '', 'base64url').toString()).kid, 'of-agent');
    assert.throws(() => make(signer), { code: 'signing_agent_failed' }, 'one answer is taken twice');
  });

  for (const [what, message, ask, answer] of CASES) {
    it(`refuses ${what}`, () => {
      assert.throws(() => sign('key-1', ask, answer), { name: 'ClientAuthError', message });
    });
  }

  it('says why there is no answer, and how to start an agent', () => {
    const none: [HttpAnswer | undefined, RegExp][] = [
      [undefined, /^The signing agent did not answer in time\. Start it with "paynet-client-auth agent"/],
      [{ fault: 'the error "connect"' }, /^There is no signing agent at the URL \(the error "connect"\)\. Start it/],
      [{ status: 502, text: '' }, /^What answered at the URL, with status 502, is no signing agent\./],
    ];
    for (const [reply, message] of none) {
      assert.throws(() => toAgentSigner(signing, reply), {
        code: 'signing_agent_failed',
        variable: 'signing_agent',
        message,
      });
    }
  });
});
