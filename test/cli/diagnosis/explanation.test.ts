// A refusal in lines of text: what was sent, what is known about the server, the causes.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explain } from '../../../src/cli/diagnosis/explanation.ts';
import { refused, TOKEN_ENDPOINT } from '../../support/facts.ts';

describe('the explanation', () => {
  it('says what was sent, what is known about the server, and the causes in order', () => {
    const lines = explain({ ...refused, clockDifference: -95 });
    assert.deepEqual(lines, [
      `token_endpoint ${TOKEN_ENDPOINT} answered 401 invalid_client "client authentication failed"`,
      `  sent: private_key_jwt, alg=PS256 kid=k1 aud=${TOKEN_ENDPOINT} iss=c, lifetime 600 s`,
      '  transport certificate: CN=client,O=Bank,C=MY, valid until 2027-01-25, 10 days left',
      "  server: the server's clock is 95 s behind yours; methods private_key_jwt, tls_client_auth; algorithms PS256; kid k1 with this key is in the JWKS jwks.json",
      "  1. proved: the server's clock is 95 s behind yours, so iat was 95 s in the future: set clock_offset to -95",
    ]);
  });

  it('says why metadata and JWKS could not be read', () => {
    const [, , , known = ''] = explain({
      ...refused,
      server: undefined,
      serverFault: { reason: 'the connection failed (ENOTFOUND)' },
      jwks: undefined,
      jwksFault: { reason: 'status 404' },
    });
    assert.match(known, /; its metadata could not be read: the connection failed \(ENOTFOUND\); /);
    assert.match(known, /; the JWKS could not be read: status 404$/);
  });

  it('says so when no certificate was sent and nothing is known', () => {
    const lines = explain({
      ...refused,
      certificate: 'none',
      server: undefined,
      jwks: undefined,
      clockDifference: undefined,
    });
    assert.match(lines[2] ?? '', /none was sent$/);
    assert.match(lines[3] ?? '', /nothing is known about it$/);
  });

  it('quotes text of the server without control characters, and without a token in it', () => {
    const token = `${'a'.repeat(30)}.${'b'.repeat(30)}.${'c'.repeat(30)}`;
    const text = explain({ ...refused, errorDescription: `\u001b[31m bad ${token}` }).join('\n');
    assert.equal(text.includes('\u001b'), false);
    assert.equal(text.includes(token), false);
    assert.match(text, /\[token\]/);
  });
});
