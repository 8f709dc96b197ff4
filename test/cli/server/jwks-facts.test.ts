// The signing key against the keys of a JWKS.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareWithJwks, hasSigned, isPublicHalf } from '../../../src/cli/server/jwks-facts.ts';
import { importSigningKey } from '../../../src/client-auth/signing-key.ts';
import { createRsaKey, toJwk, toPkcs8 } from '../../support/keys.ts';

const { privateKey } = createRsaKey();
const { n, e } = toJwk(privateKey);
const publicJwk = { kty: 'RSA', n, e, kid: 'k1' };
const { key } = importSigningKey(toPkcs8(privateKey));

describe('a key of a JWKS', () => {
  it('is the public half of the signing key if its numbers are equal, however they are written', () => {
    assert.equal(isPublicHalf(publicJwk, key), true);
    assert.equal(isPublicHalf({ ...publicJwk, n: `AA${n}` }, key), false);
    assert.equal(isPublicHalf({ kty: 'EC' }, key), false);
  });

  it('of another type has signed nothing', () => {
    assert.equal(hasSigned({ kty: 'EC' }, 'a.b.c'), false);
  });
});

describe('compareWithJwks', () => {
  const compare = (...keys: object[]) =>
    compareWithJwks('j', keys as Record<string, unknown>[], 'k1', one => isPublicHalf(one, key));

  it('counts the keys with the key ID, and names the exposed ones', () => {
    const facts = compare(publicJwk, { ...publicJwk, use: 'enc' }, { kty: 'oct', k: 'x', kid: 'o' });
    assert.equal(facts.count, 2);
    assert.equal(facts.isSame, true);
    assert.deepEqual(facts.exposed, ['o']);
    assert.deepEqual(facts.kids, ['k1', 'k1', 'o']);
  });

  it('names the member by which the key is not for PS256 signatures', () => {
    assert.equal(compare({ ...publicJwk, alg: 'PS256', use: 'sig', key_ops: ['verify'] }).otherUse, undefined);
    assert.equal(compare({ ...publicJwk, alg: 'RS256' }).otherUse, '"alg" "RS256"');
    assert.equal(compare({ ...publicJwk, use: 'enc' }).otherUse, '"use" "enc"');
    assert.equal(compare({ ...publicJwk, key_ops: ['sign'] }).otherUse, '"key_ops" ["sign"]');
  });

  it('names the other key IDs of the key', () => {
    assert.deepEqual(compare({ ...publicJwk, kid: 'k9' }, { kty: 'RSA', n, e }).sameUnder, ['k9', '']);
  });
});
