// Request objects out of claims of every shape: what is kept, what is replaced, and that nothing else comes out.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compactVerify } from 'jose';
import { withNodeCrypto } from '../../src/cli/client/ps256.ts';
import { ClientAuthError } from '../../src/client-auth/errors.ts';
import { createRequestObject, isClaims } from '../../src/client-auth/request-object.ts';
import { createSigner } from '../../src/client-auth/signer.ts';
import { createRsaKey, toPkcs8 } from '../support/keys.ts';

const ISSUER = 'https://issuer.example.my';
const NOW = 1_800_000_000;
const { privateKey, publicKey } = createRsaKey();
const signing = {
  agent: '',
  signingKey: toPkcs8(privateKey),
  kid: 'key-1',
  lifetime: 600,
  clockOffset: 0,
};
const signer = createSigner(signing, withNodeCrypto, NOW + 0.9);

/** Makes a request object, and reads it with jose. */
const make = async (text: string) => {
  const jws = createRequestObject(text, 'client-1', ISSUER, signer);
  const { payload, protectedHeader } = await compactVerify(jws, publicKey, { algorithms: ['PS256'] });
  return { claims: JSON.parse(Buffer.from(payload).toString()), header: protectedHeader };
};

const OURS = ['iss', 'client_id', 'aud', 'iat', 'nbf', 'exp', 'jti'];

describe('a request object', () => {
  it('says what its claims say, and of client, audience and time what is true', async () => {
    const anyClaims = fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom(...OURS, '__proto__', 'scope')),
      fc.jsonValue(),
    );
    await fc.assert(
      fc.asyncProperty(anyClaims, fc.nat(4), async (claims, indent) => {
        const { claims: signed, header } = await make(JSON.stringify(claims, null, indent));
        assert.deepEqual(header, { alg: 'PS256', kid: 'key-1', typ: 'oauth-authz-req+jwt' });
        const { jti, ...rest } = signed;
        assert.match(jti, /^[\da-f-]{36}$/);
        const ours = { iss: 'client-1', client_id: 'client-1', aud: ISSUER, iat: NOW, nbf: NOW, exp: NOW + 600 };
        const theirs = Object.entries(JSON.parse(JSON.stringify(claims))).filter(([name]) => !OURS.includes(name));
        assert.deepEqual(new Map(Object.entries(rest)), new Map([...theirs, ...Object.entries(ours)]));
      }),
      { numRuns: 60 },
    );
  });

  it('is not made of what is no JSON object, and the error does not quote it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), text => {
        const claims = `{${text}`;
        try {
          JSON.parse(claims);
          return;
        } catch {
          // As it should be.
        }
        const isRefused = (error: unknown) =>
          error instanceof ClientAuthError &&
          error.message ===
            '"request" must be a JSON object of claims, got text that is not JSON. Correct it in the tab Body.';
        assert.throws(() => createRequestObject(claims, 'client-1', ISSUER, signer), isRefused);
      }),
      { numRuns: 400 },
    );
  });

  it('is never a client assertion', () => {
    const says = /"request" must be .*, got one with the client as "sub"/;
    assert.throws(() => createRequestObject('{"sub":"client-1"}', 'client-1', ISSUER, signer), says);
    assert.doesNotThrow(() => createRequestObject('{"sub":"a user"}', 'client-1', ISSUER, signer));
  });

  it('needs an issuer that can be an audience', () => {
    for (const issuer of ['', 'http://issuer.example.my', '{{issuer}}', 'issuer']) {
      assert.throws(() => createRequestObject('{}', 'client-1', issuer, signer), /"issuer" must be an https URL/);
    }
  });

  it('is what is made already where the text is no JSON object', () => {
    assert.deepEqual(['{}', 'eyJ.e30.x', '', ' {}', '[]'].map(isClaims), [true, false, false, false, false]);
  });
});
