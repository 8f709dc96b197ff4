// Compiles the tests before they run, on the machine. Node 20 loads TypeScript through a worker thread, and one start in some
// hundreds never gets past it: a run with its dozens of processes would hang every few times. Each test becomes one file that
// plain Node runs.

import { readdir, readFile, rm } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

const OUT = 'node_modules/.cache/paynet-client-auth';

/** Files are found from where the source stands, not from where its compiled form does. */
const keepPlaces: Plugin = {
  name: 'keep-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.m?ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const contents = text.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href));
      return { contents, loader: 'ts' };
    });
  },
};

const folder = process.argv[2] ?? 'test';
const tests = (await readdir(folder)).filter(name => name.endsWith('.test.ts')).map(name => `${folder}/${name}`);
await rm(`${OUT}/${folder}`, { recursive: true, force: true });
await build({
  entryPoints: [...tests, 'src/demo/main.ts', 'test/support/measured-run.ts'],
  outbase: '.',
  outdir: OUT,
  bundle: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'inline',
  logLevel: 'warning',
  plugins: [keepPlaces],
});
