// Throw-away keys: what is read in the place of a signing key, in each form of it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ThrowawayKeys } from '../../../src/cli/run/throwaway-keys.ts';
import { importSigningKey } from '../../../src/client-auth/signing-key.ts';
import { createCertificateAuthority, transportSubject } from '../../../src/demo/certificates.ts';
import { createRsaKey, disguisesOf, toJwk, toPkcs8 } from '../../support/keys.ts';

describe('a throw-away key', async () => {
  const { privateKey } = createRsaKey();
  const pem = toPkcs8(privateKey);
  const jwk = toJwk(privateKey);
  const { n } = importSigningKey(pem).key;
  const keys = new ThrowawayKeys();
  await keys.add(pem);
  const throwaway = importSigningKey(keys.textFor(pem) as string).key.n;

  it('is the same in the place of each form of a signing key, with its key ID', async () => {
    const { cert } = await (await createCertificateAuthority()).issueClientCertificate(transportSubject);
    assert.notEqual(throwaway, n);
    for (const [form, text] of Object.entries(disguisesOf(privateKey, cert))) {
      const { key, kid } = importSigningKey(keys.textFor(text) ?? '');
      assert.deepEqual([key.n, kid], [throwaway, importSigningKey(text).kid], form);
    }
    const set = JSON.stringify({ keys: [{ ...jwk, kid: 'key-1' }] });
    for (const text of [set, encodeURIComponent(set), Buffer.from(set).toString('base64')]) {
      assert.equal(importSigningKey(keys.textFor(text) ?? '').kid, 'key-1');
    }
  });

  it('is Base64 without lines in the place of Base64 of DER, since scripts put the lines around it', () => {
    const der = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
    assert.match(keys.textFor(der) ?? '', /^MI[A-Za-z0-9+/]+=*$/);
  });

  it('leaves what else is in the JSON of a secret manager as it was', () => {
    const other = { kty: 'RSA', e: 'AQAB', n: 'x'.repeat(1100) };
    for (const [before, read] of [
      [{ bank: 'b', data: { key: pem, list: [1, null] } }, (one: { data: { key: string } }) => one.data.key],
      [
        { bank: 'b', text: JSON.stringify({ key: pem, more: 'x' }) },
        (one: { text: string }) => JSON.parse(one.text).key,
      ],
      [{ keys: [other, { ...jwk, kid: 'k' }] }, (one: { keys: object[] }) => JSON.stringify(one.keys[1])],
    ] as const) {
      const after = JSON.parse(keys.textFor(JSON.stringify(before)) as string);
      assert.equal(importSigningKey(read(after)).key.n, throwaway);
      assert.deepEqual(
        [after.bank, after.data?.list, after.keys?.[0]],
        [
          'bank' in before ? before.bank : undefined,
          'data' in before ? before.data.list : undefined,
          'keys' in before ? before.keys[0] : undefined,
        ],
      );
    }
  });

  it('is in the place of no other key, and of no text', async () => {
    const another = toPkcs8(createRsaKey().privateKey);
    for (const text of [another, JSON.stringify({ key: another }), 'x'.repeat(2000), '']) {
      assert.equal(keys.textFor(text), undefined);
    }
  });
});
