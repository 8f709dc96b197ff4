// What `inject` writes in processes of its own, into pipes, on full disks and against the limits of the system: all of it or
// nothing, and never without a word.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inject } from '../../../src/cli/collection/injection.ts';
import { collectionOf, largeCollectionText } from '../../support/collection-texts.ts';
import { scripts } from '../../support/collections.ts';
import { createFolder, type Folder } from '../../support/workplace.ts';

const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const small = JSON.stringify(collectionOf(), null, 2);

describe('a large collection that inject writes', () => {
  const large = largeCollectionText(4);
  let folder: Folder;
  let directory: string;
  before(() => {
    folder = createFolder();
    directory = path.dirname(folder.path('collection.json'));
  });
  after(() => folder.remove());
  beforeEach(() => folder.write('collection.json', large));

  const shell = (command: string, ...args: string[]) => {
    const options = { cwd: directory, encoding: 'utf8' } as const;
    const { status, stdout, stderr } = spawnSync('sh', ['-c', command, cli, ...args], options);
    return { status, stdout, stderr };
  };
  const read = (name: string) => fs.readFileSync(folder.path(name), 'utf8');
  const names = () => fs.readdirSync(directory).sort();

  test('passes whole through a pipe whose reader takes small pieces, and into a file', () => {
    const expected = inject(large, scripts);
    assert.equal(shell('node "$0" inject collection.json | dd bs=512 status=none > piped.json').status, 0);
    assert.equal(read('piped.json') === expected, true);
    assert.equal(shell('node "$0" inject - < collection.json > redirected.json').status, 0);
    assert.equal(read('redirected.json') === expected, true);
  });

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
    folder.write('collection.json', small);
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
      folder.write('old.json', small);
      const files = names();
      assert.deepEqual(shell('ulimit -f 2000; node "$0" inject collection.json "$@"', ...args), {
        status: 1,
        stdout: '',
        stderr: `error: ${target}: cannot be written: the file would be larger than the system allows. Raise the limit and try again.\n`,
      });
      assert.equal(read('old.json'), small);
      assert.equal(read('collection.json') === large, true);
      assert.deepEqual(names(), files);
    });

    test(`${args[0]} leaves the old file as it was, and nothing beside it, on a full disk`, { skip: !canMount }, () => {
      fs.mkdirSync(folder.path('disk'), { recursive: true });
      const steps = `mount -t tmpfs -o size=6m tmpfs disk; cp collection.json disk; cd disk; printf old > old.json
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
});
