// Long lines, broken at words for a terminal.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wrap } from '../../src/cli/wrap.ts';

const words = Array.from({ length: 40 }, (_, at) => `word${at}`).join(' ');

describe('a line that is wider than the terminal', () => {
  it('is broken at words, and goes on where its text begins', () => {
    for (const [begin, indent] of [
      ['', 0],
      ['    ', 4],
      ['  1. ', 5],
    ] as const) {
      const [first = '', ...others] = wrap(`${begin}${words}`, 60).split('\n');
      assert.ok(others.length > 3);
      for (const line of [first, ...others]) assert.ok(line.length <= 60, line);
      for (const line of others) assert.match(line, new RegExp(`^ {${indent}}\\S`));
      assert.equal([first, ...others.map(line => line.trimStart())].join(' '), `${begin}${words}`);
    }
  });

  it('is broken beside a wide column of names too', () => {
    const lines = wrap(`${' '.repeat(53)}${words}`, 80, 53).split('\n');
    assert.ok(lines.length > 3);
    for (const line of lines) assert.ok(line.length <= 80, line);
  });

  it('stays whole where there is no terminal, or a word is longer than a line', () => {
    const url = `https://as.example.my/${'x'.repeat(90)}`;
    assert.equal(wrap(words, undefined), words);
    assert.equal(wrap(`  1. ${url}`, 60), `  1. ${url}`);
    assert.equal(wrap(`at ${url} it`, 60), `at\n${url}\nit`);
  });
});
