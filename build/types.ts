// How the types of the library are made, on the machine: the declarations of the few files that its users see, by the compiler.

import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The files whose types are public. They name types of each other alone, and each export says its type. */
const PUBLIC = [
  ...['index', 'client-assertion', 'inject-script', 'run'].map(name => `library/${name}`),
  'client-auth/errors',
];

/** Only these files are read: what they import is not for users. */
const FLAGS = ['--declaration', '--emitDeclarationOnly', '--isolatedDeclarations', '--noResolve', '--noCheck'];

/**
 * Makes the declarations.
 *
 * @returns path and text of each file; the first is the library's
 */
export const makeTypes = async (): Promise<{ path: string; text: string }[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'paynet-client-auth-types-'));
  try {
    const files = PUBLIC.map(name => `src/${name}.ts`);
    const target = [
      '--target',
      'es2022',
      '--module',
      'nodenext',
      '--ignoreConfig',
      '--rootDir',
      'src',
      '--outDir',
      folder,
    ];
    execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', ...FLAGS, ...target, ...files]);
    return await Promise.all(
      PUBLIC.map(async name => ({
        path: `${name}.d.ts`,
        // The compiler keeps the endings of the sources.
        text: (await readFile(join(folder, `${name}.d.ts`), 'utf8')).replace(/(from '\.[^']*)\.ts'/g, "$1.js'"),
      })),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
};
