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

const paths = (await readdir('test', { recursive: true })).map(name => `test/${name.replaceAll('\\', '/')}`).sort();
const files = paths
  .filter(path => path.endsWith('.test.ts') && path.startsWith('test/long/') === isLong)
  .filter(path => words.length === 0 || words.some(word => path.includes(word)));

// What the build cuts out of jsrsasign is cut out for the tests too; the cutter has to be compiled first.
await compile(['build/slice-jsrsasign.ts'], 'build');
const { sliceJsrsasign } = await import(pathToFileURL(resolve(OUT, 'build/slice-jsrsasign.js')).href);
await compile(files, 'test', 'test', [sliceJsrsasign(() => {})]);
const compiled = files.map(path => `${OUT}/${path.replace(/\.ts$/, '.js')}`);
const flags = ['--enable-source-maps', '--test', '--test-concurrency=2', '--test-reporter=spec'];
const limit = `--test-timeout=${isLong ? 1_800_000 : 300_000}`;
process.exitCode = spawnSync(process.execPath, [...flags, limit, ...compiled], { stdio: 'inherit' }).status ?? 1;
