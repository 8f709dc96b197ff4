// Client authentication as a pure function: clock and random bytes are arguments.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { authenticateClient } from '../../src/client-auth/client-authentication.ts';
import { withJsrsasign } from '../../src/client-auth/ps256.ts';
import type { Settings } from '../../src/client-auth/settings.ts';
import { createSigner, openPasted } from '../../src/client-auth/signer.ts';
import { createRsaKey, toPkcs8 } from '../support/keys.ts';

const settings: Settings = {
  method: 'private_key_jwt',
  clientId: 'client-1',
  replaces: false,
  signingKey: toPkcs8(createRsaKey().privateKey),
  agent: '',
  kid: 'key-1',
  audience: { from: 'token_endpoint' },
  typ: '',
  lifetime: 600,
  clockOffset: 0,
};
const token_endpoint = 'https://as.example.my/token';
const introspection_endpoint = 'https://as.example.my/introspection';

const authenticate = (
  change: object = {},
  endpoints: Record<string, string> = { token_endpoint, introspection_endpoint },
  now = 1_800_000_000,
) =>
  authenticateClient(
    { ...settings, ...change } as Settings,
    { issuer: 'https://issuer.example.my', endpoints, configured: endpoints, replaced: {}, isDiscovered: false },
    'introspection_endpoint',
    signing => createSigner(signing, openPasted(withJsrsasign(() => length => '5a'.repeat(length))), now),
  );

describe('authenticateClient', () => {
  it('depends on nothing but its arguments', () => {
    assert.deepEqual(authenticate(), authenticate());
  });

  it('never dates an assertion ahead of the clock', () => {
    const { assertion } = authenticate({}, undefined, 1_800_000_000.999);
    assert.equal(assertion?.claims.iat, 1_800_000_000);
    assert.equal(assertion?.claims.exp, 1_800_000_600);
  });

  it('adds the clock offset', () => {
    assert.equal(authenticate({ clockOffset: -95 }).assertion?.claims.iat, 1_800_000_000 - 95);
  });

  it('takes the audience from the token endpoint, the issuer, or a URL, whatever endpoint is called', () => {
    assert.equal(authenticate().assertion?.claims.aud, token_endpoint);
    assert.equal(authenticate({ audience: { from: 'issuer' } }).assertion?.claims.aud, 'https://issuer.example.my');
    const url = 'https://other.example.my/x';
    assert.equal(authenticate({ audience: { from: 'url', url } }).assertion?.claims.aud, url);
  });

  it('refuses a token endpoint that can be no audience', () => {
    for (const [url, says] of [
      ['http://as.example.my/token', /"token_endpoint" must be an https URL/],
      ['https://{{HOST}}/token', /unresolved \{\{HOST\}\}/],
      ['', /got nothing/],
    ] as const) {
      assert.throws(() => authenticate({}, { token_endpoint: url, introspection_endpoint }), says);
    }
  });

  it('gives client_id alone with tls_client_auth', () => {
    assert.deepEqual(authenticate({ method: 'tls_client_auth' }), {
      parameters: [{ key: 'client_id', value: 'client-1' }],
      assertion: undefined,
    });
  });
});
