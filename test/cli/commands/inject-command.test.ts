// The command `inject`: arguments, exit codes and messages, and what it does to the file.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import packageJson from '../../../package.json' with { type: 'json' };
import { inject } from '../../../src/cli/collection/injection.ts';
import { collectionOf, collectionTexts } from '../../support/collection-texts.ts';
import { script, scripts } from '../../support/collections.ts';
import { runCommand } from '../../support/command-line.ts';
import { createFolder, type Folder } from '../../support/workplace.ts';

const dist = fileURLToPath(new URL('../../../dist', import.meta.url));
const cli = path.join(dist, 'cli.js');
const root = process.cwd();
const original = JSON.stringify(collectionOf(), null, 2);
const injected = inject(original, scripts);
const isRoot = process.getuid?.() === 0;

let folder: Folder;
let directory: string;
let file: string;
before(() => {
  folder = createFolder();
  file = folder.path('collection.json');
  directory = path.dirname(file);
  process.chdir(directory);
});
beforeEach(() => fs.writeFileSync(file, original));
after(() => {
  process.chdir(root);
  folder.remove();
});

/** Runs the command line in a process of its own. */
const runProcess = (...args: string[]) => {
  const options = { encoding: 'utf8', maxBuffer: 2 ** 24 } as const;
  const { status: code, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], options);
  return { code, stdout, stderr };
};

const read = (name = file) => fs.readFileSync(path.resolve(directory, name), 'utf8');
const names = () => fs.readdirSync(directory).sort();

