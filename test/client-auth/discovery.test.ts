// Discovery as a pure function: which URL is asked next, and what the answers lead to.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type HttpAnswer, nextDiscoveryStep } from '../../src/client-auth/discovery.ts';

const ISSUER = 'https://as.example.my/tenant';
const OPENID = 'https://as.example.my/tenant/.well-known/openid-configuration';
const RFC8414 = 'https://as.example.my/.well-known/oauth-authorization-server/tenant';
const TOKEN = 'https://as.example.my/token';
const good: HttpAnswer = { status: 200, text: JSON.stringify({ issuer: ISSUER, token_endpoint: TOKEN }) };
const notFound: HttpAnswer = { status: 404, text: '' };

describe('nextDiscoveryStep', () => {
  it('asks the URL of OpenID Connect Discovery, then that of RFC 8414', () => {
    assert.deepEqual(nextDiscoveryStep(ISSUER, []), { url: OPENID, metadata: undefined });
    assert.deepEqual(nextDiscoveryStep(ISSUER, [notFound]), { url: RFC8414, metadata: undefined });
  });

  it('gives the metadata with the URL where it was found', () => {
    const metadata = { issuer: ISSUER, endpoints: { token_endpoint: TOKEN }, replaced: {} };
    assert.deepEqual(nextDiscoveryStep(ISSUER, [good]), { url: OPENID, metadata });
    assert.deepEqual(nextDiscoveryStep(ISSUER, [notFound, good]), { url: RFC8414, metadata });
  });

  const late: HttpAnswer = { fault: 'no answer within 10 seconds' };
  const refused: [string, HttpAnswer[], string][] = [
    ['no URL has it', [notFound, { status: 503, text: '' }], `status 404 from ${OPENID}, status 503 from ${RFC8414}`],
    ['a server does not answer', [late], `no answer within 10 seconds from ${OPENID}`],
    [
      'a server stops to answer',
      [notFound, late],
      `status 404 from ${OPENID}, no answer within 10 seconds from ${RFC8414}`,
    ],
    ['it is too long', [{ status: 200, text: 'x'.repeat(1_000_001) }], `1000001 characters from ${OPENID}`],
  ];
  for (const [title, answers, got] of refused) {
    it(`refuses when ${title}, and names every answer`, () => {
      assert.throws(() => nextDiscoveryStep(ISSUER, answers), {
        code: 'discovery_failed',
        variable: 'issuer',
        message: `"issuer" must be a server whose metadata can be read, got ${got}. Check "issuer" and the network, or set the endpoint variables.`,
      });
    });
  }

  it('refuses the metadata of another issuer, by the name of the variable', () => {
    const other = { status: 200, text: '{"issuer":"https://as.example.my/other"}' };
    assert.throws(() => nextDiscoveryStep(ISSUER, [other]), { code: 'metadata_invalid', variable: 'issuer' });
  });

  it('asks nobody for an issuer that is not a plain https URL', () => {
    for (const issuer of ['', 'http://as.example.my', '{{issuer}}']) {
      assert.throws(() => nextDiscoveryStep(issuer, []), { variable: 'issuer' });
    }
  });
});
