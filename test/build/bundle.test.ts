// What is in dist/, and what must not be: the bytes that an auditor reads and that a bank pastes into its collections.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Script } from 'node:vm';
import { bundleCommandLine, bundlePostResponse, bundlePreRequest } from '../../build/bundle.ts';
import { slice } from '../../build/slice-jsrsasign.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { execute } from '../support/execute.ts';

const script = readFileSync(new URL('../../dist/pre-request.js', import.meta.url), 'utf8');
const [banner = '', ...rest] = script.split('\n');
const codeAt = rest.findIndex(line => line.startsWith(';(()=>{"use strict"'));
const code = rest[codeAt] as string;

const FORBIDDEN = {
  'evaluates text': /\beval\b|\bFunction\(/,
  'reaches the network by itself': /XMLHttpRequest|\bfetch\b|WebSocket|importScripts/,
  'looks like a browser or Node': /\b(window|navigator|document|globalThis|process|self|global)\b/,
  'loads modules': /\brequire\b|\bimport\b/,
  'writes to the environment of the user': /pm\.(environment|globals|collectionVariables)/,
  'stores a key or an assertion in a variable': /variables\.set\([^)]*(assertion|signing_key)/,
  'uses what sandboxes warn about': /\b(atob|btoa|Buffer)\b/,
};

describe('dist/pre-request.js', () => {
  it('begins with name, version and the SHA-256 of all that follows', () => {
    const [, version, hash] = /^\/\*! paynet-client-auth (\S+) sha256=([\da-f]{64})$/.exec(banner) ?? [];
    assert.equal(version, packageJson.version);
    assert.equal(hash, createHash('sha256').update(rest.join('\n')).digest('hex'));
  });

  it('says in five lines what it is, by what it is made, not to edit it, and where to configure it', () => {
    assert.equal(codeAt, 4);
    const words = [
      /Proves who the client is/,
      /by the npm package paynet-client-auth/,
      /Do not edit it/,
      /Configure it by/,
    ];
    for (const [line, word] of words.entries()) assert.match(rest[line] ?? '', word);
    assert.ok(rest.slice(0, codeAt).every(line => line.length <= 128));
  });

  it('ends with the line by which its end is found', () => {
    assert.deepEqual(rest.slice(-2), ['/* end of paynet-client-auth */', '']);
  });

  it('holds the notices of what is inside, last', () => {
    assert.match(rest.slice(codeAt + 1).join('\n'), /^\/\*!\nContains/);
    assert.match(script, /Copyright \(c\) 2010-2023 Kenji Urushima/);
    assert.match(script, /2009-2013 by Jeff Mott\. All rights reserved/);
    assert.match(script, /Permission is hereby granted/);
    assert.match(script, /Redistributions in binary form must reproduce/);
  });

  it('holds nothing of jsbn, whose notice is not there', () => {
    assert.doesNotMatch(code, /dmp1|coeff/);
  });

  it('is one strict-mode function expression, on one line', () => {
    assert.match(code, /^;\(\(\)=>\{"use strict";.*\}\)\(\);$/);
  });

  it('may be in one script with code that ends without a semicolon or is not strict, and in YAML', () => {
    for (const text of [script, readFileSync(new URL('../../dist/post-response.js', import.meta.url), 'utf8')]) {
      assert.match(text, /\n;\(\(\)=>\{"use strict"/);
      assert.doesNotThrow(() => new Script(`${text}with ({}) {}`));
      assert.doesNotMatch(text, /[^\n\x20-\x7e]/);
    }
  });

  it('is at most 40 KB with its notices', () => {
    assert.equal(script.length <= 40 * 1024, true, `${script.length} bytes`);
  });

  it('is made of the sources byte for byte, every time', async () => {
    assert.equal(await bundlePreRequest(), script);
    assert.equal(await bundlePreRequest(), script);
  });

  for (const [what, pattern] of Object.entries(FORBIDDEN)) {
    it(`holds nothing that ${what}`, () => {
      assert.doesNotMatch(code, pattern);
    });
  }

  it('draws from Math.random in one place, beside the private key', () => {
    assert.equal(code.match(/random\(/g)?.length, 1);
    assert.match(code, /Math\.random\(/);
  });

  it('holds nothing of jsrsasign that verifies tokens, decrypts, or knows other schemes', () => {
    const names =
      /ECDSA|\bDSA\b|decrypt|JWS|\bJWT|X509|CMS|OAEP|oaep|pkcs1unpad|SHA1|SHA512|MD5|Arcfour|prng|ASN1|KEYUTIL|PKCS5|modPow\(/;
    assert.doesNotMatch(code.replace(/"[^"]*"|`[^`]*`/g, '""'), names);
  });
});

describe('dist/post-response.js', () => {
  const text = readFileSync(new URL('../../dist/post-response.js', import.meta.url), 'utf8');
  const [first = '', ...others] = text.split('\n');

  it('begins with its version and hash, says what it is, and ends with the line by which its end is found', () => {
    const [, version, hash] = /^\/\*! paynet-client-auth (\S+) sha256=([\da-f]{64})$/.exec(first) ?? [];
    assert.equal(version, packageJson.version);
    assert.equal(hash, createHash('sha256').update(others.join('\n')).digest('hex'));
    assert.match(others.slice(0, 4).join('\n'), /Tests that.*\n.*npm package.*\n.*Do not edit.*\n.*Configure it by/);
    assert.deepEqual(others.slice(-2), ['/* end of paynet-client-auth */', '']);
  });

  it('is at most 8 KB', () => {
    assert.equal(text.length <= 8 * 1024, true, `${text.length} bytes`);
  });

  it('is made of the sources byte for byte, and holds nothing that the other script may not hold', async () => {
    assert.equal(await bundlePostResponse(), text);
    for (const pattern of Object.values(FORBIDDEN)) assert.doesNotMatch(others[4] ?? '', pattern);
    assert.doesNotMatch(text, /signing_key[^ :,"]/);
  });
});

describe('dist/cli.js', () => {
  it('needs no `require` of its surroundings', () => {
    const text = readFileSync(new URL('../../dist/cli.js', import.meta.url), 'utf8');
    assert.equal(text.includes('Dynamic require of'), false);
  });

  it('may be made of sources that declare the names which Node gives to CommonJS', async t => {
    const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'bundle.mjs');
    writeFileSync(file, await bundleCommandLine('test/support/names-of-commonjs.ts'));
    const { code, stdout, stderr } = await execute(process.execPath, [file, join(folder, 'written')]);
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(stdout, 'createRequire fileURLToPath require __filename __dirname module exports\n');
    assert.equal(readFileSync(join(folder, 'written'), 'utf8'), 'text');
  });
});

describe('what is built for Node', () => {
  for (const file of ['cli.js', 'index.js']) {
    it(`${file} holds the notices of all packages that are inside, and nothing of jsrsasign`, () => {
      const text = readFileSync(new URL(`../../dist/${file}`, import.meta.url), 'utf8');
      const notices = text.slice(text.lastIndexOf('/*!\nContains:'));
      const names = [...text.matchAll(/^\/\/ node_modules\/((?:@[^/]+\/)?[^/]+)\//gm)].map(([, name]) => name);
      assert.ok(names.length > 0);
      for (const name of new Set(names)) assert.ok(notices.includes(`\n${name}\n`), `no notice of ${name}`);
      assert.doesNotMatch(text, /CryptoJS|signPSS/);
    });
  }
});

describe('the slice of jsrsasign', () => {
  const text = readFileSync(new URL('../../node_modules/jsrsasign/lib/jsrsasign-rsa-min.js', import.meta.url), 'utf8');

  it('stops the build when a member that was asked for is missing', () => {
    assert.throws(
      () => slice(text, { roots: ['RSAKey.prototype.signXYZ'], provided: [] }),
      /"RSAKey\.prototype\.signXYZ" was asked for, and is not in the file/,
    );
    assert.throws(() => slice(text, { roots: ['Nobody.here'], provided: [] }), /"Nobody" is not in the file/);
  });

  it('stops the build when what it keeps needs a browser', () => {
    assert.throws(
      () => slice('function f(){return window.crypto}', { roots: ['f'], provided: [] }),
      /"window" is used .* defined nowhere/,
    );
  });

  it('keeps what is reachable, in order, and nothing else', () => {
    const source = [
      'var A={};function helper(a){return other(a)}function other(b){return b}function unused(){}',
      'A.used=function(a){return helper(a)+this.also};A.also=1;A.not=function(){return unused()};',
      '(function(k){var a=A;a.added=k})(1);(function(k){var a=A;a.ignored=k})(2);',
    ].join('');
    const { kept } = slice(source, { roots: ['A.used', 'A.added'], provided: [] });
    assert.deepEqual(kept, ['A', 'helper', 'other', 'A.used', 'A.also', 'statement that adds added']);
  });

  it('drops functions of object literals that nothing reads but functions of the same name', () => {
    const source =
      'var A={a:function(){return this.b()},b:function(){},c:function(){return this.c()},d:function(){A.e()},';
    const rest = 'e:function(){},toString:function(){},f:1,g:function(){},x:{c:function(){return A.c()}}};';
    const { source: left, dropped } = slice(`${source}${rest}`, { roots: ['A.a'], provided: [] });
    assert.deepEqual(dropped, ['c', 'd', 'e', 'g', 'c']);
    assert.equal(left, 'var A={a:function(){return this.b()},b:function(){},toString:function(){},f:1,x:{}};');
  });

  it('drops assignments to members that nothing reads', () => {
    const source = '(function(){var a=A;a.kept=1;a.also=a.read;a.dropped=2})();var A={};A.read=3;';
    const { source: left, dropped } = slice(source, { roots: ['A.kept'], provided: [] });
    assert.deepEqual(dropped, ['also', 'dropped', 'read']);
    assert.equal(left, '(function(){var a=A;a.kept=1;})();\nvar A={};\n');
  });

  it('leaves out what the caller provides', () => {
    const { source, kept } = slice('var A={};A.f=function(){return B(1)};function B(){}', {
      roots: ['A.f'],
      provided: ['B'],
    });
    assert.deepEqual(kept, ['A', 'A.f']);
    assert.doesNotMatch(source, /function B/);
  });
});
