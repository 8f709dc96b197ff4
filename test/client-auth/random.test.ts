// The generator of random bytes: what it draws from, and that it can't be predicted without the key.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { hedgedRandomBytes, uuidv4 } from '../../src/client-auth/random.ts';

const sha256 = (hex: string) => createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex');

describe('hedgedRandomBytes', () => {
  it('gives other bytes for another key, another clock, other random values', () => {
    const seeds: [p: bigint, entropy: (string | number)[]][] = [
      [7n, [1, '2']],
      [11n, [1, '2']],
      [7n, [2, '2']],
      [7n, [1, '3']],
      [7n, ['12']],
    ];
    const outputs = seeds.map(([p, entropy]) => hedgedRandomBytes({ p }, sha256, entropy)(32));
    assert.equal(new Set(outputs).size, outputs.length);
  });

  it('gives other bytes at every draw, as many as it is asked for', () => {
    const draw = hedgedRandomBytes({ p: 7n }, sha256, []);
    const outputs = [draw(16), draw(32), draw(32), draw(100)];
    assert.deepEqual(
      outputs.map(({ length }) => length / 2),
      [16, 32, 32, 100],
    );
    const starts = outputs.map(output => output.slice(0, 16));
    assert.equal(new Set(starts).size, 4);
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
