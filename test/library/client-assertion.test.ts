// `createClientAssertion` of the library: what it makes of keys in all forms, and what its errors say.

import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, createSecretKey } from 'node:crypto';
import { describe, it } from 'node:test';
import { compactVerify, decodeProtectedHeader } from 'jose';
import { ClientAuthError } from '../../src/client-auth/errors.ts';
import { type ClientAssertionOptions, createClientAssertion } from '../../src/library/client-assertion.ts';
import { createRsaKey, toPkcs8 } from '../support/keys.ts';

const pem = toPkcs8(createRsaKey().privateKey);
const key = createPrivateKey(pem);
const jwk = { ...key.export({ format: 'jwk' }), kid: 'kid-of-jwk' };
const options = {
  clientId: 'client-1',
  signingKey: pem,
  kid: 'key-1',
  audience: 'https://as.example.my/token',
} satisfies ClientAssertionOptions;

/** The error of options. */
const errorOf = (change: object): ClientAuthError => {
  try {
    createClientAssertion({ ...options, ...change });
  } catch (error) {
    assert.ok(error instanceof ClientAuthError, String(error));
    return error;
  }
  throw new Error('no error');
};

describe('createClientAssertion', () => {
  it('takes the key as PEM, bytes, key object, JWK as text and as object, and signs what jose verifies', async () => {
    const withoutKid = { kid: undefined } as object;
    for (const [signingKey, change, kid] of [
      [pem, {}, 'key-1'],
      [Buffer.from(pem), {}, 'key-1'],
      [key, {}, 'key-1'],
      [jwk, {}, 'key-1'],
      [jwk, withoutKid, 'kid-of-jwk'],
      [JSON.stringify(jwk), withoutKid, 'kid-of-jwk'],
      [pem.replaceAll('\n', '\\n'), {}, 'key-1'],
    ] as const) {
      const made = createClientAssertion({ ...options, signingKey, ...change });
      const { payload } = await compactVerify(made.assertion, createPublicKey(key), { algorithms: ['PS256'] });
      assert.deepEqual(JSON.parse(Buffer.from(payload).toString()), made.claims);
      assert.deepEqual(decodeProtectedHeader(made.assertion), { alg: 'PS256', kid });
      assert.equal(made.kid, kid);
    }
  });

  it('names client and audience, and dates by lifetime and clock offset, with a jti of its own each time', () => {
    const { claims } = createClientAssertion({ ...options, lifetime: 60, clockOffset: -95 });
    const { iat, exp, jti, ...rest } = claims;
    assert.deepEqual(rest, { iss: 'client-1', sub: 'client-1', aud: 'https://as.example.my/token' });
    assert.equal(exp - iat, 60);
    assert.ok(Math.abs(iat + 95 - Date.now() / 1000) < 5);
    const { claims: next, assertion } = createClientAssertion({ ...options, typ: 'client-authentication+jwt' });
    assert.equal(decodeProtectedHeader(assertion).typ, 'client-authentication+jwt');
    assert.notEqual(next.jti, jti);
    assert.equal(next.exp - next.iat, 600);
  });

  it('throws a ClientAuthError that names the option and not the variable of the scripts, and says what to do here', () => {
    const remedy = 'Give this option.';
    for (const [change, code, variable, words] of [
      [{ clientId: undefined }, 'variable_missing', 'clientId', remedy],
      [{ clientId: 'client\n1' }, 'variable_invalid', 'clientId', 'Copy it again.'],
      [{ kid: '' }, 'variable_missing', 'kid', 'Copy it from the JWKS.'],
      [{ signingKey: undefined }, 'variable_missing', 'signingKey', remedy],
      [{ signingKey: '{{key}}' }, 'variable_unresolved', 'signingKey', 'give the key itself.'],
      [{ signingKey: createPublicKey(key) }, 'signing_key_public', 'signingKey', 'Give the private key'],
      [
        { signingKey: createSecretKey(Buffer.alloc(32)) },
        'signing_key_unreadable',
        'signingKey',
        'Give the private key.',
      ],
      [{ signingKey: { foo: 1 } }, 'signing_key_unreadable', 'signingKey', 'Give a JWK'],
      [{ audience: undefined }, 'variable_missing', 'audience', 'It is the token endpoint, or the issuer.'],
      [
        { audience: 'http://as.example.my' },
        'variable_invalid',
        'audience',
        'It is the token endpoint, or the issuer.',
      ],
      [{ lifetime: 601 }, 'variable_invalid', 'lifetime', 'Unset it for the default of 600.'],
      [{ lifetime: 1.5 }, 'variable_invalid', 'lifetime', 'Unset it'],
      [{ typ: 'JWT' }, 'variable_invalid', 'typ', 'Unset it for the default of nothing.'],
      [{ clockOffset: Number.NaN }, 'variable_invalid', 'clockOffset', 'Unset it for the default of 0.'],
    ] as const) {
      const error = errorOf(change);
      assert.deepEqual([error.code, error.variable], [code, variable], error.message);
      assert.ok(error.message.startsWith(`"${variable}" must be `) && error.message.includes(words), error.message);
      assert.doesNotMatch(error.message, /client_|signing_key|environment|[Pp]aste/);
    }
  });

  it('holds no key material in an error', () => {
    const cut = pem.slice(0, -200);
    const error = errorOf({ signingKey: cut });
    assert.equal(error.code, 'signing_key_truncated');
    assert.equal(error.message.includes(cut.slice(100, 140)), false);
    assert.equal(errorOf({ clientId: pem }).message.includes(pem.slice(100, 140)), false);
  });
});
