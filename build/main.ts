// `npm run build`: fills dist/ with the two scripts, the command line and the library, and collections/ with what is imported into
// Postman. With --dist it leaves collections/ as it is; with --quiet it does not say what is in the script.

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bundleCommandLine, bundleLibrary, bundlePostResponse, bundlePreRequest } from './bundle.ts';
import { makeCollections, V12 } from './collections.ts';
import { makeTypes } from './types.ts';

const DIST = 'dist';

await mkdir(DIST, { recursive: true });

const parts = { kept: [] as string[], dropped: [] as string[] };
const script = await bundlePreRequest((kept, dropped) => Object.assign(parts, { kept, dropped }));
await writeFile(`${DIST}/pre-request.js`, script);
const postResponse = await bundlePostResponse();
await writeFile(`${DIST}/post-response.js`, postResponse);
await writeFile(`${DIST}/cli.js`, await bundleCommandLine(), { mode: 0o755 });
await writeFile(`${DIST}/index.js`, await bundleLibrary());
for (const { path, text } of await makeTypes()) {
  await mkdir(`${DIST}/types/${dirname(path)}`, { recursive: true });
  await writeFile(`${DIST}/types/${path}`, text);
}

if (!process.argv.includes('--dist')) {
  const files = await makeCollections({ preRequest: script, postResponse });
  await rm(V12, { recursive: true, force: true });
  for (const { path, text } of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

if (!process.argv.includes('--quiet')) {
  console.log(`Kept of jsrsasign: ${parts.kept.join(', ')}`);
  console.log(`Dropped out of that: ${parts.dropped.join(', ')}`);
  console.log(
    `Built ${DIST}/pre-request.js (${script.length} bytes), ${DIST}/post-response.js (${postResponse.length} bytes), ` +
      `${DIST}/cli.js, ${DIST}/index.js, and what to import into Postman.`,
  );
}
