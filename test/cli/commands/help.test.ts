// The help texts of the command line, held by a snapshot. UPDATE_SNAPSHOTS=1 writes it anew; the difference is then for
// the reader of the change to judge.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import packageJson from '../../../package.json' with { type: 'json' };
import { execute } from '../../support/execute.ts';

const SNAPSHOT = new URL('snapshots/help.txt', import.meta.url);
const COMMANDS = ['', 'init', 'inject', 'run', 'check', 'assertion', 'token', 'jwks', 'agent'];

// Neither the terminal nor its colours may change what is compared.
const help = (...args: string[]) =>
  execute(process.execPath, ['dist/cli.js', ...args], { env: { COLUMNS: '80', NO_COLOR: '1', FORCE_COLOR: '0' } });
const titleOf = (command: string) => `$ paynet-client-auth ${command} --help`.replace('  ', ' ');

describe('the help', () => {
  const texts = new Map<string, string>();
  let snapshot: string;

  before(async () => {
    for (const command of COMMANDS) {
      const { code, stdout, stderr } = await help(...(command ? [command] : []), '--help');
      assert.deepEqual([code, stderr], [0, ''], command);
      texts.set(command, stdout);
    }
    if (process.env.UPDATE_SNAPSHOTS === '1') {
      writeFileSync(SNAPSHOT, [...texts].map(([command, text]) => `${titleOf(command)}\n${text}`).join('\n'));
    }
    snapshot = readFileSync(SNAPSHOT, 'utf8');
  });

  for (const command of COMMANDS) {
    it(`of ${command || 'the command line'} is the one in test/cli/commands/snapshots/help.txt`, () => {
      const section = `\n${snapshot}\n`.split(`\n${titleOf(command)}\n`)[1]?.split('\n$ ')[0];
      assert.equal(texts.get(command)?.trimEnd(), section?.trimEnd(), 'UPDATE_SNAPSHOTS=1 writes the snapshot anew');
    });
  }

  it('has a section in the snapshot for every command, and for nothing else', () => {
    const commands = [...(texts.get('')?.split('Commands:')[1] ?? '').matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name);
    assert.deepEqual(
      commands.filter(name => name !== 'help'),
      COMMANDS.filter(Boolean),
    );
    assert.deepEqual(snapshot.match(/^\$ .*$/gm), COMMANDS.map(titleOf));
  });

  it('fits a terminal of 80 columns, but for the examples', () => {
    for (const [command, text] of texts) {
      const [options = ''] = text.split('\nExamples:\n');
      assert.deepEqual(
        options.split('\n').filter(line => line.length > 80),
        [],
        command,
      );
    }
  });

  it('of a command ends with examples, whose options it has', () => {
    for (const command of COMMANDS.filter(Boolean)) {
      const text = texts.get(command) ?? '';
      const [options = '', examples = ''] = text.split('\nExamples:\n');
      assert.match(examples, new RegExp(`^(  paynet-client-auth ${command}( .*)?\n)+$`), text);
      for (const [, name = ''] of examples.matchAll(/ (--?[a-z-]+)/g)) {
        assert.match(options, name.startsWith('--reporter-') ? /--reporter-<name>/ : new RegExp(`^ .*${name}\\b`, 'm'));
      }
    }
  });

  it('and the version have short options', async () => {
    for (const option of ['-v', '--version']) {
      assert.deepEqual(await help(option), { code: 0, stdout: `${packageJson.version}\n`, stderr: '' });
    }
  });

  it('of a command is also what `help` with its name shows', async () => {
    for (const command of COMMANDS) {
      const { code, stdout } = await help('help', ...(command ? [command] : []));
      assert.deepEqual([code, stdout], [0, texts.get(command)]);
    }
  });

  it('is named in the message of a usage error, which exits with 2', async () => {
    for (const args of [['bogus'], ['--bogus'], ['inject'], ['check', '--bogus'], ['assertion', '--bogus']]) {
      const { code, stdout, stderr } = await help(...args);
      assert.deepEqual([code, stdout], [2, ''], args.join(' '));
      assert.match(stderr, /^error: .*\n\(--help shows how to call it\)\n$/);
    }
  });
});
