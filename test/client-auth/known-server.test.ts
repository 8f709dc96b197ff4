// The server as it is known: the variables go before the metadata, and the metadata of another issuer counts for nothing.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toKnownServer } from '../../src/client-auth/known-server.ts';

const issuer = 'https://as.example.my';
const metadata = {
  issuer,
  endpoints: { token_endpoint: 'https://mtls.example.my/token', revocation_endpoint: 'https://mtls.example.my/revoke' },
  replaced: { token_endpoint: `${issuer}/token`, revocation_endpoint: `${issuer}/revoke` },
};
const reader =
  (variables: Record<string, string>) =>
  (name: string): string =>
    variables[name] ?? '';

describe('toKnownServer', () => {
  it('takes from the metadata what the variables do not say', () => {
    const token_endpoint = 'https://configured.example.my/token';
    assert.deepEqual(toKnownServer(reader({ issuer: ` ${issuer} `, token_endpoint }), metadata), {
      issuer,
      endpoints: { token_endpoint, revocation_endpoint: 'https://mtls.example.my/revoke' },
      configured: { token_endpoint },
      replaced: { revocation_endpoint: `${issuer}/revoke` },
      isDiscovered: true,
    });
  });

  it('takes nothing from the metadata of another issuer', () => {
    for (const other of ['', `${issuer}/`]) {
      assert.deepEqual(toKnownServer(reader({ issuer: other }), metadata), {
        issuer: other,
        endpoints: {},
        configured: {},
        replaced: {},
        isDiscovered: false,
      });
    }
  });

  it('keeps whitespace around an endpoint, so that it is refused, and takes whitespace alone for nothing', () => {
    const { configured } = toKnownServer(reader({ token_endpoint: ' x ', revocation_endpoint: ' \n' }), undefined);
    assert.deepEqual(configured, { token_endpoint: ' x ' });
  });
});
