// The generators of random bytes: what they draw from, and that a hedged one can't be predicted without the key.

import assert from 'node:assert/strict';
import { createHash, webcrypto } from 'node:crypto';
import { describe, it } from 'node:test';
import { hedgedRandomBytes, systemRandomBytes, uuidv4 } from '../src/client-auth/random.ts';
import { collectionOf, form, script } from './support/collections.ts';
import { newmanHost, runtimeHost } from './support/hosts.ts';
import { createRsaKey, toPkcs8 } from './support/keys.ts';
import { startRecorder } from './support/recorder.ts';

const sha256 = (hex: string) => createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex');

describe('hedgedRandomBytes', () => {
  it('gives other bytes for another key, another clock, another Math.random', () => {
    const outputs = [
      ['key', ['1', '2']],
      ['yek', ['1', '2']],
      ['key', ['2', '2']],
      ['key', ['1', '3']],
      ['key', ['12']],
    ].map(([secret, entropy]) => hedgedRandomBytes(sha256, secret as string, entropy as string[])(32));
    assert.equal(new Set(outputs).size, outputs.length);
  });

  it('gives other bytes at every draw, as many as it is asked for', () => {
    const draw = hedgedRandomBytes(sha256, 'key', []);
    const outputs = [draw(16), draw(32), draw(32), draw(100)];
    assert.deepEqual(
      outputs.map(({ length }) => length / 2),
      [16, 32, 32, 100],
    );
    const starts = outputs.map(output => output.slice(0, 16));
    assert.equal(new Set(starts).size, 4);
  });
});

describe('systemRandomBytes', () => {
  it('gives the bytes of crypto.getRandomValues', () => {
    const draw = systemRandomBytes(array => array.fill(200));
    assert.equal(draw(3), 'c8c8c8');
    assert.notEqual(
      systemRandomBytes(array => webcrypto.getRandomValues(array))(16),
      systemRandomBytes(array => webcrypto.getRandomValues(array))(16),
    );
  });
});

describe('uuidv4', () => {
  it('sets version and variant and keeps the other 122 bits', () => {
    assert.equal(
      uuidv4(length => '00'.repeat(length)),
      '00000000-0000-4000-8000-000000000000',
    );
    assert.equal(
      uuidv4(length => 'ff'.repeat(length)),
      'ffffffff-ffff-4fff-bfff-ffffffffffff',
    );
  });
});

describe('the random bytes of an assertion', () => {
  const FROZEN = 'Math.random = () => 0.5; Date.now = () => 1800000000000;\n';
  const send = async (host: typeof newmanHost, source: string, signing_key: string, requests = 1) => {
    const recorder = await startRecorder();
    const token = { url: `${recorder.origin}/token`, body: form(['a', 'b']) };
    const environment = { token_endpoint: token.url, client_id: 'c', kid: 'k', signing_key };
    const run = await host.run(collectionOf(Array(requests).fill(token), {}, source), { environment });
    await recorder.close();
    assert.deepEqual(run.tests, []);
    return recorder.requests.map(({ form: sent }) => {
      const [, claims, signature] = (sent.get('client_assertion') as string).split('.');
      return { jti: JSON.parse(Buffer.from(claims as string, 'base64url').toString()).jti as string, signature };
    });
  };

  it('differ in Newman for two keys, while clock and Math.random stand still', async () => {
    const [one] = await send(newmanHost, FROZEN + script, toPkcs8(createRsaKey().privateKey));
    const [other] = await send(newmanHost, FROZEN + script, toPkcs8(createRsaKey().privateKey));
    assert.notEqual(one?.jti, other?.jti);
  });

  it('differ in Newman for two requests and one key, while clock and Math.random stand still', async () => {
    const [one, other] = await send(newmanHost, FROZEN + script, toPkcs8(createRsaKey().privateKey), 2);
    assert.notEqual(one?.jti, other?.jti);
    assert.notEqual(one?.signature, other?.signature);
  });

  it('differ in Newman when Math.random alone differs', async () => {
    const key = toPkcs8(createRsaKey().privateKey);
    const clock = 'Date.now = () => 1800000000000;\n';
    const [one] = await send(newmanHost, clock + script, key);
    const [other] = await send(newmanHost, clock + script, key);
    assert.notEqual(one?.jti, other?.jti);
  });

  it('come from crypto.getRandomValues where the sandbox has it', async () => {
    const known = 'crypto.getRandomValues = array => array.fill(7);\n';
    const [one] = await send(runtimeHost, known + script, toPkcs8(createRsaKey().privateKey));
    assert.equal(one?.jti, '07070707-0707-4707-8707-070707070707');
  });
});
