// Collections of every shape through `run` and `check`: what Newman can run is run with the script in front, what is no
// collection is told in one line, and nothing ends in a stack trace.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import { inject } from '../../src/cli/collection/injection.ts';
import { collectionOf, collectionTexts } from '../support/collection-texts.ts';
import { form, scripts } from '../support/collections.ts';
import { runCommand } from '../support/command-line.ts';
import { hosts } from '../support/hosts.ts';
import { createRsaKey, toPkcs8 } from '../support/keys.ts';
import { type Recorder, startRecorder } from '../support/recorder.ts';
import { createFolder, type Folder, toEnvironment } from '../support/workplace.ts';

const jsrsasign = readFileSync(
  new URL('../../node_modules/jsrsasign/lib/jsrsasign-rsa-min.js', import.meta.url),
  'utf8',
);
const request = { method: 'POST', url: '{{token_endpoint}}', body: form(['grant_type', 'client_credentials']) };
const json = JSON.stringify(request);

/** The same collection with each of its requests a token request, and the real library where its place is. */
const aimed = (text: string): string =>
  text
    .replace('"request": "https://api.example.com/accounts"', () => `"request": ${json}`)
    // Newman sends nothing to a URL that has "raw" without its parts.
    .replaceAll(/\{\s*"raw":\s*"https:\/\/api\.example\.com\/accounts"\s*\}/g, JSON.stringify(request.url))
    .replaceAll('"GET"', () => `"POST","body":${JSON.stringify(request.body)}`)
    .replace('"/*! jsrsasign */"', () => JSON.stringify(jsrsasign));

const good = Object.entries(collectionTexts).filter(([name]) => !/thousand/.test(name));
const tooDeep = Object.entries(collectionTexts).filter(([name]) => /thousand/.test(name));
/** Scripts and items in them that Newman itself cannot run. */
const RED = ['scripts of odd types', '__proto__ and constructor as keys'];

const info = '"info":{"name":"x","schema":"v2.1.0"}';
const whole = JSON.stringify(collectionOf());
const malformed: [title: string, content: string | Buffer, says: RegExp][] = [
  ['an empty file', '', /not JSON: /],
  ['an array', '[]', /not a Postman collection but an array\./],
  ['null', 'null', /but a single value\./],
  ['a number', '5', /but a single value\./],
  ['an empty object', '{}', /but some other JSON/],
  ['info without schema and item', '{"info":{"name":"x"}}', /but some other JSON/],
  ['an object of events', `{${info},"item":[],"event":{}}`, /"event" must be an array/],
  ['format v1', '{"id":"1","name":"x","order":[],"requests":[]}', /a collection in format v1\./],
  ['UTF-16', Buffer.from(`\ufeff${whole}`, 'utf16le'), /not UTF-8 text but UTF-16\./],
  ['UTF-16 without a mark', Buffer.from(whole, 'utf16le'), /not JSON: /],
  ['binary', Buffer.from([0x50, 0x4b, 3, 4, 0xff, 0xfe, 0x80, 0]), /not UTF-8 text\./],
  ['a cut file', whole.slice(0, 300), /not JSON: /],
  ['a wrapped collection', `{"collection":${whole}}`, /an answer of the Postman API\./],
];

/** Collections by their outside that hold what no request or folder is: Newman makes of it what it can. */
const odd: [title: string, content: string][] = [
  ['no items', `{${info}}`],
  ['null as items', `{${info},"item":null}`],
  ['text as items', `{${info},"item":"x"}`],
  ['an object as items', `{${info},"item":{"a":{"name":"r","request":${json}}}}`],
  ['items that are none', `{${info},"item":[null,5,"x",[],{}]}`],
  ['null as a request', `{${info},"item":[{"name":"r","request":null}]}`],
  ['null as a URL', `{${info},"item":[{"name":"r","request":{"method":"POST","url":null}}]}`],
  ['a number as a method', `{${info},"item":[{"name":"r","request":{"method":5,"url":"{{token_endpoint}}"}}]}`],
  ['an object as events of an item', `{${info},"item":[{"name":"r","event":{},"request":${json}}]}`],
  ['a number as events of an item', `{${info},"item":[{"name":"r","event":5,"request":${json}}]}`],
  ['numbers as variables and authorization', `{${info},"auth":5,"variable":5,"item":[]}`],
];

