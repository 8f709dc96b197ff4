// A plugin of esbuild for ES modules that contain CommonJS packages: each `require` of a module of Node becomes an import. So
// the bundle needs no `require` of its own, which a source could declare too.

import { isBuiltin } from 'node:module';
import type { Plugin } from 'esbuild';

/** Turns `require('fs')` into the default import of "fs", which is what CommonJS gets from Node. */
export const requireAsImport: Plugin = {
  name: 'require-as-import',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /./ }, ({ path, kind, namespace }) => {
      if (kind !== 'require-call' || !isBuiltin(path)) return undefined;
      return { path, namespace: namespace === 'required' ? 'imported' : 'required' };
    });
    onLoad({ filter: /./, namespace: 'required' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)}).default;`,
    }));
    onLoad({ filter: /./, namespace: 'imported' }, ({ path }) => ({
      contents: `export { default } from ${JSON.stringify(path)};`,
    }));
  },
};
