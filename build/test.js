// `node build/test.js [--long] [words]`: compiles the tests and runs them, each file in a process of its own, two at a time.
// With words, only the files whose paths contain one of them.

import { spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compile, OUT } from './compile.js';

const args = process.argv.slice(2);
const isLong = args.includes('--long');
const words = args.filter(arg => !arg.startsWith('--'));

/** A quick file comes first: what is broken for all is seen at once. */
const FIRST = ['test/architecture'];

/** Then the files that take longest, so that there is work for both processes to the end. */
const LONGEST = [
  'test/cli/run/run-refusals',
  'test/cli/run/run-secrets',
  'test/demo/demo',
  'test/docs/commands',
  'test/pre-request/conformance',
  'test/pre-request/discovery',
  'test/pre-request/redefined-builtins',
];

const paths = (await readdir('test', { recursive: true })).map(name => `test/${name.replaceAll('\\', '/')}`).sort();
const files = paths
  .filter(path => path.endsWith('.test.ts') && path.startsWith('test/long/') === isLong)
  .filter(path => words.length === 0 || words.some(word => path.includes(word)));

const startsWithOneOf = (path, starts) => starts.some(start => path.startsWith(start));
const toTurn = path => (startsWithOneOf(path, FIRST) ? 'first' : startsWithOneOf(path, LONGEST) ? 'longest' : 'others');

// What the build cuts out of jsrsasign is cut out for the tests too; the cutter has to be compiled first.
await compile(['build/slice-jsrsasign.ts'], 'build');
const { sliceJsrsasign } = await import(pathToFileURL(resolve(OUT, 'build/slice-jsrsasign.js')).href);

const compiled = [];
for (const [number, turn] of ['first', 'longest', 'others'].entries()) {
  const group = files.filter(path => toTurn(path) === turn);
  // The test runner takes files in the order of their paths.
  const folder = `test/${number}-${turn}`;
  await compile(group, folder, 'test', [sliceJsrsasign()]);
  compiled.push(...group.map(path => path.replace(/^test\/(.*)\.ts$/, `${OUT}/${folder}/$1.js`)));
}

const flags = ['--enable-source-maps', '--test', '--test-concurrency=2', '--test-reporter=spec'];
const limit = `--test-timeout=${isLong ? 1_800_000 : 300_000}`;
process.exitCode = spawnSync(process.execPath, [...flags, limit, ...compiled], { stdio: 'inherit' }).status ?? 1;
