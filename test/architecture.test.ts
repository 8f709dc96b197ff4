// What holds for all sources, beside the layers, which the linter's configuration holds.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

const root = new URL('../', import.meta.url);
const files = (folder: string, ending = /(?<!\.d)\.ts$/) =>
  readdirSync(new URL(folder, root), { recursive: true })
    .map(name => `${folder}/${name}`)
    .filter(name => ending.test(name));
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
describe('the sources', () => {
  const sources = files('src');

  it('never weaken the verification of a certificate', () => {
    const weakening =
      /rejectUnauthorized:\s*false|NODE_TLS_REJECT_UNAUTHORIZED|--insecure|insecure:\s*true|strictSSL:\s*false/;
    const places = [...sources, ...files('build'), ...files('test/support'), 'package.json', '.ci/run'];
    assert.deepEqual(
      places.filter(path => weakening.test(read(path))),
      [],
    );
  });

  it('have layers for each room, and a line in the layout', () => {
    const rooms = readdirSync(new URL('src/cli', root), { withFileTypes: true }).filter(one => one.isDirectory());
    const [rules, layout] = [read('biome.json'), read('docs/development.md')];
    const isMissing = ({ name }: { name: string }) =>
      !rules.includes(`"includes": ["src/cli/${name}/**"]`) || !layout.includes(`\n  ${name}/ `);
    assert.deepEqual(rooms.filter(isMissing), []);
  });

  it('are of at most 250 lines each', () => {
    const long = sources.filter(path => read(path).split('\n').length > 251);
    assert.deepEqual(long, []);
  });

  it('hold no private key', () => {
    const all = [...sources, ...files('test'), ...files('build'), ...files('collections', /\.json$/)];
    assert.deepEqual(
      all.filter(path => /-----BEGIN [A-Z ]*PRIVATE KEY-----\n?[A-Za-z0-9+/]{20}/.test(read(path))),
      [],
    );
  });

  it('have tests that share a process only where none has a hook for each test of all', () => {
    const shared = [...read('build/test.js').matchAll(/\['(test\/[^']+)', \d+\]/g)].map(([, start]) => start as string);
    assert.notDeepEqual(shared, []);
    const isShared = (path: string) => shared.some(start => path.startsWith(start));
    assert.deepEqual(
      files('test').filter(path => isShared(path) && /^(?:before|after)Each\(/m.test(read(path))),
      [],
    );
  });

  it('begin each file with a header that says what it holds', () => {
    for (const path of [...sources, ...files('build'), ...files('test')])
      assert.match(read(path), /^\/\/ \S.{20,}/, path);
  });
});
