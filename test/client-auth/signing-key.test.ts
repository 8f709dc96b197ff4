// Key intake: every disguise of a good key gives that key, every other text its own refusal.

import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { ClientAuthError } from '../../src/client-auth/errors.ts';
import { importSigningKey } from '../../src/client-auth/signing-key.ts';
import { createCertificateAuthority, transportSubject } from '../../src/demo/certificates.ts';
import {
  createRsaKey,
  disguisesOf,
  leaks,
  modInverse,
  refusalsOf,
  toBase64url,
  toJwk,
  toPem,
  toPkcs8,
} from '../support/keys.ts';

const { privateKey } = createRsaKey();
const authority = await createCertificateAuthority();
const { cert } = await authority.issueClientCertificate(transportSubject);
const modulus = BigInt(`0x${Buffer.from(toJwk(privateKey).n as string, 'base64url').toString('hex')}`);

const refusalOf = (text: string): ClientAuthError => {
  try {
    importSigningKey(text);
  } catch (error) {
    assert(error instanceof ClientAuthError, `another error: ${error}`);
    return error;
  }
  return assert.fail('it was taken');
};

/** The PKCS#1 DER of the key with one of its small integers, all of one byte, in the place of another. */
const pkcs1With = (index: number, value: number): Buffer => {
  const integers = Array.from({ length: 9 }, (_, i) =>
    Buffer.from([2, 1, i === index ? value & 255 : i === 0 ? 0 : 5]),
  );
  return Buffer.concat([Buffer.from([0x30, 27]), ...integers]);
};

