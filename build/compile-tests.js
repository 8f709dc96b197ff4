// `node build/compile-tests.js test`: compiles the tests that stand in a folder.

import { readdir } from 'node:fs/promises';
import { compile } from './compile.js';

const folder = process.argv[2] ?? 'test';
const names = (await readdir(folder)).filter(name => name.endsWith('.test.ts'));
await compile(
  names.map(name => `${folder}/${name}`),
  folder,
);
