// `inject` as a command, in processes of its own: arguments, exit codes, messages, and files that are whole on a full disk.

import assert from 'node:assert/strict';
import { type SpawnOptions, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import packageJson from '../../../package.json' with { type: 'json' };
import { inject } from '../../../src/cli/collection/injection.ts';
import { collectionOf, collectionTexts, largeCollectionText } from '../../support/collection-texts.ts';

const dist = fileURLToPath(new URL('../../../dist', import.meta.url));
const cli = path.join(dist, 'cli.js');
const script = fs.readFileSync(path.join(dist, 'pre-request.js'), 'utf8');
const original = JSON.stringify(collectionOf(), null, 2);
const injected = inject(original, script);
const isRoot = process.getuid?.() === 0;

let directory: string;
let file: string;
before(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'inject-'));
  file = path.join(directory, 'collection.json');
});
beforeEach(() => fs.writeFileSync(file, original));
after(() => fs.rmSync(directory, { recursive: true }));

/** Runs the command line in the directory of the test. */
function run(args: string[], options: SpawnOptions & { input?: string | Buffer } = {}) {
  const { input, ...rest } = options;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    cwd: directory,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    ...(input === undefined ? {} : { input }),
    ...rest,
  });
  return { status, signal, stdout: String(stdout), stderr: String(stderr) };
}

const shell = (command: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command, cli, ...args], {
    cwd: directory,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
};

const read = (name = file) => fs.readFileSync(path.resolve(directory, name), 'utf8');
const names = () => fs.readdirSync(directory).sort();

describe('the command line', () => {
  test('the version is that of the package', () => {
    assert.deepEqual(run(['--version']), { status: 0, signal: null, stdout: `${packageJson.version}\n`, stderr: '' });
  });

  test('the file of the command line can be executed by its name', () => {
    assert.match(fs.readFileSync(cli, 'utf8'), /^#!\/usr\/bin\/env node\n/);
  });
});

describe('a good call', () => {
  const done = { status: 0, signal: null, stdout: '' };

  test('writes the collection to standard output and leaves the file alone', () => {
    assert.deepEqual(run(['inject', file]), { ...done, stdout: injected, stderr: '' });
    assert.equal(read(), original);
  });

  test('reads standard input in place of a file', () => {
    assert.deepEqual(run(['inject', '-'], { input: original }), { ...done, stdout: injected, stderr: '' });
  });

  test('writes to another file with -o and says so', () => {
    const stderr = 'out.json: paynet-client-auth is the first pre-request script.\n';
    assert.deepEqual(run(['inject', file, '-o', 'out.json']), { ...done, stderr });
    assert.equal(read('out.json'), injected);
    assert.equal(read(), original);
  });

  test('writes into the file with --in-place and takes the script out again with --remove', () => {
    assert.equal(run(['inject', file, '--in-place']).status, 0);
    assert.equal(read(), injected);
    assert.deepEqual(run(['inject', file, '--in-place', '--remove']), {
      ...done,
      stderr: `${file}: paynet-client-auth is removed.\n`,
    });
    assert.equal(read(), original);
  });

  test('does not touch a file in which nothing has to change', () => {
    fs.writeFileSync(file, injected);
    fs.utimesSync(file, 1, 1);
    const { status, stderr } = run(['inject', file, '--in-place']);
    assert.equal(status, 0);
    assert.match(stderr, /nothing had to change/);
    assert.equal(fs.statSync(file).mtimeMs, 1000);
  });

  test('checks the file, exits with 1 until the script is in, and writes nothing', () => {
    assert.deepEqual(run(['inject', file, '--check']), {
      status: 1,
      signal: null,
      stdout: '',
      stderr: `error: ${file}: paynet-client-auth is missing.\n`,
    });
    assert.equal(read(), original);
    fs.writeFileSync(file, injected);
    assert.deepEqual(run(['inject', file, '--check']), {
      ...done,
      stderr: `${file}: paynet-client-auth is the first pre-request script.\n`,
    });
  });

  test('takes a folder by name', () => {
    assert.equal(run(['inject', file, '--folder', 'Deep']).stdout, inject(original, script, 'Deep'));
    assert.equal(run(['inject', '-', '--folder', 'Deep', '--check'], { input: injected }).status, 1);
  });

  test('keeps every byte of a collection in any layout', () => {
    for (const name of ['byte order mark', 'CRLF line ends', 'characters of one to four bytes', 'CR line ends']) {
      const text = collectionTexts[name] ?? '';
      fs.writeFileSync(file, text);
      assert.equal(run(['inject', file, '--in-place']).status, 0);
      assert.equal(read(), inject(text, script));
      assert.equal(run(['inject', file, '--in-place', '--remove']).status, 0);
      assert.deepEqual(fs.readFileSync(file), Buffer.from(text));
    }
  });

  test('keeps characters of two UTF-16 units at every place of a large collection', () => {
    for (const padding of ['', 'x']) {
      const text = JSON.stringify(collectionOf({ description: padding + '😀'.repeat(150_000) }));
      fs.writeFileSync(file, text);
      assert.equal(run(['inject', file]).stdout === inject(text, script), true);
    }
  });

  test('keeps the mode of the file, and a symbolic link to it', () => {
    fs.chmodSync(file, 0o640);
    fs.symlinkSync('collection.json', path.join(directory, 'link.json'));
    assert.equal(run(['inject', 'link.json', '--in-place']).status, 0);
    assert.equal(fs.readlinkSync(path.join(directory, 'link.json')), 'collection.json');
    assert.equal(read(), injected);
    assert.equal(fs.statSync(file).mode & 0o777, 0o640);
  });

  test('writes into a pipe and does not replace it', () => {
    assert.equal(shell('mkfifo pipe; node "$0" inject collection.json -o pipe & cat pipe').stdout, injected);
    assert.equal(fs.statSync(path.join(directory, 'pipe')).isFIFO(), true);
  });
});

describe('a wrong call exits with 2, says why and writes nothing', () => {
  const cases: [string[], RegExp][] = [
    [[], /^Usage: paynet-client-auth/],
    [['injekt', 'collection.json'], /^error: unknown command 'injekt'/],
    [['inject'], /^error: missing required argument 'collection\.json'/],
    [['inject', 'collection.json', 'x'], /^error: too many arguments/],
    [['inject', 'collection.json', '--output'], /^error: option '-o, --output <file>' argument missing/],
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
    test(args.join(' ') || 'no arguments', () => {
      const { status, stdout, stderr } = run(args);
      assert.equal(status, 2);
      assert.equal(stdout, '');
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n\s+at /);
      assert.equal(read(), original);
      assert.equal(fs.existsSync(path.join(directory, 'x')), false);
    });
  }
});

