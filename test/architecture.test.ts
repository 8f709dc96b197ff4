// The sentences of the layout that say "only": each is checked against the sources.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ENDPOINT_NAMES } from '../src/client-auth/authorization-server.ts';
import { readSettings } from '../src/client-auth/settings.ts';

const root = new URL('../', import.meta.url);
const files = (folder: string) =>
  readdirSync(new URL(folder, root), { recursive: true })
    .map(name => `${folder}/${name}`)
    .filter(name => name.endsWith('.ts') && !name.endsWith('.d.ts'));
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
/** The code of a file: without comments and texts. */
const codeOf = (path: string) => read(path).replace(/\/\*[\s\S]*?\*\/|\/\/.*|'[^'\n]*'/g, '');
const importsOf = (path: string) => [...read(path).matchAll(/from '([^']+)'/g)].map(match => match[1] as string);

describe('the sources', () => {
  const sources = files('src');

  it('say `pm` only in src/pre-request/sandbox.ts', () => {
    assert.deepEqual(
      sources.filter(path => /\bpm\./.test(codeOf(path))),
      ['src/pre-request/sandbox.ts'],
    );
  });

  it('know jsrsasign only in src/client-auth/ps256.ts', () => {
    const knowing = sources.filter(path => importsOf(path).some(name => name.startsWith('jsrsasign')));
    assert.deepEqual(knowing, ['src/client-auth/ps256.ts']);
  });

  it('touch `process` only in the two entries that run on the machine', () => {
    const touching = sources.filter(path => /\bprocess\./.test(codeOf(path)));
    assert.deepEqual(touching.sort(), ['src/cli/main.ts', 'src/demo/main.ts']);
  });

  it('depend in one direction: pre-request and cli on client-auth, and never on each other', () => {
    const sides = { 'src/client-auth': ['./'], 'src/pre-request': ['./', '../client-auth/'] };
    for (const [folder, allowed] of Object.entries(sides)) {
      for (const path of files(folder)) {
        const others = importsOf(path).filter(
          name => !allowed.some(start => name.startsWith(start)) && name !== 'jsrsasign/ps256',
        );
        assert.deepEqual(others, [], path);
      }
    }
    for (const path of files('src/cli')) {
      assert.equal(
        importsOf(path).some(name => name.includes('pre-request') || name.includes('demo')),
        false,
        path,
      );
    }
  });

  it('never weaken the verification of a certificate', () => {
    const weakening =
      /rejectUnauthorized:\s*false|NODE_TLS_REJECT_UNAUTHORIZED|--insecure|insecure:\s*true|strictSSL:\s*false/;
    const places = [...sources, ...files('build'), ...files('test/support'), 'package.json', '.ci/run'];
    assert.deepEqual(
      places.filter(path => weakening.test(read(path))),
      [],
    );
  });

  it('hold no private key', () => {
    const all = [
      ...sources,
      ...files('test'),
      ...files('build'),
      ...readdirSync(new URL('collections', root)).map(name => `collections/${name}`),
    ];
    assert.deepEqual(
      all.filter(path => /-----BEGIN [A-Z ]*PRIVATE KEY-----\n?[A-Za-z0-9+/]{20}/.test(read(path))),
      [],
    );
  });

  it('begin each file with a header that says what it holds', () => {
    for (const path of [...sources, ...files('build'), ...files('test')])
      assert.match(read(path), /^\/\/ \S.{20,}/, path);
  });
});

describe('the README', () => {
  const readme = read('README.md');

  it('has a row for every variable that the script reads', () => {
    const names = new Set<string>(['issuer', ...ENDPOINT_NAMES]);
    readSettings(name => {
      names.add(name);
      return name === 'client_id' ? 'c' : '';
    });
    for (const name of names) assert.match(readme, new RegExp(`^\\| \`${name}\`.* \\|`, 'm'), name);
  });

  it('has a line for every entry of the top level and every folder of src', () => {
    const top = ['collections', 'build', 'test', ...readdirSync(new URL('src', root)).map(name => `src/${name}`)];
    for (const name of top) assert.match(readme, new RegExp(`^${name}/ `, 'm'), name);
  });
});
