// `node build/test.js [--long] [words]`: compiles the tests and runs them, three processes at a time, as some wait. A process runs one
// file, or some files of one folder. With words, only the files whose paths contain one of them are run.

import { spawnSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compile, OUT } from './compile.js';

const args = process.argv.slice(2);
const isLong = args.includes('--long');
const words = args.filter(arg => !arg.startsWith('--'));

/**
 * The order, by how paths begin. A quick file comes first: what is broken for all is seen at once. Then comes what takes longest:
 * both cores have work to the end. Where a number is given, so many processes share the files: each loads the hosts once, and they
 * are fast from its second file on. Such a file leaves the process as it was, and has no `beforeEach` outside of a `describe`.
 */
const ORDER = [
  ['test/architecture'],
  ['test/cli/run/', 3],
  ['test/pre-request/', 3],
  ['test/post-response/', 1],
  ['test/demo/', 1],
  ['test/collections', 1],
  ['test/docs/commands'],
  ['test/cli/hostile-input'],
  ['test/cli/kills'],
  ['test/build/package'],
  ['test/cli/collection/', 1],
  ['test/client-auth/', 1],
  ['test/'],
];

const paths = (await readdir('test', { recursive: true })).map(name => `test/${name.replaceAll('\\', '/')}`).sort();
const files = paths
  .filter(path => path.endsWith('.test.ts') && path.startsWith('test/long/') === isLong)
  .filter(path => words.length === 0 || words.some(word => path.includes(word)));

/** The files of each process. */
const processes = ORDER.flatMap(([start, most = files.length]) => {
  const own = files.filter(path => ORDER.find(([one]) => path.startsWith(one))[0] === start);
  const count = Math.min(most, own.length);
  return Array.from({ length: count }, (_, index) => own.filter((_, place) => place % count === index));
});

// What the build cuts out of jsrsasign is cut out for the tests too; the cutter has to be compiled first.
await compile(['build/slice-jsrsasign.ts'], 'build');
const { sliceJsrsasign } = await import(pathToFileURL(resolve(OUT, 'build/slice-jsrsasign.js')).href);
await compile(files, 'test', 'test', [sliceJsrsasign()]);

// The test runner takes files in the order of their names.
const entries = processes.map((_, index) => `${OUT}/test/process-${String(index).padStart(3, '0')}.js`);
for (const [index, own] of processes.entries()) {
  const lines = own.map(path => `import './${path.replace(/^test\/(.*)\.ts$/, '$1.js')}';\n`);
  await writeFile(entries[index], lines.join(''));
}

const flags = ['--enable-source-maps', '--test', '--test-concurrency=3', '--test-reporter=spec'];
const limit = `--test-timeout=${isLong ? 1_800_000 : 300_000}`;
process.exitCode = spawnSync(process.execPath, [...flags, limit, ...entries], { stdio: 'inherit' }).status ?? 1;
