// README and docs against the source: their links lead somewhere, and every variable, option, code and message is the one of the
// source.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Command } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { STATUS_BY_CODE } from '../../src/cli/check/line.ts';
import { TRANSPORT_PASSPHRASE_VARIABLE } from '../../src/cli/client/certificate-facts.ts';
import { PASSPHRASE_VARIABLE } from '../../src/cli/client/signing-key-file.ts';
import type { Host } from '../../src/cli/command.ts';
import { addCommands } from '../../src/cli/commands/commands.ts';
import { ENDPOINT_NAMES } from '../../src/client-auth/authorization-server.ts';
import { readSettings } from '../../src/client-auth/settings.ts';
import { anchorsOf, codeOf, linksOf, pageOf, pages, sectionOf } from './markdown.ts';

const root = new URL('../../', import.meta.url);
const readText = (path: string) => readFileSync(new URL(path, root), 'utf8');
const source = readdirSync(new URL('src', root), { recursive: true })
  .filter(name => String(name).endsWith('.ts'))
  .map(name => readText(`src/${name}`))
  .join('\n');

/** The first cells of the rows of all tables in a text, as code without backticks. */
const firstCellsOf = (text: string): string[] =>
  [...text.matchAll(/^\|([^|]*)\|/gm)].flatMap(([, cell = '']) => codeOf({ path: '', text: cell }));

/** All paths that a package or a page may lead to. */
const existing = new Set(
  ['', 'docs/', 'docs/pictures/', 'collections/'].flatMap(folder =>
    readdirSync(new URL(folder || '.', root)).map(name => `${folder}${name}`),
  ),
);
const isPacked = (path: string) =>
  /^(README\.md|LICENSE|package\.json)$/.test(path) ||
  packageJson.files.some(entry => path === entry || path.startsWith(`${entry}/`)) ||
  /^collections\/[^/]*\.json$/.test(path);

describe('the README', () => {
  it('has at most 150 lines', () => {
    assert.equal(pageOf('README.md').trimEnd().split('\n').length <= 150, true);
  });

  it('leads to the Postman app, CI, cURL and the demo within its first screen', () => {
    const screen = pageOf('README.md').split('\n').slice(0, 18).join('\n');
    for (const way of [
      '#postman-app',
      '#ci',
      '#curl',
      '#no-credentials-yet',
      'npm ci && npm start',
      'npm ci && npm test',
    ]) {
      assert.equal(screen.includes(way), true, way);
    }
  });
});