describe('the command line', () => {
  test('the version is that of the package', () => {
    assert.deepEqual(runProcess('--version'), { code: 0, stdout: `${packageJson.version}\n`, stderr: '' });
  });

  test('the file of the command line can be executed by its name', () => {
    assert.match(fs.readFileSync(cli, 'utf8'), /^#!\/usr\/bin\/env node\n/);
  });
});

describe('a good call', () => {
  const done = { code: 0, stdout: '' };

  test('ends with 0 in a process of its own, and writes the collection to standard output', () => {
    assert.deepEqual(runProcess('inject', file), { ...done, stdout: injected, stderr: '' });
  });

  test('writes the collection to standard output and leaves the file alone', async () => {
    assert.deepEqual(await runCommand(['inject', file]), { ...done, stdout: injected, stderr: '' });
    assert.equal(read(), original);
  });

  test('reads standard input in place of a file', async () => {
    assert.deepEqual(await runCommand(['inject', '-'], { input: original }), { ...done, stdout: injected, stderr: '' });
  });

  test('writes to another file with -o and says so', async () => {
    const stderr = 'out.json: paynet-client-auth is the first script.\n';
    assert.deepEqual(await runCommand(['inject', file, '-o', 'out.json']), { ...done, stderr });
    assert.equal(read('out.json'), injected);
    assert.equal(read(), original);
  });

  test('writes into the file with --in-place and takes the script out again with --remove', async () => {
    assert.equal((await runCommand(['inject', file, '--in-place'])).code, 0);
    assert.equal(read(), injected);
    assert.deepEqual(await runCommand(['inject', file, '--in-place', '--remove']), {
      ...done,
      stderr: `${file}: paynet-client-auth is removed.\n`,
    });
    assert.equal(read(), original);
  });

  test('does not touch a file in which nothing has to change', async () => {
    fs.writeFileSync(file, injected);
    fs.utimesSync(file, 1, 1);
    const { code, stderr } = await runCommand(['inject', file, '--in-place']);
    assert.equal(code, 0);
    assert.match(stderr, /nothing had to change/);
    assert.equal(fs.statSync(file).mtimeMs, 1000);
  });

  test('checks the file, exits with 1 until the script is in, and writes nothing', async () => {
    assert.deepEqual(await runCommand(['inject', file, '--check']), {
      code: 1,
      stdout: '',
      stderr: `error: ${file}: paynet-client-auth is missing.\n`,
    });
    assert.equal(read(), original);
    fs.writeFileSync(file, injected);
    assert.deepEqual(await runCommand(['inject', file, '--check']), {
      ...done,
      stderr: `${file}: paynet-client-auth is in its place.\n`,
    });
  });

  test('takes a folder by name', async () => {
    assert.equal(
      (await runCommand(['inject', file, '--folder', 'Deep'])).stdout,
      inject(original, scripts, { folder: 'Deep' }),
    );
    assert.equal((await runCommand(['inject', '-', '--folder', 'Deep', '--check'], { input: injected })).code, 1);
  });

  test('keeps every byte of a collection in any layout', async () => {
    for (const name of ['byte order mark', 'CRLF line ends', 'characters of one to four bytes', 'CR line ends']) {
      const text = collectionTexts[name] ?? '';
      fs.writeFileSync(file, text);
      assert.equal((await runCommand(['inject', file, '--in-place'])).code, 0);
      assert.equal(read(), inject(text, scripts));
      assert.equal((await runCommand(['inject', file, '--in-place', '--remove'])).code, 0);
      assert.deepEqual(fs.readFileSync(file), Buffer.from(text));
    }
  });

  test('keeps characters of two UTF-16 units at every place of a large collection', () => {
    for (const padding of ['', 'x']) {
      const text = JSON.stringify(collectionOf({ description: padding + '😀'.repeat(150_000) }));
      fs.writeFileSync(file, text);
      assert.equal(runProcess('inject', file).stdout === inject(text, scripts), true);
    }
  });

  test('keeps the mode of the file, and a symbolic link to it', async () => {
    fs.chmodSync(file, 0o640);
    fs.symlinkSync('collection.json', path.join(directory, 'link.json'));
    assert.equal((await runCommand(['inject', 'link.json', '--in-place'])).code, 0);
    assert.equal(fs.readlinkSync(path.join(directory, 'link.json')), 'collection.json');
    assert.equal(read(), injected);
    assert.equal(fs.statSync(file).mode & 0o777, 0o640);
  });

  test('writes into a pipe and does not replace it', async () => {
    const both = 'mkfifo pipe; node "$0" inject collection.json -o pipe & cat pipe';
    assert.equal(spawnSync('sh', ['-c', both, cli], { encoding: 'utf8' }).stdout, injected);
    assert.equal(fs.statSync(path.join(directory, 'pipe')).isFIFO(), true);
  });
});

describe('a wrong call exits with 2, says why and writes nothing', () => {
  const cases: [string[], RegExp][] = [
    [[], /^Usage: paynet-client-auth/],
    [['injekt', 'collection.json'], /^error: unknown command 'injekt'/],
    [['inject'], /^error: missing required argument 'collection'/],
    [['inject', 'collection.json', 'x'], /^error: too many arguments/],
    [['inject', 'collection.json', '--output'], /^error: option '-o, --output <path>' argument missing/],
    [['inject', 'collection.json', '--inplace'], /^error: unknown option '--inplace'/],
    [
      ['inject', 'collection.json', '-o', 'x', '--in-place'],
      /^error: option .* cannot be used with option '--in-place'/,
    ],
    [['inject', 'collection.json', '--check', '-o', 'x'], /^error: option '--check' cannot be used with option '-o/],
    [
      ['inject', 'collection.json', '--check', '--in-place'],
      /^error: option '--check' cannot be used with option '--in/,
    ],
    [
      ['inject', 'collection.json', '--check', '--remove'],
      /^error: option '--check' cannot be used with option '--rem/,
    ],
    [['inject', '-', '--in-place'], /^error: --in-place needs a file, not standard input\./],
  ];
  for (const [args, message] of cases) {
    test(args.join(' ') || 'no arguments', async () => {
      // Where no command is called, the command line itself answers.
      const { code, stdout, stderr } = args[0] === 'inject' ? await runCommand(args) : runProcess(...args);
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n\s+at /);
      assert.equal(read(), original);
      assert.equal(fs.existsSync(path.join(directory, 'x')), false);
    });
  }
});

describe('a failure exits with 1, says why in one line and writes nothing', () => {
  test('in a process of its own too', () => {
    const message = 'error: none.json: no such file. Check the path.\n';
    assert.deepEqual(runProcess('inject', 'none.json'), { code: 1, stdout: '', stderr: message });
  });

  const fails = async (args: string[], message: string | RegExp) => {
    const before = names();
    const { code, stdout, stderr } = await runCommand(args);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    if (typeof message === 'string') assert.equal(stderr, `error: ${message}\n`);
    else assert.match(stderr, message);
    assert.equal(stderr.split('\n').length, 2);
    assert.deepEqual(names(), before);
  };

  test('no such file', async () => {
    await fails(['inject', 'none.json'], 'none.json: no such file. Check the path.');
    await fails(['inject', 'collection.json/x'], 'collection.json/x: no such file. Check the path.');
  });

  test('a directory as input', async () => {
    const what = 'no *.request.yaml and no .resources/definition.yaml is in it';
    await fails(['inject', '.'], `.: is not the directory of a collection: ${what}. Name another one.`);
  });

  test('a file that is not UTF-8', async () => {
    fs.writeFileSync(file, Buffer.concat([Buffer.from(original.slice(0, -1)), Buffer.from([0xe9, 0x7d])]));
    await fails(['inject', 'collection.json'], 'collection.json: not UTF-8 text. Save the file as UTF-8.');
    fs.writeFileSync(file, Buffer.from(`\ufeff${original}`, 'utf16le'));
    await fails(['inject', 'collection.json'], 'collection.json: not UTF-8 text but UTF-16. Save the file as UTF-8.');
  });

  test('a file that is not JSON, not a collection, or has no such folder', async () => {
    fs.writeFileSync(file, '{\n"info": 1,}');
    await fails(
      ['inject', 'collection.json', '--in-place'],
      /^error: collection\.json: not JSON: .* at line 2, column 11\. /,
    );
    fs.writeFileSync(file, '{"values":[]}');
    await fails(
      ['inject', 'collection.json', '--check'],
      /^error: collection\.json: not a Postman collection but an env/,
    );
    fs.writeFileSync(file, original);
    await fails(
      ['inject', 'collection.json', '--folder', 'x', '-o', 'y'],
      /^error: collection\.json: there is no folder "x"\./,
    );
    assert.equal(
      (await runCommand(['inject', '-'], { input: '' })).stderr,
      'error: standard input: not JSON: value expected at line 1, column 1. Correct it there, or export the collection again.\n',
    );
  });

  test('an output that cannot be written', async () => {
    const inject = ['inject', 'collection.json', '-o'];
    await fails(
      [...inject, 'none/x.json'],
      'none/x.json: cannot be written: the directory "none" does not exist. Create it first.',
    );
    await fails([...inject, '.'], '.: is a directory. Name a file in it.');
    await fails([...inject, 'collection.json/x'], /cannot be written: "collection\.json" is not a directory\. /);
    fs.symlinkSync('none', path.join(directory, 'dangling.json'));
    await fails(
      [...inject, 'dangling.json'],
      'dangling.json: is a symbolic link to a file that does not exist. Remove the link.',
    );
  });

  test('no permission to read, to write, or to create the output', () => {
    const options = isRoot ? { uid: 65534, gid: 65534 } : {};
    const shut = path.join(directory, 'shut');
    fs.mkdirSync(shut, { mode: 0o555 });
    fs.chmodSync(directory, 0o755);
    // The command line is copied, because another user may not reach the repository.
    const copy = path.join(directory, 'cli.mjs');
    fs.copyFileSync(cli, copy);
    for (const name of ['pre-request.js', 'post-response.js']) {
      fs.copyFileSync(path.join(dist, name), path.join(directory, name));
    }
    const failsAsUser = (args: string[], message: string) => {
      const { status, stderr } = spawnSync(process.execPath, [copy, ...args], {
        encoding: 'utf8',
        ...options,
      });
      assert.deepEqual({ status, stderr }, { status: 1, stderr: `error: ${message}\n` });
    };
    const rights = 'no permission. Check the rights of the file and of its directory.';
    fs.chmodSync(file, 0o444);
    failsAsUser(['inject', file, '-o', 'shut/x.json'], `shut/x.json: cannot be written: ${rights}`);
    fs.mkdirSync(path.join(directory, 'open'));
    fs.chmodSync(path.join(directory, 'open'), 0o777);
    // A rename could replace the file of another user, too.
    fs.writeFileSync(path.join(directory, 'open/read-only.json'), original, { mode: isRoot ? 0o644 : 0o444 });
    failsAsUser(['inject', file, '-o', 'open/read-only.json'], `open/read-only.json: cannot be written: ${rights}`);
    fs.chmodSync(file, 0o000);
    failsAsUser(
      ['inject', 'collection.json'],
      'collection.json: no permission to read it. Check the rights of the file and of its directory.',
    );
    fs.chmodSync(file, 0o644);
    assert.deepEqual(fs.readdirSync(shut), []);
  });

  test('a command line without its script, or with a damaged one', () => {
    const place = fs.mkdtempSync(path.join(directory, 'alone-'));
    fs.copyFileSync(cli, path.join(place, 'cli.mjs'));
    const stderrOf = (...args: string[]) =>
      spawnSync(process.execPath, ['cli.mjs', ...args], { cwd: place, encoding: 'utf8' }).stderr;
    const missing = 'error: The pre-request script is not beside the command line. Run "npm run build".\n';
    assert.equal(stderrOf('inject', file), missing);
    assert.equal(stderrOf('inject', file, '--check'), missing);
    assert.equal(
      stderrOf('inject', file, '--remove', '--in-place'),
      `${file}: paynet-client-auth is removed; nothing had to change.\n`,
    );
    fs.writeFileSync(path.join(place, 'pre-request.js'), script);
    assert.match(stderrOf('inject', file), /^error: The post-response script is not beside the command line\. Run /);
    fs.writeFileSync(path.join(place, 'post-response.js'), scripts.postResponse);
    fs.writeFileSync(path.join(place, 'pre-request.js'), script.replace(/\n\/\* end/, ' \n/* end'));
    assert.match(
      stderrOf('inject', file),
      /^error: The pre-request script beside the command line is damaged\. Run "npm/,
    );
  });

  test('the stack trace is shown when it is asked for', () => {
    assert.match(runProcess('--debug', 'inject', 'none.json').stderr, /^error: CommandError: none\.json: .*\n\s+at /);
    assert.match(runProcess('inject', 'none.json', '--debug').stderr, /\n\s+at /);
  });
});
