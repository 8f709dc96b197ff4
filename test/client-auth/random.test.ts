// The generators of random bytes: what they draw from, and that a hedged one can't be predicted without the key.

import assert from 'node:assert/strict';
import { createHash, webcrypto } from 'node:crypto';
import { describe, it } from 'node:test';
import { hedgedRandomBytes, systemRandomBytes, uuidv4 } from '../../src/client-auth/random.ts';

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