describe('importSigningKey', () => {
  for (const [title, text] of Object.entries(disguisesOf(privateKey, cert))) {
    it(`takes a key ${title}`, () => {
      const { key, kid } = importSigningKey(text);
      assert.equal(key.n, modulus);
      assert.equal(key.bits, 2048);
      assert.equal(kid, title.includes('escapes') ? 'DOMAIN\\nadia' : undefined);
    });
  }

  it('takes the kid of a JWK', () => {
    assert.equal(importSigningKey(JSON.stringify({ ...toJwk(privateKey), kid: 'k-1' })).kid, 'k-1');
  });

  const createPssKey = (restriction: object = {}): string =>
    generateKeyPairSync('rsa-pss', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      ...restriction,
    }).privateKey;

  it('takes an RSASSA-PSS key that is not restricted, or restricted to PS256', () => {
    const ps256 = { hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha256', saltLength: 32 };
    for (const text of [createPssKey(), createPssKey(ps256)]) assert.equal(importSigningKey(text).key.bits, 2048);
  });

  it('refuses an RSASSA-PSS key that is restricted to another hash', () => {
    const ps384 = { hashAlgorithm: 'sha384', mgf1HashAlgorithm: 'sha384', saltLength: 48 };
    assert.equal(refusalOf(createPssKey(ps384)).code, 'signing_key_wrong_use');
  });

  for (const { title, text, code, says } of refusalsOf(privateKey, cert)) {
    it(`refuses ${title} with a sentence of its own`, () => {
      const error = refusalOf(text);
      assert.equal(error.code, code, error.message);
      assert.match(error.message, says);
      assert.match(error.message, /^"signing_key" must be an RSA private key.*, got .*\. .*\.$/);
      assert(!leaks(error.message, text), 'the message quotes the key');
    });
  }

  describe('refuses a JWK whose numbers do not belong together:', () => {
    const { key } = importSigningKey(toPkcs8(privateKey));
    const { n, e, d, p, q, dp, dq, qi } = key;
    const shiftedByQ = d + (q - 1n);
    const shiftedByP = d + (p - 1n);
    const changes: Record<string, object> = {
      'another n': { n: n + 2n },
      'another d': { d: d + 2n },
      'another dp': { dp: dp + 2n },
      'another dq': { dq: dq + 2n },
      'another qi': { qi: qi + 1n },
      'a qi that is not reduced': { qi: qi + p },
      'a d and dp that agree and do not invert e': { d: shiftedByQ, dp: shiftedByQ % (p - 1n) },
      'a d and dq that agree and do not invert e': { d: shiftedByP, dq: shiftedByP % (q - 1n) },
      'primes changed over': { p: q, q: p },
      'a p of 1': { p: 1n, q: n },
      'a q of 1': { p: n, q: 1n, dp: d % (n - 1n) },
      'an e of 1': { e: 1n, d: 1n, dp: 1n, dq: 1n },
      'an e larger than n': { e: e + (p - 1n) * (q - 1n) * 2n },
    };
    for (const [title, change] of Object.entries(changes)) {
      it(title, () => {
        const members = Object.entries({ n, e, d, p, q, dp, dq, qi, ...change }).map(([name, value]) => [
          name,
          toBase64url(value),
        ]);
        const error = refusalOf(JSON.stringify({ kty: 'RSA', ...Object.fromEntries(members) }));
        assert.equal(error.code, 'signing_key_damaged');
        assert.match(error.message, /its numbers do not belong together/);
      });
    }
  });

  it('refuses a key that is too large to sign with in a moment', () => {
    // Odd neighbours, no primes: nobody waits for primes of this size.
    const e = 65537n;
    const p = (1n << 8200n) + (BigInt(`0x${randomBytes(1000).toString('hex')}`) * 2n * e + 3n);
    const q = p + 2n;
    const d = modInverse(e, (p - 1n) * (q - 1n));
    const numbers = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: modInverse(q, p) };
    const members = Object.entries(numbers).map(([name, value]) => [name, toBase64url(value)]);
    const error = refusalOf(JSON.stringify({ kty: 'RSA', ...Object.fromEntries(members) }));
    assert.match(error.message, /2048 to 16384 bits, got one of 1640\d bits/);
  });

  const jwk = toJwk(privateKey);
  const others: [string, string, string, RegExp][] = [
    [
      'a JWK that may only verify',
      JSON.stringify({ ...jwk, key_ops: ['verify'] }),
      'signing_key_wrong_use',
      /"key_ops"/,
    ],
    [
      'a trusted certificate',
      toPem(Buffer.from('3000', 'hex'), 'TRUSTED CERTIFICATE'),
      'signing_key_certificate',
      /certificate/,
    ],
    [
      'a PEM block of another kind',
      toPem(Buffer.from('3000', 'hex'), 'DH PARAMETERS'),
      'signing_key_unreadable',
      /another kind/,
    ],
    [
      'a PEM whose BEGIN and END differ',
      toPkcs8(privateKey).replace('END PRIVATE', 'END RSA PRIVATE'),
      'signing_key_damaged',
      /BEGIN and END lines differ/,
    ],
    [
      'a variable in the middle of a PEM',
      toPkcs8(privateKey).replace(/\n.*\n/, '\n{{BODY}}\n'),
      'variable_unresolved',
      /unresolved \{\{BODY\}\}/,
    ],
    [
      'a BEGIN line without its last dashes',
      '-----BEGIN PRIVATE KEY',
      'signing_key_damaged',
      /BEGIN line is not whole/,
    ],
    [
      'a variable of Postman’s vault',
      '{{vault:keys/signing}}',
      'variable_unresolved',
      /unresolved \{\{vault:keys\/signing\}\}/,
    ],
    ['two variables', '{{A}}{{B}}', 'variable_unresolved', /unresolved \{\{A\}\}/],
    [
      'a JWK with an empty member',
      JSON.stringify({ ...jwk, d: '' }),
      'signing_key_damaged',
      /member d is not base64url/,
    ],
    ['a variable with a long name', `{{${'x'.repeat(50)}}}`, 'variable_unresolved', /unresolved \{\{…\}\}/],
    ['a PKCS#1 key of another version', toPem(pkcs1With(0, 1)), 'signing_key_damaged', /two primes/],
    ['a negative number', toPem(pkcs1With(1, -5)), 'signing_key_damaged', /a number is missing/],
    [
      'a length that is longer than need be',
      toPem(Buffer.from('3081050201000201', 'hex')),
      'signing_key_damaged',
      /not DER/,
    ],
    [
      'an RSASSA-PSS key with a larger salt',
      createPssKey({ hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha256', saltLength: 64 }),
      'signing_key_wrong_use',
      /restricted/,
    ],
  ];
  for (const [title, text, code, says] of others) {
    it(`refuses ${title}`, () => {
      const error = refusalOf(text);
      assert.equal(error.code, code, error.message);
      assert.match(error.message, says);
    });
  }

  it('takes no kid that is not text', () => {
    for (const kid of [5, '', null, ['k']])
      assert.equal(importSigningKey(JSON.stringify({ ...jwk, kid })).kid, undefined);
  });

  it('refuses DER that goes on after the key', () => {
    const der = privateKey.export({ type: 'pkcs8', format: 'der' });
    assert.match(refusalOf(toPem(Buffer.concat([der, Buffer.from([5, 0])]))).message, /something follows it/);
  });

  it('refuses every key in which one byte is another, or takes it as the same key', () => {
    const der = privateKey.export({ type: 'pkcs8', format: 'der' });
    for (let at = 0; at < der.length; at += 7) {
      const changed = Buffer.from(der);
      changed[at] = (changed[at] as number) ^ 0x10;
      try {
        assert.equal(importSigningKey(toPem(changed)).key.n, modulus, `byte ${at}`);
      } catch (error) {
        assert(error instanceof ClientAuthError, `byte ${at}: ${error}`);
      }
    }
  });
});
