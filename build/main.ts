// `npm run build`: fills dist/ with the pre-request script, the command line, and the collections ready to import. With
// --quiet it does not say what is in them.

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { inject } from '../src/cli/collection/injection.ts';
import { bundleCommandLine, bundlePreRequest } from './bundle.ts';

const DIST = 'dist';

await mkdir(DIST, { recursive: true });

const parts = { kept: [] as string[], dropped: [] as string[] };
const script = await bundlePreRequest((kept, dropped) => Object.assign(parts, { kept, dropped }));
await writeFile(`${DIST}/pre-request.js`, script);
await writeFile(`${DIST}/cli.js`, await bundleCommandLine(), { mode: 0o755 });

for (const name of await readdir('collections')) {
  const text = await readFile(`collections/${name}`, 'utf8');
  await writeFile(`${DIST}/${name}`, name.endsWith('.postman_collection.json') ? inject(text, script) : text);
}

if (!process.argv.includes('--quiet')) {
  console.log(`Kept of jsrsasign: ${parts.kept.join(', ')}`);
  console.log(`Dropped out of that: ${parts.dropped.join(', ')}`);
  console.log(
    `Built ${DIST}/pre-request.js (${script.length} bytes), ${DIST}/cli.js, and what to import into Postman.`,
  );
}
