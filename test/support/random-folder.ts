// Random folders of Postman v12, as people and programs write them: both spellings, scalars of every style, comments everywhere,
// both line ends, with and without a line break at the end.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import fc from 'fast-check';
import { runCommand } from './command-line.ts';
import type { Files } from './v12-folder.ts';

const { constantFrom, record, array, option, boolean, integer, tuple, constant, oneof } = fc;

/** Source texts of scripts. */
const sources = constantFrom(
  'go();',
  "pm.environment.set('a', 1);\nif (a) {\n  b();\n}\n",
  '  indented();\nnot();',
  '\n\nblank();\n\n  // lines\n\n',
  "const text = `a: b # no comment`; 'it''s';\n\tconst tab = \"\\n\";",
  'ünïcode("\u{1f600}\u2028");',
  '',
  '\n',
  '  \n ',
  'long(1); '.repeat(40),
  '# a\n- b\n--- c\n... d\n"e": {f: [g]}',
);

const block = (header: string, source: string, indent: string) =>
  `${header}\n${source.replace(/^(?=.)/gm, indent)}${source.endsWith('\n') ? '' : '\n'}`;
const toQuoted = (source: string) => JSON.stringify(source).replace(/\u2028/g, '\\u2028');

/** Writes a source text in a style; what a style can't hold is written in double quotes. */
const styles: Record<string, (source: string, indent: string) => string> = {
  literal: (source, indent) => block('|-', source, indent),
  'literal, one line break at the end': (source, indent) => block('|', source, indent),
  'literal, all line breaks at the end': (source, indent) => block('|+  # kept', source, indent),
  'literal, explicit': (source, indent) => block('|2-', source, `${indent}`),
  folded: (source, indent) => block('>-', source.replaceAll('\n', '\n\n'), indent),
  'folded with a comment': (source, indent) => block('> # why', source, indent),
  'double quotes': source => `${toQuoted(source)}\n`,
  'double quotes over lines': (source, indent) => `${toQuoted(source).replace('; ', `;\n${indent}`)}  # behind\n`,
  'single quotes': (source, indent) => `'${source.replaceAll("'", "''").replaceAll('\n', `\n\n${indent}`)}'\n`,
  plain: (_, indent) => `go(1);\n${indent}stop()   # behind\n`,
  'plain, in a line of its own': (_, indent) => `# before\n${indent}go()\n`,
  null: () => '\n',
  tilde: () => '~ # nothing\n',
  'CRLF in quotes': source => `${toQuoted(source.replaceAll('\n', '\r\n'))}\n`,
};

const needsIndicator = /^\n* |^[\n ]*$/;

const code = (indent: string) =>
  tuple(sources, constantFrom(...Object.keys(styles))).map(([source, name]) => {
    const isBlock = /literal|folded/.test(name);
    const isExplicit = name === 'literal, explicit';
    const usable = isBlock && !isExplicit && needsIndicator.test(source) ? 'double quotes' : name;
    const style = styles[usable] ?? styles['double quotes'];
    return style?.(source, indent) as string;
  });

const comment = (indent: string) =>
  constantFrom('', '', '', `${indent}# a comment\n`, '# at the margin\n', '\n', `${indent}      # far\n`);

/** An entry of `scripts`, with its dash at a column. */
const entry = (column: string, types: string[]) => {
  const key = `${column}  `;
  return record({
    type: constantFrom(...types),
    code: code(`${key}  `),
    rest: comment(key),
    language: constantFrom('', `language: text/javascript\n`, `"language": 'text/javascript'\n`),
    order: integer({ min: 0, max: 2 }),
    noCode: integer({ min: 0, max: 9 }),
    before: comment(column),
  }).map(({ type, code: text, rest, language, order, noCode, before }) => {
    const members = [
      `type: ${type}\n`,
      ...(noCode === 0 ? [] : [`code: ${text}${rest}`.replace('code: \n', 'code:\n')]),
    ];
    if (language) members.splice(order, 0, language);
    return `${before}${members.map((member, index) => (index === 0 ? `${column}- ${member}` : key + member)).join('')}`;
  });
};

