// `npm start -- --keep <folder>` as a newcomer uses it: the commands that it prints run as they are printed, against its server.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execute } from '../support/execute.ts';
import { createFolder, type Folder } from '../support/workplace.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const FILES = ['ca.pem', 'jwks.json', 'signing.pem', 'transport.key', 'transport.pem'];

let folder: Folder;
before(() => {
  folder = createFolder();
});
after(() => folder.remove());

const startKeeping = (...args: string[]) => {
  const child = spawn(process.execPath, ['build/run.js', 'src/demo/main.ts', '--keep', ...args], { cwd: root });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', chunk => {
      output[name] += chunk;
    });
  }
  return { child, output, closed: once(child, 'close') };
};

describe('npm start -- --keep', () => {
  it('keeps a server running that takes the client of the printed commands, and ends with a signal and exit code 0', async () => {
    // A shell splits it where it is not quoted.
    const path = folder.path("a new one's/folder");
    const { child, output, closed } = startKeeping(path);
    try {
      while (!output.stdout.includes(' --force\n'))
        await Promise.race([once(child.stdout, 'data'), closed.then(() => assert.fail(output.stderr))]);
      assert.deepEqual(readdirSync(path).sort(), FILES);
      for (const name of FILES) assert.equal(statSync(`${path}/${name}`).mode & 0o777, 0o600, name);
      assert.doesNotMatch(output.stdout, /PRIVATE KEY|eyJ/);
      const { keys } = JSON.parse(readFileSync(`${path}/jwks.json`, 'utf8'));
      assert.deepEqual(Object.keys(keys[0]).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use']);
      assert.match(output.stdout, new RegExp(`^ +kid +${keys[0].kid}$`, 'm'));

      const [cd = '', init, check, run, token, agent, initOther, ...others] =
        output.stdout.match(/^(cd|node) .*$/gm) ?? [];
      assert.deepEqual(others, []);
      const paste = (...lines: (string | undefined)[]) =>
        execute('bash', ['-euo', 'pipefail', '-c', [cd, ...lines].join('\n')]);
      const all = await paste(init, check, run, token, `${agent} --for 1s`, initOther, token);
      assert.equal(all.code, 0, all.stdout + all.stderr);
      assert.match(all.stdout, /^ok +live private_key_jwt +accepted$/m);
      assert.match(all.stdout, /^ok +jwks +jwks\.json has the public half/m);
      assert.match(all.stderr, /^3 of 3 requests authenticated, (\d+) of \1 tests passed$/m);
      assert.match(all.stdout, /^http:\/\/127\.0\.0\.1:\d+\//m);
      assert.equal(all.stdout.match(/^[\w-]{43}$/gm)?.length, 2, all.stdout);
    } finally {
      child.kill('SIGINT');
    }
    assert.deepEqual(await closed, [0, null]);
    assert.equal(
      output.stdout.endsWith(
        `The files stay in ${path}, but no server takes these keys any more: delete the folder.\n`,
      ),
      true,
    );
    assert.equal(output.stderr, '');
  });

  it('refuses what is not a new or empty folder, and more than one, with exit code 2 and without a file', async () => {
    mkdirSync(folder.path('used'));
    folder.write('used/notes.txt', 'mine');
    for (const [args, message] of [
      [[folder.path('used')], /used is not empty\. Name a new or an empty folder\./],
      [[folder.path('used/notes.txt')], /notes\.txt cannot be used as a folder \(EEXIST\)\./],
      [
        [folder.path('one'), folder.path('two')],
        /--keep takes one folder, after a space, and nothing else\.\n\nnpm start /,
      ],
    ] as const) {
      const { output, closed } = startKeeping(...args);
      assert.deepEqual(await closed, [2, null]);
      assert.match(output.stderr, message);
      assert.equal(output.stdout, '');
    }
    assert.deepEqual(readdirSync(folder.path('used')), ['notes.txt']);
    assert.equal(readdirSync(folder.path('')).includes('one'), false);
  });
});
