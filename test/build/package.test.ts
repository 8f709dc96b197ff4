// What `npm pack` would publish: enough to work by itself, and nothing else.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import packageJson from '../../package.json' with { type: 'json' };
import { execute } from '../support/execute.ts';

/** The build alone writes them; another test compares them with what it makes. */
const v12Files = readdirSync(new URL('../../collections/v12', import.meta.url), {
  recursive: true,
  withFileTypes: true,
})
  .filter(entry => entry.isFile())
  .map(({ parentPath, name }) =>
    join('collections', relative(fileURLToPath(new URL('../../collections', import.meta.url)), join(parentPath, name))),
  )
  .sort();

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the package', () => {
  let folder: string;
  let installed: string;
  let files: { path: string }[];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'paynet-client-auth-package-'));
    const packed = await execute('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]);
    assert.equal(packed.code, 0, packed.stderr);
    [{ files }] = JSON.parse(packed.stdout);
    installed = join(folder, 'node_modules', 'paynet-client-auth');
    mkdirSync(installed, { recursive: true });
    const tarball = join(folder, `paynet-client-auth-${packageJson.version}.tgz`);
    const unpacked = await execute('tar', ['-xzf', tarball, '-C', installed, '--strip-components', '1']);
    assert.equal(unpacked.code, 0, unpacked.stderr);
    symlinkSync(join(root, 'node_modules', 'newman'), join(folder, 'node_modules', 'newman'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('holds the script, the command line, what to import, the documentation, and no sources, tests or maps', () => {
    assert.deepEqual(files.map(({ path }) => path).sort(), [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'collections/paynet.postman_collection.json',
      'collections/paynet.postman_environment.json',
      ...v12Files,
      'dist/cli.js',
      'dist/post-response.js',
      'dist/pre-request.js',
      ...['ci', 'commands', 'development', 'errors', 'own-collection'].map(name => `docs/${name}.md`),
      ...['costs', 'green', 'red', 'start'].map(name => `docs/pictures/${name}.svg`),
      ...['postman-app', 'security', 'variables'].map(name => `docs/${name}.md`),
      'package.json',
    ]);
    assert.doesNotMatch(readFileSync(join(installed, 'dist/cli.js'), 'utf8'), /sourceMappingURL/);
  });

  it('depends on Newman alone, at an exact version', () => {
    assert.deepEqual(packageJson.dependencies, { newman: '6.2.2' });
  });

  it('works without a build: run, inject, check, assertion', async () => {
    const cli = join(installed, 'dist/cli.js');
    const collection = join(installed, 'collections/paynet.postman_collection.json');
    assert.equal((await execute('node', [cli, '--version'])).stdout.trim(), packageJson.version);
    assert.equal((await execute('node', [cli, 'inject', '--check', collection])).code, 0);
    const run = await execute('node', [cli, 'run', collection, '--folder', 'Client credentials grant']);
    assert.equal(run.code, 1);
    assert.match(run.stderr, /"client_id" must be .*, got nothing/);
    const assertion = await execute('node', [cli, 'assertion']);
    assert.match(assertion.stderr, /"client_id" must be/);
    assert.equal((await execute('node', [cli, 'check', collection])).code, 0);
  });
});
