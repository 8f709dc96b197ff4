// Collections of Postman v12, folders of YAML, in `check`: where one begins, what is found in its files, and files that can't be
// read.

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { parseYaml } from '../../../src/cli/client/yaml-text.ts';
import { scripts } from '../../support/collections.ts';
import { runCommand } from '../../support/command-line.ts';
import { type Files, v12Files, writeFiles } from '../../support/v12-folder.ts';
import { createFolder, type Folder } from '../../support/workplace.ts';

const toPart = (part: object | string) => Buffer.from(JSON.stringify(part)).toString('base64url');
const TOKEN = '$kind: http-request\nmethod: POST\nurl: "{{token_endpoint}}"\n';

describe('a folder of Postman v12', () => {
  let folder: Folder;
  before(() => {
    folder = createFolder();
  });
  after(() => folder.remove());
  let count = 0;
  /** Writes a collection of its own; gives its path. */
  const write = (files: Files): string => {
    count += 1;
    const path = folder.path(`collection ${count}`);
    writeFiles(path, files);
    return path;
  };
  const check = async (path: string, ...args: string[]) => {
    const { code, stdout, stderr } = await runCommand(['check', path, '--json', ...args]);
    const lines: { name: string; code: string; message: string }[] = stdout === '' ? [] : JSON.parse(stdout);
    return { exitCode: code, stderr, find: (name: string) => lines.find(line => line.name === name) };
  };

  it('is checked as a file is', async () => {
    const entry = (type: string, text: string) =>
      `  - type: http:${type}\n    code: |-\n${text.trimEnd().replaceAll(/^(?=.)/gm, '      ')}\n`;
    const entries = entry('beforeRequest', scripts.preRequest) + entry('afterResponse', scripts.postResponse);
    const definition = `$kind: collection\nscripts:\n${entries}`;
    const path = write({ '.resources/definition.yaml': definition, 'Token.request.yaml': TOKEN });
    const { exitCode, find } = await check(path);
    assert.equal(find('script')?.code, 'script_injected');
    assert.equal(find('secrets')?.code, 'secret_not_found');
    assert.equal(find('requests')?.message, 'token_endpoint: "Token"');
    assert.equal(exitCode, 0);
    assert.equal((await check(write(v12Files))).find('script')?.code, 'script_missing');
  });

  it('is searched for secrets in every file, examples and comments too', async () => {
    const token = [{ alg: 'RS256' }, { sub: 'someone' }, 'signature of it'].map(toPart).join('.');
    const path = write({
      '.resources/definition.yaml': `$kind: collection\nvariables:\n  password: correct-horse-9\n`,
      '.resources/a.resources/examples/a.example.yaml': `response: {body: {type: json, content: '{"access_token": "${token}"}'}}\n`,
      'a.request.yaml': `${TOKEN}# ${token}\n`,
      'b/c.request.yaml': `${TOKEN}headers:\n  - {key: Authorization, value: Bearer ${token}}\n`,
    });
    const secrets = (await check(path)).find('secrets');
    assert.equal(secrets?.code, 'secret_found');
    const found = (secrets as unknown as { findings: { path: string }[] }).findings.map(one => one.path);
    assert.deepEqual(found, [
      `${path}/.resources/definition.yaml $.variables.password`,
      `${path}/a.request.yaml $.comments`,
      `${path}/b/c.request.yaml $.headers[0].value`,
      `${path}/.resources/a.resources/examples/a.example.yaml $.response.body.content`,
    ]);
    assert.doesNotMatch(secrets?.message ?? '', new RegExp(token));
  });

  it('begins where its outermost definition or request is, or where a workspace keeps it', async () => {
    const path = write({ '.resources/definition.yaml': '$kind: collection\n', 'a/b/Token.request.yaml': TOKEN });
    for (const inside of ['a/b', 'a/b/Token.request.yaml', '.resources/definition.yaml', '.resources']) {
      const { stderr, find } = await check(`${path}/${inside}`);
      assert.equal(find('requests')?.message, 'token_endpoint: "a / b / Token"', inside);
      assert.match(stderr, /is in the collection .*, which is taken as a whole\. --folder takes one folder\./);
    }
    const workspace = write({
      'postman/collections/One/x/Token.request.yaml': TOKEN,
      'postman/collections/Two/Token.request.yaml': TOKEN,
      'one/postman/collections/Only/Token.request.yaml': TOKEN,
    });
    const requestsOf = async (...args: [string, ...string[]]) => (await check(...args)).find('requests')?.message;
    assert.equal(await requestsOf(`${workspace}/one`), 'token_endpoint: "Token"');
    assert.equal(await requestsOf(`${workspace}/postman/collections/One/x`), 'token_endpoint: "x / Token"');
    for (const part of ['', '/postman', '/postman/collections']) {
      assert.equal(await requestsOf(workspace + part, '--collection', 'Two'), 'token_endpoint: "Token"');
      const { exitCode, stderr } = await check(workspace + part);
      assert.match(stderr, /holds several collections\. Choose one with --collection: "One", "Two"\./);
      assert.equal(exitCode, 2);
    }
    const { exitCode, stderr } = await check(workspace, '--collection', 'Three');
    assert.match(stderr, /there is no collection "Three"\. There are: "One", "Two"\./);
    assert.equal(exitCode, 2);
  });

  const request = (rest: string) => ({ 'a.request.yaml': `$kind: http-request\n${rest}\n` });
  const refused: [string, Files, RegExp][] = [
    [
      'YAML that is none',
      request('url: "a'),
      /a\.request\.yaml: not YAML .*: missing char at line 3, column 1\. Correct/,
    ],
    [
      '{{…}} without quotes',
      request('url: {{base}}/a'),
      /at line 2, column \d+\. Put the value with \{\{…\}\} in quotes/,
    ],
    ['an alias', request('a: &x 1\nb: *x'), /an alias at line 3, column 4\. Write the value itself/],
    ['a tag', request('a: !secret x'), /a tag at line 2/],
    ['a key twice', request('url: a\nurl: b'), /duplicate key at line 3/],
    ['two documents', request('---\nurl: b'), /multiple docs at line 2/],
    ['what is nested too deeply', request(`a: ${'['.repeat(20_000)}`), /nested too deeply at line 2/],
    ['a file of many megabytes', request(`a: ${'x'.repeat(5_000_000)}`), /more than 5 MB of YAML/],
    ['a list for a request', { 'a.request.yaml': '- a\n' }, /"the file" must be a map, got a list/],
    ['a request without kind', { 'a.request.yaml': 'url: a\n' }, /"\$kind" is missing\. Write "\$kind: http-request"/],
    ['text for headers', request('headers: x'), /"headers" must be a map or a list of \{key, value\}, got a text/],
    ['a map for a value', request('headers: {a: {b: c}}'), /"headers\.value" must be text, got a map/],
    ['a map for JSON', request('body: {type: json, content: {a: 1}}'), /"body\.content" must be text, got a map/],
    ['a body of no kind', request('body: {type: form}'), /"body\.type" must be urlencoded, formdata, file, graphql/],
    [
      'a definition that is none',
      { ...request(''), '.resources/definition.yaml': 'scripts: {}' },
      /"scripts" must be a list/,
    ],
    ['a directory without requests', { 'a.txt': '' }, /is not the directory of a collection: no \*\.request\.yaml/],
    [
      'folders in each other without end',
      { [`${'a/'.repeat(102)}a.request.yaml`]: TOKEN, ...request('') },
      /more than 100 folders/,
    ],
  ];
  for (const [what, files, says] of refused) {
    it(`is refused with ${what}, by file and place, without a stack trace and without what the file holds`, async () => {
      const { exitCode, stderr } = await check(write(files));
      assert.match(stderr, says);
      assert.equal(stderr.trim().split('\n').length, 1);
      assert.equal(exitCode, 1);
    });
  }

  it('is not followed through a link to a directory, which may lead back', async () => {
    const path = write({ 'Token.request.yaml': TOKEN, 'a/Token.request.yaml': TOKEN });
    symlinkSync(path, `${path}/a/back`);
    mkdirSync(`${path}/empty`);
    assert.match(
      (await check(path)).find('requests')?.message ?? '',
      /^token_endpoint: "Token", token_endpoint: "a \/ Token"$/,
    );
  });

  it('keeps the spelling of a number, which is text where it is sent', () => {
    const { value } = parseYaml('a: 1.10\nb: 007\nc: 5\nd: true\ne: no\nf: null\n');
    assert.deepEqual(value, { a: '1.10', b: '007', c: 5, d: true, e: 'no', f: null });
  });
});
