// The recipes of the README: each command line in them is taken by a real shell and by this command line as it stands.

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execute } from '../../support/execute.ts';

const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
const recipes = readme.split('\n### Recipes\n')[1]?.split('\n## ')[0] ?? '';
const blocks = [...recipes.matchAll(/^```(yaml|groovy)\n(.*?)^```/gms)].map(([, language = '', text = '']) => ({
  language,
  text,
}));

/** The command lines in a block: each goes on over lines that begin with an option. */
const commandsIn = (text: string): string[] =>
  [...text.matchAll(/npx --no-install paynet-client-auth .*(?:\n *--.*)*/g)].map(([command]) =>
    command
      .replace(/ *\\?\n */g, ' ')
      .replace(/'''$/, '')
      .replace(/\$\{\{ ([\w.]+) \}\}/g, '$1'),
  );

describe('the recipes of the README', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'recipes-'));
    writeFileSync(join(folder, 'npx'), `#!/bin/sh\nshift 2\nexec '${process.execPath}' '${CLI}' "$@"\n`);
    chmodSync(join(folder, 'npx'), 0o755);
  });
  after(() => rmSync(folder, { recursive: true }));
  /** Without its files a command line that is right fails at the first of them, and one that is wrong by its usage. */
  const inShell = (command: string) =>
    execute('sh', ['-c', command], {
      env: { PATH: `${folder}${delimiter}${process.env.PATH}`, SIGNING_KEY: 'signing.pem' },
    });

  it('are three, with one command line each', () => {
    assert.deepEqual(
      blocks.map(({ language, text }) => [language, commandsIn(text).length]),
      [
        ['yaml', 1],
        ['yaml', 1],
        ['groovy', 1],
      ],
    );
  });

  for (const [index, { text }] of blocks.entries()) {
    it(`number ${index + 1} has a command line with options that exist, and the secrets in files`, async () => {
      for (const command of commandsIn(text)) {
        const { code, stderr } = await inShell(command);
        assert.deepEqual(
          [code, stderr],
          [1, 'error: sandbox.postman_environment.json: no such file. Check the path.\n'],
          command,
        );
        for (const option of ['--signing-key', '--ssl-client-cert', '--ssl-client-key']) {
          assert.match(command, new RegExp(`${option} "\\$[A-Z_]+(?:/[a-z.]+)?"`));
        }
        const wrong = await inShell(command.replace('--ssl-client-cert ', '--ssl-client-certificate '));
        assert.equal(wrong.code, 2, wrong.stderr);
      }
    });
  }

  it('publish the report that their command line writes', () => {
    for (const { text } of blocks) {
      const [, file = 'none'] = /--reporter-junit-export ([\w.]+)/.exec(text) ?? [];
      assert.equal(text.split(file).length > 2, true, text);
    }
  });
});

describe('the README', () => {
  it('names no option that no help has', async () => {
    const commands = ['inject', 'run', 'check', 'assertion'];
    const helps = await Promise.all(commands.map(one => execute(process.execPath, [CLI, 'help', one])));
    const { stdout } = await execute(process.execPath, [CLI, '--help']);
    const known = new Set(`${stdout}${helps.map(help => help.stdout).join('')}`.match(/--[a-z][\w-]*/g));
    // Newman's own, which is not taken on purpose, those of reporters, and those of npm.
    const others = /^--(?:insecure|save-dev|no-install|reporter-[a-z-]+)$/;
    const unknown = [...new Set(readme.match(/(?<![\w-])--[a-z][\w-]*/g))].filter(
      one => !known.has(one) && !others.test(one),
    );
    assert.deepEqual(unknown, []);
  });
});
