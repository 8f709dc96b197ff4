// Compiles TypeScript for plain Node, on the machine. Node 20 loads it through a worker thread instead, and one start in some
// hundreds never gets past that: a run of the tests with its dozens of processes would hang every few times.

import { readFile, rm } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** Where the compiled files go, each under the path of its source. */
export const OUT = 'node_modules/.cache/paynet-client-auth';

/** Files are found from where the source stands, not from where its compiled form does. */
const keepPlaces = {
  name: 'keep-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return { contents: `const __source = ${JSON.stringify(pathToFileURL(path).href)}; ${text}`, loader: 'ts' };
    });
  },
};

/**
 * Compiles each file with what it imports of the project into one file that Node runs.
 *
 * @param {string[]} files paths from the root of the project
 * @param {string} folder of {@link OUT}, emptied before
 * @param {string} [outbase] the folder below which the files keep their paths
 * @param {import('esbuild').Plugin[]} [plugins]
 */
export const compile = async (files, folder, outbase, plugins = []) => {
  await rm(`${OUT}/${folder}`, { recursive: true, force: true });
  await build({
    entryPoints: files,
    outdir: `${OUT}/${folder}`,
    ...(outbase && { outbase }),
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'warning',
    define: { 'import.meta.url': '__source' },
    plugins: [keepPlaces, ...plugins],
  });
};
