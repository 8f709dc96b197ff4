// The look for secrets finds every run of 24 characters, wherever it is in a text, and all of a short secret.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { holdsPartOf } from './readings.ts';

// No Base64 and no escapes: such a text has no reading but itself.
const letters = (size: object) => fc.string({ unit: fc.constantFrom('.', ':', '!'), ...size });

describe('holdsPartOf', () => {
  it('is true where a text has 24 characters that a secret has, and nowhere else', () => {
    const secret = letters({ minLength: 24, maxLength: 70 });
    const around = letters({ maxLength: 40 });
    const piece = { at: fc.nat(46), length: fc.integer({ min: 21, max: 26 }), before: around, after: around };
    const cases = fc.record({ secrets: fc.array(secret, { minLength: 1, maxLength: 3 }), ...piece });
    const seen = { true: 0, false: 0 };
    fc.assert(
      fc.property(fc.noBias(cases), ({ secrets, at, length, before, after }) => {
        const text = `${before}${secrets.at(-1)?.slice(at, at + length)}${after}`;
        const isThere = secrets.some(one =>
          Array.from({ length: one.length - 23 }, (_, start) => one.slice(start, start + 24)).some(part =>
            text.includes(part),
          ),
        );
        seen[`${isThere}`]++;
        assert.equal(holdsPartOf(text, secrets), isThere);
      }),
      { numRuns: 2000 },
    );
    assert.equal(seen.true > 100 && seen.false > 100, true, JSON.stringify(seen));
  });

  it('is true where all of a secret under 24 characters is there', () => {
    assert.equal(holdsPartOf('a short-secret', ['other', 'short-secret']), true);
    assert.equal(
      holdsPartOf(Buffer.from('{"password": "short-secret", "x": 1}').toString('base64'), ['short-secret']),
      true,
    );
    assert.equal(holdsPartOf('a short-secre', ['other', 'short-secret']), false);
  });
});