describe('a collection', () => {
  let recorder: Recorder;
  let folder: Folder;
  let settings: Record<string, string>;
  before(async () => {
    recorder = await startRecorder();
    folder = createFolder();
    settings = {
      token_endpoint: `${recorder.origin}/token`,
      client_id: 'client-1',
      kid: 'key-1',
      signing_key: toPkcs8(createRsaKey().privateKey),
    };
    folder.write('environment.json', toEnvironment(settings));
  });
  after(async () => {
    await recorder.close();
    folder.remove();
  });
  beforeEach(() => {
    recorder.requests.length = 0;
  });

  const write = (content: string | Buffer): string => folder.write('collection.json', content);
  const command = async (...args: string[]) => {
    const result = await runCommand(args);
    assert.doesNotMatch(result.stdout + result.stderr, /^\s+at |[A-Z]\w*Error:/m);
    return result;
  };
  const run = async (file: string) => {
    const report = ['--reporters', 'json', '--reporter-json-export', folder.path('report.json')];
    const { code, stderr } = await command('run', file, '-e', folder.path('environment.json'), ...report);
    return { code, stderr };
  };
  const check = (file: string) => command('check', file);
  const assertions = () => recorder.requests.filter(one => one.url === '/token' && one.form.has('client_assertion'));

  for (const [name, text] of good) {
    it(`with ${name} is run with the script in front of each request, and checked`, async () => {
      const sends = text.split('https://api.example.com/accounts').length - 1;
      const file = write(aimed(text));
      const { code, stderr } = await run(file);
      assert.equal(code, RED.includes(name) ? 1 : 0, stderr);
      assert.equal(recorder.requests.length, sends);
      assert.equal(assertions().length, sends);
      const missing = await check(file);
      assert.match(missing.stdout, /^fail {2}script +paynet-client-auth is missing\./m);
      assert.equal(missing.code, 1);
      const injected = await check(write(inject(aimed(text), scripts)));
      assert.match(injected.stdout, /^ok {4}script /m);
      assert.equal(injected.code, 0);
    });
  }

  for (const [name, text] of tooDeep) {
    it(`with ${name} is refused by the run by its name, and checked`, async () => {
      const file = write(text);
      const { code, stderr } = await run(file);
      assert.equal(code, 1);
      assert.equal(stderr.startsWith(`error: ${file}: nested more than `), true, stderr);
      assert.match((await check(file)).stdout, /^fail {2}script +paynet-client-auth is missing\./m);
    });
  }

  for (const [name, content, says] of malformed) {
    it(`that is ${name} is refused by its name in one line`, async () => {
      const file = write(content);
      const { code, stderr } = await run(file);
      assert.equal(code, 1);
      assert.match(stderr, says);
      assert.match(stderr, /^error: [^\n]+\n$/);
      assert.equal(stderr.startsWith(`error: ${file}: `), true, stderr);
      assert.deepEqual(await check(file), { code, stdout: '', stderr });
      assert.deepEqual(recorder.requests, []);
    });
  }

  for (const [name, content] of odd) {
    it(`with ${name} ends without a stack trace, and posts nothing without the script`, async () => {
      const file = write(content);
      const { code, stderr } = await run(file);
      assert.equal(code === 0 || code === 1, true, stderr);
      assert.match(
        stderr,
        code === 0
          ? /^(no|1 of 1) request authenticated, no tests\n$/
          : /^error: the run failed: .+\.\nFirst failure: .+\n$/,
      );
      assert.equal(
        recorder.requests.filter(one => one.method === 'POST' && one.url === '/token').length,
        assertions().length,
      );
      assert.match((await check(file)).stdout, /^fail {2}script +paynet-client-auth is missing\./m);
    });
  }

  for (const host of hosts) {
    for (const name of ['__proto__ with events inside an item', 'a pasted jsrsasign and names that scripts like']) {
      it(`with ${name} is authenticated in ${host.name}`, async () => {
        const collection = JSON.parse(inject(aimed(collectionTexts[name] ?? ''), scripts));
        const { failed, scriptErrors } = await host.run(collection, { environment: settings });
        assert.deepEqual({ failed, scriptErrors }, { failed: false, scriptErrors: [] });
        assert.equal(assertions().length, 2);
      });
    }
  }
});
