// Key intake: every disguise of a good key gives that key, every other text its own refusal.

import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
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

  it('takes an RSASSA-PSS key of OpenSSL that is not restricted, or restricted to PS256', () => {
    const sha256 = { hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha256' };
    for (const restriction of [{}, sha256, { ...sha256, saltLength: 32 }, { ...sha256, saltLength: 0 }]) {
      assert.equal(importSigningKey(createPssKey(restriction)).key.bits, 2048);
    }
  });

  /** A DER element, of elements as hexadecimal. */
  const element = (tag: string, ...contents: string[]): string => {
    const inside = contents.join('');
    const length = inside.length / 2;
    const [lead, digits] = length < 128 ? ['', 2] : length < 256 ? ['81', 2] : ['82', 4];
    return `${tag}${lead}${length.toString(16).padStart(digits, '0')}${inside}`;
  };
  const [SHA_1, SHA_256, SHA_512, MGF1] = [
    '06052b0e03021a',
    '0609608648016503040201',
    '0609608648016503040203',
    '06092a864886f70d010108',
  ];
  const hash = (oid: string, parameters = '0500') => element('a0', element('30', oid, parameters));
  const mask = (oid: string, parameters = '0500') => element('a1', element('30', MGF1, element('30', oid, parameters)));
  const salt = (hex: string) => element('a2', element('02', hex));
  const trailer = (hex: string) => element('a3', element('02', hex));
  /** The key with RSASSA-PSS-params (RFC 4055 section 3.1), in PEM. */
  const toPss = (...parameters: string[]): string => {
    const algorithm = element('30', '06092a864886f70d01010a', element('30', ...parameters));
    const pkcs1 = privateKey.export({ type: 'pkcs1', format: 'der' }).toString('hex');
    return toPem(Buffer.from(element('30', '020100', algorithm, element('04', pkcs1)), 'hex'));
  };

  const right: Record<string, string[]> = {
    'without salt length, which is 20': [hash(SHA_256), mask(SHA_256)],
    'with parameters of the hashes absent': [hash(SHA_256, ''), mask(SHA_256, ''), salt('20')],
    'with those of one hash absent': [hash(SHA_256), mask(SHA_256, ''), salt('20')],
    'with those of the other hash absent': [hash(SHA_256, ''), mask(SHA_256), salt('1f')],
    'that names trailer field 1': [hash(SHA_256), mask(SHA_256), salt('20'), trailer('01')],
    'that names trailer field 1 alone behind the hashes': [hash(SHA_256, ''), mask(SHA_256, ''), trailer('01')],
  };
  for (const [title, parameters] of Object.entries(right)) {
    it(`takes an RSASSA-PSS key ${title}, as OpenSSL does`, () => {
      const pem = toPss(...parameters);
      assert.equal(importSigningKey(pem).key.n, modulus);
      const pss = { key: pem, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
      assert.doesNotThrow(() => sign('sha256', Buffer.from('text'), pss));
    });
  }

  const wrong: Record<string, string[]> = {
    'without a hash, which is SHA-1': [],
    'without a hash, with a salt of 32 bytes': [salt('20')],
    'with SHA-1': [hash(SHA_1), mask(SHA_1)],
    'with SHA-512': [hash(SHA_512), mask(SHA_512), salt('20')],
    'with a mask of SHA-1, which is the one when it is absent': [hash(SHA_256), salt('20')],
    'with a mask of SHA-512': [hash(SHA_256), mask(SHA_512), salt('20')],
    'with a salt of 33 bytes': [hash(SHA_256), mask(SHA_256), salt('21')],
    'with a salt of 256 bytes': [hash(SHA_256), mask(SHA_256), salt('0100')],
    'with trailer field 2': [hash(SHA_256), mask(SHA_256), salt('20'), trailer('02')],
    'with more behind its parameters': [hash(SHA_256), mask(SHA_256), salt('20'), trailer('01'), '0500'],
  };
  for (const [title, parameters] of Object.entries(wrong)) {
    it(`refuses an RSASSA-PSS key ${title}`, () => {
      const error = refusalOf(toPss(...parameters));
      assert.equal(error.code, 'signing_key_wrong_use');
      assert.match(error.message, /restricted to other parameters/);
    });
  }

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
    ['a variable with a long name', `{{${'x'.repeat(61)}}}`, 'variable_unresolved', /unresolved \{\{…\}\}/],
    ['a PKCS#1 key of another version', toPem(pkcs1With(0, 1)), 'signing_key_damaged', /two primes/],
    ['a negative number', toPem(pkcs1With(1, -5)), 'signing_key_damaged', /a number is missing/],
    [
      'a length that is longer than need be',
      toPem(Buffer.from('3081050201000201', 'hex')),
      'signing_key_damaged',
      /not DER/,
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
