// What `run` writes where it can't be written: a full disk, a path that is none. Nothing old is lost, nothing secret is
// written, and the command says so and exits with 1.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, beforeEach, describe, it } from 'node:test';
import { runCommand } from '../../support/command-line.ts';
import { execute } from '../../support/execute.ts';
import { holdsPartOf } from '../../support/readings.ts';
import { createWorkplace, type Workplace } from '../../support/workplace.ts';

const FULL = 'cannot be written: the disk is full. Make room and try again.';
const TOO_LARGE = 'cannot be written: the file would be larger than the system allows. Raise the limit and try again.';

describe('run, where something cannot be written', () => {
  let workplace: Workplace;
  let report: string;
  let environment: string;

  before(async () => {
    workplace = await createWorkplace();
    report = workplace.path('out/report.json');
    environment = workplace.path('out/environment.json');
  });
  after(() => workplace.remove());
  beforeEach(() => {
    rmSync(workplace.path('out'), { recursive: true });
    mkdirSync(workplace.path('out'));
  });

  const run = (...args: string[]) => runCommand([...workplace.args, ...args]);
  /** Runs the command line from a shell, where "$@" stands for the run of the workplace. */
  const shell = (command: string, ...args: string[]) =>
    execute('sh', ['-c', command, 'sh', ...workplace.args, ...args]);
  const toReport = (path = report) => ['--reporters', 'json', '--reporter-json-export', path];
  const keyLines = () => readFileSync(workplace.path('key.pem'), 'utf8').match(/^[^-].*$/gm) ?? [];

  const outputs: [string, () => string[]][] = [
    ['a JSON report', () => toReport()],
    ['an htmlextra report', () => ['--reporters', 'htmlextra', '--reporter-htmlextra-export', report]],
    [
      'an exported environment',
      () => ['--reporters', 'json', '--export-environment', report, ...toReport('/dev/null')],
    ],
  ];
  for (const [title, options] of outputs) {
    it(`leaves the old file as it was, and nothing beside it, when ${title} may not grow so large`, async () => {
      writeFileSync(report, 'old');
      const { code, stderr } = await shell('ulimit -f 0; exec node dist/cli.js "$@"', ...options());
      assert.equal(stderr, `error: ${report}: ${TOO_LARGE}\n`);
      assert.equal(code, 1);
      assert.equal(readFileSync(report, 'utf8'), 'old');
      assert.deepEqual(readdirSync(workplace.path('out')), ['report.json']);
    });
  }

  // In a namespace of its own, which ends with the process.
  const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;
  it('leaves the old files as they were, and nothing beside them, on a full disk', { skip: !canMount }, async () => {
    const steps = `cd "$0"; shift; mount -t tmpfs -o size=8k tmpfs out; printf old > out/report.json
      printf old > out/environment.json; node "$CLI" "$@"; echo "$?"; ls out; cat out/*`;
    const options = [...toReport(), '--export-environment', environment];
    const { stdout, stderr } = await execute(
      'unshare',
      ['-rm', 'sh', '-c', steps, workplace.path(''), '', ...workplace.args, ...options],
      { env: { CLI: `${process.cwd()}/dist/cli.js` } },
    );
    assert.match(stderr, new RegExp(`^error: .*\\.json: ${FULL}\n$`));
    assert.equal(stdout, '1\nenvironment.json\nreport.json\noldold');
  });

  for (const [option, name] of [
    ['--export-environment', 'env.json'],
    ['--export-collection', 'collection.json'],
    ['--export-globals', 'key.pem'],
    ['--export-environment', 'link-to-key.pem'],
    ['--reporter-json-export', 'key.pem'],
    ['--export-cookie-jar', 'key.pem'],
  ] as const) {
    it(`refuses ${option} over ${name}, which is read and would lose its secrets`, async () => {
      if (name === 'link-to-key.pem') symlinkSync('key.pem', workplace.path(name));
      const before = readFileSync(workplace.path(name), 'utf8');
      const over = `${workplace.path('out')}/../${name}`;
      const { code, stderr } = await run('--reporters', 'json', option, over);
      assert.equal(stderr, `error: ${option} would replace ${over}, which is read. Name another file.\n`);
      assert.equal(code, 2);
      assert.equal(readFileSync(workplace.path(name), 'utf8'), before);
    });
  }

  it('says so when the console is a full device', { skip: !existsSync('/dev/full') }, async () => {
    const { code, stderr } = await shell('exec node dist/cli.js "$@" > /dev/full');
    assert.equal(stderr, `1 of 1 request authenticated, no tests\nerror: standard output: ${FULL}\n`);
    assert.equal(code, 1);
  });

  it('writes the other files, without secrets, when the place of one is none', async () => {
    const none = workplace.path('env.json/report.json');
    const { code, stderr } = await run(...toReport(none), '--export-environment', environment);
    const written = readFileSync(environment, 'utf8');
    assert.match(written, /\[signing_key\]/);
    assert.equal(holdsPartOf(written, keyLines()), false, 'a part of the key was written');
    const file = workplace.path('env.json');
    assert.equal(
      stderr,
      `error: ${file}: cannot be written: there is a file where a directory must be. Check the path.\n`,
    );
    assert.equal(code, 1);
  });
});