describe('the links of README and docs', () => {
  for (const page of pages) {
    it(`of ${page.path} lead to files and headings that exist, and from packed pages to packed files`, () => {
      for (const link of linksOf(page)) {
        if (/^https:\/\//.test(link)) continue;
        const { pathname, hash } = new URL(link, `file:///${page.path}`);
        const path = pathname.slice(1);
        assert.equal(existing.has(path), true, `${link}: no such file`);
        if (isPacked(page.path)) assert.equal(isPacked(path), true, `${link}: not in the package`);
        const target = pages.find(one => one.path === path);
        if (hash && target) assert.equal(anchorsOf(target).includes(hash.slice(1)), true, `${link}: no such heading`);
      }
    });
  }

  it('reach every page of docs from the README', () => {
    const links = linksOf({ path: 'README.md', text: pageOf('README.md') });
    for (const { path } of pages.filter(one => one.path.startsWith('docs/')))
      assert.equal(links.includes(path), true, path);
  });
});

describe('docs/variables.md', () => {
  const documented = new Set(firstCellsOf(pageOf('docs/variables.md')));

  it('has a row for every variable that the source reads', () => {
    const names = new Set<string>(['issuer', ...ENDPOINT_NAMES, PASSPHRASE_VARIABLE, TRANSPORT_PASSPHRASE_VARIABLE]);
    readSettings(name => {
      names.add(name);
      return name === 'client_id' ? 'c' : '';
    });
    // Not the members of the metadata, which are read in the same way.
    for (const [, name = ''] of source.matchAll(/\bread(?:Variable)?\('([a-z_]+)(?<!_supported)'\)/g)) names.add(name);
    // One that is written is for the libraries.
    for (const [, name = ''] of source.matchAll(/\bprocess\.env\.([A-Z_]+)\b(?! = )/g)) names.add(name);
    assert.deepEqual([...documented].sort(), [...names].sort());
  });

  it('is where the header of the script says that the variables are', () => {
    assert.match(readText('dist/pre-request.js').split('\n', 6).join('\n'), /docs\/variables\.md of the package/);
    assert.equal(isPacked('docs/variables.md'), true);
  });
});

describe('docs/commands.md', () => {
  const program = addCommands(new Command(), {} as Host);
  const optionsOf = (command: Command) => command.options.map(({ long }) => long ?? '').sort();
  const namedIn = (text: string) => firstCellsOf(text).flatMap(cell => cell.match(/--[a-z][\w-]*/g) ?? []);
  const client = namedIn(sectionOf('docs/commands.md', 'Options of the client'));

  for (const command of program.commands) {
    it(`has every option of ${command.name()}, and no other`, () => {
      const section = sectionOf('docs/commands.md', `\`${command.name()}\``);
      const shared = section.includes('(#options-of-the-client)') ? client : [];
      const named = [...namedIn(section), ...shared].filter(name => !name.startsWith('--reporter-'));
      assert.deepEqual([...new Set(named)].sort(), optionsOf(command));
    });
  }

  it('has every command in its list', () => {
    const list = pageOf('docs/commands.md').split('\n## ')[0] ?? '';
    assert.deepEqual(
      firstCellsOf(list.replace(/\[|\]\(#\w+\)/g, '')).sort(),
      program.commands.map(command => command.name()).sort(),
    );
  });

  it('and all other pages name no option that nothing has', () => {
    const known = new Set([...program.commands.flatMap(optionsOf), '--help', '--version', '--debug']);
    // Newman's own, which is not taken on purpose; those of npm, reporters, cURL, the benchmark, the demo, Docker, az and pkcs11-tool.
    const others =
      /^--(insecure|save-dev|no-install|reporter-[a-z-]*|cert|key|chart|keep|tag|rm|init|user|volume|env|hsm-name|list-mechanisms|hash-algorithm)$/;
    for (const { path, text } of pages) {
      // Recipes for other tools are in blocks of their own, which test/docs/sign-command.test.ts runs.
      const ours = text.replace(/^```sh\n.*?^```$/gms, '');
      const unknown = ours.match(/(?<![\w-])--[a-z][\w-]*/g)?.filter(name => !known.has(name) && !others.test(name));
      assert.deepEqual(unknown ?? [], [], path);
    }
  });
});

describe('docs/errors.md', () => {
  it('and docs/library.md have a row for every code of ClientAuthErrorCode, and no other', () => {
    const [, union = ''] = /type ClientAuthErrorCode =([^;]*);/.exec(readText('src/client-auth/errors.ts')) ?? [];
    const codes = [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code);
    assert.equal(codes.length > 0, true);
    const documented = [sectionOf('docs/errors.md', 'Codes'), sectionOf('docs/library.md', 'Errors')].flatMap(
      firstCellsOf,
    );
    assert.deepEqual(documented.sort(), codes.sort());
  });

  it('has every code of check under its status, and no other', () => {
    const [head = '', ...rows] = sectionOf('docs/errors.md', 'Codes of `check`').match(/^\|.*\|$/gm) ?? [];
    const statuses = head
      .split('|')
      .slice(2)
      .map(cell => cell.replace(/[` ]/g, ''));
    const documented = rows.flatMap(row =>
      row
        .split('|')
        .slice(2)
        .flatMap((cell, index) => codeOf({ path: '', text: cell }).map(code => [code, statuses[index] ?? ''])),
    );
    const byName = ([one = '']: string[], [other = '']: string[]) => (one < other ? -1 : 1);
    assert.deepEqual(documented.sort(byName), Object.entries(STATUS_BY_CODE).sort(byName));
  });

  for (const [path, title] of [
    ['docs/errors.md', 'A request left without client authentication'],
    ['docs/errors.md', 'The command line'],
    ['docs/signing-agent.md', 'What goes wrong'],
    ['README.md', 'The six most common errors'],
  ] as const) {
    it(`and the messages in ${path}, "${title}", are those of the source`, () => {
      const messages = firstCellsOf(sectionOf(path, title)).filter(text => text.includes(' '));
      assert.equal(messages.length >= 4, true);
      for (const message of messages) {
        // What a message puts together: the name of a variable, and what it is instead.
        const parts = message.split(/…|"\w+" must be |, got | holds an |\{\{\w+\}\}/).map(part => part.trim());
        for (const part of parts) assert.equal(source.includes(part), true, `${message}: ${part}`);
      }
    });
  }
});

describe('docs/development.md', () => {
  const layout = sectionOf('docs/development.md', 'Layout');

  it('has a line for every entry of the top level and every folder of src', () => {
    const folders = [
      'collections',
      'build',
      'test',
      'docs',
      ...readdirSync(new URL('src', root)).map(name => `src/${name}`),
    ];
    for (const name of folders) assert.match(layout, new RegExp(`^${name}/ `, 'm'), name);
    for (const name of ['action.yml', 'Dockerfile']) assert.match(layout, new RegExp(`^${name} `, 'm'), name);
    for (const { name } of readdirSync(new URL('src/cli', root), { withFileTypes: true }).filter(one =>
      one.isDirectory(),
    )) {
      assert.match(layout, new RegExp(`^ {2}${name}/ `, 'm'), name);
    }
  });

  it('has every script of package.json, and no page names another', () => {
    const scripts = Object.keys(packageJson.scripts).filter(name => name !== 'prepack');
    const table = firstCellsOf(sectionOf('docs/development.md', 'Commands'));
    const rows = table.map(command => command.replace(/^npm (run )?/, ''));
    assert.deepEqual(rows.sort(), scripts.sort());
    for (const { path, text } of pages) {
      for (const [, name = ''] of text.matchAll(/npm run ([\w:]+)/g))
        assert.equal(scripts.includes(name), true, `${path}: ${name}`);
    }
  });

  it('names no file of the sources that is not there', () => {
    for (const page of pages) {
      for (const code of codeOf(page).filter(text => /^(src|test|build|\.github|collections)\/[\w./-]+$/.test(text))) {
        assert.doesNotThrow(() => readdirSync(new URL(code.replace(/[^/]*$/, ''), root)), `${page.path}: ${code}`);
        const name = code.split('/').at(-1) ?? '';
        const beside = readdirSync(new URL(code.replace(/[^/]*$/, ''), root));
        assert.equal(name === '' || beside.includes(name), true, `${page.path}: ${code}`);
      }
    }
  });
});

describe('the pictures', () => {
  for (const name of readdirSync(new URL('docs/pictures', root))) {
    it(`: ${name} is small, and holds no path, key or JWT`, () => {
      const text = readText(`docs/pictures/${name}`);
      assert.equal(text.length < 10_000, true);
      assert.doesNotMatch(text, /\/(home|root|tmp|Users|work)\/|PRIVATE KEY|eyJ/);
      assert.equal(pageOf('README.md').includes(`docs/pictures/${name}`), true);
    });
  }
});
