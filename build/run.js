// `node build/run.js file.ts [arguments]`: compiles a file of the project and runs it.

import { rmSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compile, OUT } from './compile.js';

const [node = 'node', , file = '', ...rest] = process.argv;
// Several may run at a time.
const folder = `run/${process.pid}`;
const compiled = resolve(OUT, folder, `${basename(file, '.ts')}.js`);
process.on('exit', () => rmSync(resolve(OUT, folder), { recursive: true, force: true }));
await compile([file], folder);
process.argv = [node, file, ...rest];
process.setSourceMapsEnabled(true);
await import(pathToFileURL(compiled).href);
