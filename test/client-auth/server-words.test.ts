// The cause that the words of a server name: what twelve products say, and words of no product.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findNamedCause } from '../../src/client-auth/server-words.ts';
import { WORDS_OF_PRODUCTS } from '../support/words-of-products.ts';

describe('the words of an authorization server', () => {
  it('name the cause that the twelve products mean by them', () => {
    for (const { product, error, description, cause } of WORDS_OF_PRODUCTS) {
      assert.equal(findNamedCause(error, description), cause, `${product}: ${description}`);
    }
    assert.equal(new Set(WORDS_OF_PRODUCTS.map(({ product }) => product)).size, 12);
  });

  it('name a cause in the words of other servers too', () => {
    const others: [description: string, cause: ReturnType<typeof findNamedCause>][] = [
      ['JTI has already been used', 'jti_reused'],
      ['the "typ" of the client assertion must be client-authentication+jwt', 'typ'],
      ['typ of the client assertion is required', 'typ'],
      ['The specified client assertion is not of the expected type.', 'typ'],
      ['only client-authentication+jwt is accepted', 'typ'],
      ['assertion lifetime exceeds 60 seconds', 'lifetime'],
      ['exp is more than 5 minutes after iat', 'lifetime'],
      ['iat is more than 60 seconds in the future', 'time'],
      ['nbf: check your clock', 'time'],
      ['no client certificate was presented', 'certificate_missing'],
      ['x5t#S256 does not match the certificate thumbprint', 'certificate_other'],
      ['Unknown client', 'client_unknown'],
      ['client_id c1 does not exist in this environment', 'client_unknown'],
      ['no applicable key found in the JSON Web Key Set', 'key_unknown'],
      ['unsupported token_endpoint_auth_method', 'method'],
    ];
    for (const [description, cause] of others) {
      assert.equal(findNamedCause('invalid_client', description), cause, description);
    }
  });

  it('name none where they are about a code, a token or a scope, or list everything as RFC 6749 does', () => {
    const sentence = 'unknown client, no client authentication included, or unsupported authentication method';
    assert.equal(findNamedCause('invalid_client', `Client authentication failed (e.g., ${sentence})`), undefined);
    assert.equal(findNamedCause('invalid_grant', 'the code has expired, or was already used'), undefined);
    assert.equal(findNamedCause('invalid_scope', 'unknown client scope'), undefined);
    assert.equal(findNamedCause('', ''), undefined);
  });
});