describe('a failure exits with 1, says why in one line and writes nothing', () => {
  const fails = (args: string[], message: string | RegExp, options: SpawnOptions = {}) => {
    const before = names();
    const { status, stdout, stderr } = run(args, options);
    assert.equal(status, 1);
    assert.equal(stdout, '');
    if (typeof message === 'string') assert.equal(stderr, `error: ${message}\n`);
    else assert.match(stderr, message);
    assert.equal(stderr.split('\n').length, 2);
    assert.deepEqual(names(), before);
    return stderr;
  };

  test('no such file', () => {
    fails(['inject', 'none.json'], 'none.json: no such file. Check the path.');
    fails(['inject', 'collection.json/x'], 'collection.json/x: no such file. Check the path.');
  });

  test('a directory as input', () => {
    fails(['inject', '.'], '.: is a directory, not a file. Name a file in it.');
  });

  test('a file that is not UTF-8', () => {
    fs.writeFileSync(file, Buffer.concat([Buffer.from(original.slice(0, -1)), Buffer.from([0xe9, 0x7d])]));
    fails(['inject', 'collection.json'], 'collection.json: not UTF-8 text. Save the file as UTF-8.');
    fs.writeFileSync(file, Buffer.from(`\ufeff${original}`, 'utf16le'));
    fails(['inject', 'collection.json'], 'collection.json: not UTF-8 text but UTF-16. Save the file as UTF-8.');
  });

  test('a file that is not JSON, not a collection, or has no such folder', () => {
    fs.writeFileSync(file, '{\n"info": 1,}');
    fails(
      ['inject', 'collection.json', '--in-place'],
      /^error: collection\.json: not JSON: .* at line 2, column 11\. /,
    );
    fs.writeFileSync(file, '{"values":[]}');
    fails(['inject', 'collection.json', '--check'], /^error: collection\.json: not a Postman collection but an env/);
    fs.writeFileSync(file, original);
    fails(
      ['inject', 'collection.json', '--folder', 'x', '-o', 'y'],
      /^error: collection\.json: there is no folder "x"\./,
    );
    assert.equal(
      run(['inject', '-'], { input: '' }).stderr,
      'error: standard input: not JSON: value expected at line 1, column 1. Correct it there, or export the collection again.\n',
    );
  });

  test('an output that cannot be written', () => {
    const inject = ['inject', 'collection.json', '-o'];
    fails(
      [...inject, 'none/x.json'],
      'none/x.json: cannot be written: the directory "none" does not exist. Create it first.',
    );
    fails([...inject, '.'], '.: is a directory. Name a file in it.');
    fails([...inject, 'collection.json/x'], /cannot be written: "collection\.json" is not a directory\. /);
    fs.symlinkSync('none', path.join(directory, 'dangling.json'));
    fails(
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
    fs.copyFileSync(path.join(dist, 'pre-request.js'), path.join(directory, 'pre-request.js'));
    const failsAsUser = (args: string[], message: string) => {
      const { status, stderr } = spawnSync(process.execPath, [copy, ...args], {
        cwd: directory,
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
    fs.writeFileSync(path.join(place, 'pre-request.js'), script.replace(/\n\/\* end/, ' \n/* end'));
    assert.match(
      stderrOf('inject', file),
      /^error: The pre-request script beside the command line is damaged\. Run "npm/,
    );
  });

  test('the stack trace is shown when it is asked for', () => {
    assert.match(run(['--debug', 'inject', 'none.json']).stderr, /^error: CommandError: none\.json: .*\n\s+at /);
    assert.match(run(['inject', 'none.json', '--debug']).stderr, /\n\s+at /);
  });
});

describe('a collection of 50 MB', () => {
  test('passes whole through a pipe to a slow reader, and into a file', () => {
    const large = largeCollectionText(50);
    const expected = inject(large, script);
    fs.writeFileSync(file, large);
    assert.equal(shell('node "$0" inject collection.json | (sleep 1; cat) > piped.json').status, 0);
    assert.equal(read('piped.json') === expected, true);
    assert.equal(shell('node "$0" inject - < collection.json > redirected.json').status, 0);
    assert.equal(read('redirected.json') === expected, true);
    fs.rmSync(path.join(directory, 'piped.json'));
    fs.rmSync(path.join(directory, 'redirected.json'));
  });
});

describe('a collection of 20 MB with 5,000 requests', () => {
  const large = largeCollectionText(20);
  const withScript = inject(large, script);
  beforeEach(() => fs.writeFileSync(file, large));

  test('ends in silence with 1 when the reader of the pipe has read enough', () => {
    const { stdout, stderr } = shell('(node "$0" inject collection.json; echo "exit code $?" >&2) | head -c 10');
    assert.deepEqual({ stdout, stderr }, { stdout: large.slice(0, 10), stderr: 'exit code 1\n' });
  });

  test('is not lost on a full device without a word', { skip: !fs.existsSync('/dev/full') }, () => {
    const full = 'cannot be written: the disk is full. Make room and try again.\n';
    assert.deepEqual(shell('node "$0" inject collection.json > /dev/full'), {
      status: 1,
      stdout: '',
      stderr: `error: standard output: ${full}`,
    });
  });

  test('is refused by a standard output that takes only a part of it', () => {
    fs.writeFileSync(file, original);
    const { status, stderr } = shell('ulimit -f 10; node "$0" inject collection.json > short.json');
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^error: standard output: cannot be written: the file would be larger than the system allows\./,
    );
  });

  // In a namespace of its own, which ends with the process.
  const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', os.tmpdir()]).status === 0;
  for (const [target, args] of Object.entries({ 'old.json': ['-o', 'old.json'], 'collection.json': ['--in-place'] })) {
    test(`${args[0]} leaves the old file as it was, and nothing beside it, when it may not grow so large`, () => {
      fs.writeFileSync(path.join(directory, 'old.json'), original);
      const files = names();
      assert.deepEqual(shell('ulimit -f 20000; node "$0" inject collection.json "$@"', ...args), {
        status: 1,
        stdout: '',
        stderr: `error: ${target}: cannot be written: the file would be larger than the system allows. Raise the limit and try again.\n`,
      });
      assert.equal(read('old.json'), original);
      assert.equal(read() === large, true);
      assert.deepEqual(names(), files);
    });

    test(`${args[0]} leaves the old file as it was, and nothing beside it, on a full disk`, { skip: !canMount }, () => {
      fs.mkdirSync(path.join(directory, 'disk'), { recursive: true });
      const steps = `mount -t tmpfs -o size=30m tmpfs disk; cp collection.json disk; cd disk; printf old > old.json
        node "$0" inject collection.json "$@"; echo "$?"; ls; cat old.json; cmp collection.json ../collection.json`;
      const { status, stdout, stderr } = spawnSync('unshare', ['-rm', 'sh', '-c', steps, cli, ...args], {
        cwd: directory,
        encoding: 'utf8',
      });
      assert.deepEqual(
        { status, stdout, stderr },
        {
          status: 0,
          stdout: '1\ncollection.json\nold.json\nold',
          stderr: `error: ${target}: cannot be written: the disk is full. Make room and try again.\n`,
        },
      );
    });
  }

  /** Time of the processor in seconds and peak of the memory in bytes that one run took. */
  const measure = (...args: string[]) => {
    const report = `process.on('exit', () => {
      const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
      process.stderr.write('\\n' + JSON.stringify({ seconds: (userCPUTime + systemCPUTime) / 1e6, memory: maxRSS * 1024 }));
    })`;
    const { stderr } = spawnSync(process.execPath, ['--import', `data:text/javascript,${report}`, cli, ...args], {
      cwd: directory,
      encoding: 'utf8',
    });
    return JSON.parse(stderr.split('\n').at(-1) ?? '') as { seconds: number; memory: number };
  };

  test('takes the script in less than 2 seconds and less than 10 times its size in memory', () => {
    const base = measure('--version').memory;
    for (const text of [large, withScript]) {
      fs.writeFileSync(file, text);
      for (const args of [
        ['-o', 'out.json'],
        ['--remove', '-o', 'out.json'],
        ['--folder', 'none'],
      ]) {
        const { seconds, memory } = measure('inject', 'collection.json', ...args);
        assert.ok(seconds < 2, `${seconds} s`);
        assert.ok(memory - base < 10 * large.length, `${(memory - base) / large.length} times the file`);
      }
    }
  });
});
