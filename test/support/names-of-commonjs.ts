// A module that declares each name which Node gives to CommonJS, beside packages that are CommonJS and use them. It is
// bundled as the command line is, and run, by test/build/bundle.test.ts.

import { program } from 'commander';
import writeFileAtomic from 'write-file-atomic';

const createRequire = 'createRequire';
const require = 'require';
const __filename = '__filename';
const __dirname = '__dirname';
const module = 'module';
const exports = 'exports';
function fileURLToPath() {
  return 'fileURLToPath';
}

const [file = ''] = program.argument('<file>').parse().args;
await writeFileAtomic(file, 'text');
console.log(createRequire, fileURLToPath(), require, __filename, __dirname, module, exports);