/** The member `scripts`, or nothing. */
const scriptsOf = (types: string[]) =>
  oneof(
    { weight: 2, arbitrary: constant('') },
    constantFrom(
      'scripts: []\n',
      'scripts:\n',
      'scripts: null # none\n',
      'scripts:\n  [ ]   # empty\n',
      'scripts: [\n  ] \n',
      "'scripts': ~\n",
    ),
    {
      weight: 6,
      arbitrary: constantFrom('', '  ', '    ').chain(column =>
        tuple(
          constantFrom('scripts:\n', 'scripts:   # of the user\n', '"scripts":\n\n'),
          array(entry(column, types), { minLength: 1, maxLength: 3 }),
        ).map(([head, entries]) => head + entries.join('')),
      ),
    },
  );

const variables = constantFrom(
  '',
  'variables:\n  scope: accounts # a map\n  base: "https://a.example"\n',
  "variables:\n- key: scope\n  value: 'accounts'\n",
  'variables: {a: b}\n',
);

/** The text of a file with its members in any order. */
const file = (head: string, types: string[], others: string[][]) =>
  record({
    scripts: scriptsOf(types),
    variables,
    others: tuple(...others.map(one => constantFrom(...one))),
    first: boolean(),
    top: constantFrom('', '# the file\n', '---\n', '%YAML 1.2\n---\n'),
    bottom: constantFrom('', '', '\n\n', '# the end', '   ', '...\n', '...'),
    isCrlf: boolean(),
    isOpen: boolean(),
    hasMark: integer({ min: 0, max: 9 }),
  }).map(({ scripts, variables: own, others: more, first, top, bottom, isCrlf, isOpen, hasMark }) => {
    const members = first ? [head, scripts, own, ...more] : [head, own, ...more, scripts];
    const text = top + members.join('') + bottom;
    const ended = isOpen && bottom === '' ? text.replace(/\n$/, '') : text;
    return (hasMark === 0 && !top.startsWith('%') ? '\ufeff' : '') + (isCrlf ? ended.replace(/\r?\n/g, '\r\n') : ended);
  });

/** A definition. */
const definition = file(
  '$kind: collection\n',
  ['http:beforeRequest', 'http:afterResponse', 'graphql:beforeQuery', '"http:beforeRequest"'],
  [
    ['', 'name: "A: collection"\n'],
    ['', 'description: |\n  Two\n  lines\n\n', 'description: >-\n  folded\n'],
  ],
);

/** A request for a token. */
const request = file(
  '$kind: http-request\nmethod: POST\nurl: "{{token_endpoint}}"\n',
  ['beforeRequest', 'afterResponse', "'beforeRequest'"],
  [
    ['', 'order: 1000\n'],
    ['body: {type: urlencoded, content: {grant_type: client_credentials}}\n', 'body:\n  type: none\n'],
  ],
);

/** The files of a collection with folders in it. */
export const folder: fc.Arbitrary<Files> = record({
  own: option(definition, { nil: undefined }),
  token: request,
  inner: option(definition, { nil: undefined }),
  other: request,
  note: constant('notes\r\n'),
}).map(({ own, token, inner, other, note }) => ({
  ...(own !== undefined && { '.resources/definition.yaml': own }),
  'Token.request.yaml': token,
  ...(inner !== undefined && { 'Inner/.resources/definition.yml': inner }),
  'Inner/Other.request.yaml': other,
  'notes.txt': note,
}));

/** All files in a directory, by their paths in it. */
export const toFiles = (directory: string): Files =>
  Object.fromEntries(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(({ parentPath, name }) => {
        const path = join(parentPath, name);
        return [relative(directory, path).replaceAll(sep, '/'), readFileSync(path, 'latin1')];
      }),
  );

/** Injects into a folder, injects again, and removes: after the second time as after the first, in the end as before. */
export const assertRestored = async (path: string, isLast: boolean): Promise<void> => {
  const inject = async (...args: string[]) => {
    const { code, stderr } = await runCommand(['inject', path, ...args]);
    assert.equal(code, 0, stderr);
    return toFiles(path);
  };
  const original = toFiles(path);
  const last = isLast ? ['--last'] : [];
  const injected = await inject('--in-place', ...last);
  assert.notDeepEqual(injected, original);
  await inject('--check', ...last);
  assert.deepEqual(await inject('--in-place', ...last), injected);
  assert.deepEqual(await inject('--in-place', '--remove'), original);
};
