// `inject` with a folder of Postman v12: what is merged, what is made, and that every other byte of every file stays.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { script, scripts } from '../../support/collections.ts';
import { runCommand } from '../../support/command-line.ts';
import { assertRestored, folder as folders, toFiles } from '../../support/random-folder.ts';
import { type Files, writeFiles } from '../../support/v12-folder.ts';
import { createFolder, type Folder } from '../../support/workplace.ts';

const DEFINITION = '.resources/definition.yaml';
const TOKEN = '$kind: http-request\nmethod: POST\nurl: "{{token_endpoint}}"\n';
const ours = script.trimEnd();
const ourTest = scripts.postResponse.trimEnd();

describe('inject with a folder of Postman v12', () => {
  let folder: Folder;
  before(() => {
    folder = createFolder();
  });
  after(() => folder.remove());
  let count = 0;
  const write = (files: Files): string => {
    count += 1;
    const path = folder.path(`collection ${count}`);
    writeFiles(path, files);
    return path;
  };
  const inject = (...args: string[]) => runCommand(['inject', ...args]);
  const injectInto = async (files: Files, ...args: string[]) => {
    const path = write(files);
    const { code, stderr } = await inject(path, '--in-place', ...args);
    assert.equal(code, 0, stderr);
    return { path, stderr, read: (file: string) => readFileSync(join(path, file), 'utf8') };
  };
  /** The scripts of a file, as `[type, code]`. */
  const scriptsIn = (text: string) =>
    (parse(text).scripts as { type: string; code: string }[]).map(({ type, code }) => [type, code]);

  it('restores every byte of folders of every layout, and twice is once', async () => {
    await fc.assert(
      fc.asyncProperty(folders, fc.boolean(), async (files, isLast) => assertRestored(write(files), isLast)),
      { numRuns: 8 },
    );
  });

  it('says of a request of another protocol that the scripts are not for it', async () => {
    const { stderr } = await injectInto({
      'Token.request.yaml': TOKEN,
      'F/g.request.yaml': '$kind: grpc-request\nname: G\nurl: grpc.example.my\n',
    });
    assert.match(stderr, /"F \/ G" is a grpc-request: the scripts are for HTTP requests, and "run" leaves it out\./);
  });

  it('makes a definition where there is none, and removes what it has made, and nothing else', async () => {
    const { path, read } = await injectInto({ 'Token.request.yaml': TOKEN });
    assert.match(read(DEFINITION), /^\$kind: collection # made by paynet-client-auth, with this directory\nscripts:\n/);
    assert.deepEqual(scriptsIn(read(DEFINITION)), [
      ['http:beforeRequest', ours],
      ['http:afterResponse', ourTest],
    ]);
    assert.equal((await inject(path, '--remove', '--in-place')).code, 0);
    assert.deepEqual(readdirSync(path), ['Token.request.yaml']);

    // A directory of the user stays, and what someone has put into ours.
    mkdirSync(join(path, '.resources'));
    await inject(path, '--in-place');
    await inject(path, '--remove', '--in-place');
    assert.deepEqual(readdirSync(join(path, '.resources')), []);
    rmSync(join(path, '.resources'), { recursive: true });
    await inject(path, '--in-place');
    writeFileSync(join(path, '.resources/notes.txt'), '');
    await inject(path, '--remove', '--in-place');
    assert.deepEqual(readdirSync(join(path, '.resources')), ['notes.txt']);
    // A definition of the user stays, also one that says no more than ours.
    writeFileSync(join(path, DEFINITION), '$kind: collection\n');
    await inject(path, '--in-place');
    await inject(path, '--remove', '--in-place');
    assert.equal(readFileSync(join(path, DEFINITION), 'utf8'), '$kind: collection\n');
  });

  it('merges into the first script of a kind, the only one that Postman runs, in lines of its block', async () => {
    const text =
      '# c\r\n$kind: collection\r\nscripts:\r\n  - type: http:beforeRequest\r\n    code: |- # of the user\r\n' +
      '      own();\r\n\r\n      more();\r\n  - type: http:beforeRequest\r\n    code: never()\r\nname: n\r\n';
    const { path, read, stderr } = await injectInto({ [DEFINITION]: text, 'Token.request.yaml': TOKEN });
    const [first, second, third] = scriptsIn(read(DEFINITION));
    assert.deepEqual(
      [first, second],
      [
        ['http:afterResponse', ourTest],
        ['http:beforeRequest', `${ours}\nown();\n\nmore();`],
      ],
    );
    assert.deepEqual(third, ['http:beforeRequest', 'never()']);
    assert.doesNotMatch(read(DEFINITION).replaceAll('\r\n', ''), /\n/);
    assert.match(
      stderr,
      /the collection has more than one pre-request script; Postman runs only the first, and so does run/,
    );
    assert.equal((await inject(path, '--check')).code, 0);
  });

  it('keeps what was edited since then, also when Postman has written the file anew', async () => {
    const own = {
      [DEFINITION]:
        '$kind: collection\nscripts:\n  - {type: graphql:x, code: y}\n  - type: http:beforeRequest\n    code: >-\n      own();\n',
    };
    const edited = await injectInto({ ...own, 'Token.request.yaml': TOKEN });
    writeFileSync(
      join(edited.path, DEFINITION),
      edited.read(DEFINITION).replace('      own();\n', '        mine(); // now\n'),
    );
    await inject(edited.path, '--remove', '--in-place');
    assert.deepEqual(scriptsIn(edited.read(DEFINITION)), [
      ['graphql:x', 'y'],
      ['http:beforeRequest', '  mine(); // now'],
    ]);

    const rewritten = await injectInto({ ...own, 'Token.request.yaml': TOKEN });
    writeFileSync(join(rewritten.path, DEFINITION), stringify(parse(rewritten.read(DEFINITION))));
    assert.equal((await inject(rewritten.path, '--check')).code, 0);
    await inject(rewritten.path, '--in-place');
    assert.equal((await inject(rewritten.path, '--check')).code, 0);
    await inject(rewritten.path, '--remove', '--in-place');
    assert.deepEqual(scriptsIn(rewritten.read(DEFINITION)), [
      ['graphql:x', 'y'],
      ['http:beforeRequest', 'own();'],
    ]);
  });

  it('puts the script behind those of the requests concerned with --last', async () => {
    const files = {
      'Token.request.yaml': `${TOKEN}scripts:\n  - type: beforeRequest\n    code: |\n      own();\n`,
      'Other/Revoke.request.yaml': TOKEN,
      'Other/List.request.yaml': '$kind: http-request\nurl: "{{base}}/list"\n',
    };
    const { path, read } = await injectInto(files, '--last');
    assert.deepEqual(scriptsIn(read('Token.request.yaml')), [['beforeRequest', `own();\n${ours}\n`]]);
    assert.deepEqual(scriptsIn(read('Other/Revoke.request.yaml')), [['beforeRequest', ours]]);
    assert.equal(read('Other/List.request.yaml'), files['Other/List.request.yaml']);
    assert.deepEqual(scriptsIn(read(DEFINITION)), [['http:afterResponse', ourTest]]);
    assert.equal((await inject(path, '--check', '--last')).code, 0);
    const none = await inject(write({ 'a.request.yaml': '$kind: http-request\nurl: x\n' }), '--last', '--in-place');
    assert.match(none.stderr, /collection \d+: no request may go to an endpoint, so "--last" has no place/);
  });

  it('names the scripts that Postman’s command line loses client authentication by, unless ours is last', async () => {
    const own = 'scripts:\n  - type: http:beforeRequest\n    code: own()\n';
    const files = {
      [DEFINITION]: `$kind: collection\n${own}`,
      'F/.resources/definition.yaml': `$kind: collection\n${own}`,
      'F/Token.request.yaml': `${TOKEN}${own.replace('http:', '')}`,
      'F/List.request.yaml': `$kind: http-request\nurl: x\n${own.replace('http:', '')}`,
    };
    const says =
      /drops the client authentication of requests with the pre-request script of "F", the pre-request script of "F \/ Token":/;
    const { path, stderr } = await injectInto(files);
    assert.match(stderr, says);
    const check = async (...args: string[]) => (await runCommand(['check', path, ...args])).stdout;
    assert.match((await check()).replace(/\s+/g, ' '), says);
    assert.match(
      (await injectInto(files, '--folder', 'F')).stderr,
      /requests with the pre-request script of "F \/ Token":/,
    );
    assert.doesNotMatch((await injectInto(files, '--last')).stderr, /drops/);
    await inject(path, '--last', '--in-place');
    assert.doesNotMatch(await check(), /drops/);
  });

  it('copies the whole folder with -o, and takes no directory with something in it', async () => {
    const files = { 'Token.request.yaml': TOKEN, 'part.bin': '\u0000\r\n', 'empty/.keep': '' };
    const path = write(files);
    const target = folder.path('copy');
    assert.match((await inject(path, '-o', target)).stderr, /copy: paynet-client-auth is the first script\./);
    assert.deepEqual(toFiles(path), files);
    const { [DEFINITION]: definition, ...others } = toFiles(target);
    assert.deepEqual([others, scriptsIn(definition ?? '').length], [files, 2]);
    assert.match((await inject(path, '-o', target)).stderr, /copy: is not empty\. Name a new directory/);
    assert.match((await inject(path, '-o', join(path, 'empty', 'x'))).stderr, /is in the collection, or around it/);
    assert.match((await inject(path, '-o', join(path, 'part.bin'))).stderr, /is in the collection/);
    assert.match((await inject(path, '-o', folder.write('file', ''))).stderr, /file: is a file\. Name a new directory/);
    assert.deepEqual(
      readdirSync(folder.path('')).filter(name => name.startsWith('.')),
      [],
    );
    mkdirSync(folder.path('made before'));
    assert.equal((await inject(path, '-o', folder.path('made before'))).code, 0);
    assert.equal(existsSync(folder.path(`made before/${DEFINITION}`)), true);
    const { code, stderr } = await inject(path);
    assert.deepEqual([code, /a folder needs --in-place or --output/.test(stderr)], [2, true]);
  });

  it('writes no file in which nothing has to change', async () => {
    const { path } = await injectInto({ 'Token.request.yaml': TOKEN });
    utimesSync(join(path, DEFINITION), 1, 1);
    assert.match((await inject(path, '--in-place')).stderr, /nothing had to change/);
    assert.equal(statSync(join(path, DEFINITION)).mtimeMs, 1000);
  });

  it('chooses a collection of a workspace, and a folder by the name that its definition has', async () => {
    const path = write({
      'postman/collections/One/Token.request.yaml': TOKEN,
      'postman/collections/Two/F/Token.request.yaml': TOKEN,
      'postman/collections/Two/F/.resources/definition.yaml': '$kind: collection\nname: Named',
    });
    assert.equal((await inject(path, '--in-place')).code, 2);
    const { code, stderr } = await inject(path, '--in-place', '--collection', 'Two', '--folder', 'Named');
    assert.equal(code, 0, stderr);
    const inFolder = readFileSync(join(path, 'postman/collections/Two/F', DEFINITION), 'utf8');
    assert.equal(scriptsIn(inFolder).length, 2);
    assert.equal(inFolder.endsWith('\n'), false);
    assert.equal((await inject(path, '--check', '--collection', 'Two', '--folder', 'Named')).code, 0);
    assert.match((await inject(path, '--check', '--collection', 'Two')).stderr, /Two: paynet-client-auth is missing/);
    assert.match(
      (await inject(path, '--check', '--collection', 'Two', '--folder', 'F')).stderr,
      /there is no folder "F"/,
    );
  });

  const refused: [what: string, definition: string, says: RegExp][] = [
    [
      'a map in braces',
      '{$kind: collection}',
      /definition\.yaml: the file is written in brackets, .* Write it in lines/,
    ],
    [
      'a list in brackets',
      '$kind: collection\nscripts: [{type: http:beforeRequest, code: a}]\n',
      /"scripts" is written in/,
    ],
    [
      'a script in braces',
      '$kind: collection\nscripts:\n- {type: http:beforeRequest, code: a}\n',
      /the script "http:beforeRequest" is written in/,
    ],
    [
      'a control character',
      '$kind: collection\nscripts:\n- type: http:beforeRequest\n  code: "a\\x01"\n',
      /control character, .* "\\u…"/,
    ],
    [
      'a copy without its end',
      '$kind: collection\nscripts:\n- type: http:beforeRequest\n  code: |\n    /*! paynet-client-auth 1\n',
      /definition\.yaml: a copy of paynet-client-auth has lost its last line/,
    ],
  ];
  for (const [what, definition, says] of refused) {
    it(`refuses ${what}, and writes nothing`, async () => {
      const files = { [DEFINITION]: definition, 'Token.request.yaml': TOKEN };
      const path = write(files);
      const { code, stderr } = await inject(path, '--in-place');
      assert.match(stderr, says);
      assert.equal(code, 1);
      assert.deepEqual(toFiles(path), files);
    });
  }
});
