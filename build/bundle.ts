// How the texts of dist/ are made, on the machine: the two scripts, the command line and the library, with esbuild. The same
// sources and lockfile give the same bytes.

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { type BuildOptions, build } from 'esbuild';
import { minify } from 'terser';
import packageJson from '../package.json' with { type: 'json' };
import { requireAsImport } from './require-as-import.ts';
import { sliceJsrsasign } from './slice-jsrsasign.ts';

const bundle = async (options: BuildOptions): Promise<{ code: string; inputs: string[] }> => {
  const { outputFiles, metafile } = await build({
    bundle: true,
    write: false,
    metafile: true,
    legalComments: 'none',
    logLevel: 'warning',
    ...options,
  });
  return { code: (outputFiles?.[0]?.text ?? '').trim(), inputs: Object.keys(metafile?.inputs ?? {}) };
};

const FOR_NODE: BuildOptions = {
  format: 'esm',
  platform: 'node',
  target: 'node20',
  mainFields: ['module', 'main'],
  external: ['newman'],
  // Files are beside the bundle, and names of CommonJS are not there.
  plugins: [requireAsImport],
  define: { __filename: 'import.meta.filename' },
};

/** The licences of what is cut out of jsrsasign. */
const SIGNER_NOTICES = 'build/pre-request-notices.txt';

/** Lines for whoever finds a script in Postman; the first begins in the line of the hash, the last closes the comment. */
const PRE_REQUEST_HEADER = ` * Proves who the client is (private_key_jwt or tls_client_auth) in each request for an endpoint of the authorization server.
 * Made from TypeScript and jsrsasign by the npm package paynet-client-auth. It sends nothing anywhere else.
 * Do not edit it: a newer version replaces it, from this first to the last line.
 * Configure it by variables (client_id, signing_key, kid, issuer): docs/variables.md of the package. */`;
const POST_RESPONSE_HEADER = ` * Tests that requests to the authorization server proved who the client is.
 * Made by the npm package paynet-client-auth.
 * Do not edit: a newer version replaces it.
 * Configure it by variables: docs/variables.md of the package. */`;

type ScriptParts = { entryPoint: string; header: string; notices: string };

/** Finds what esbuild leaves, two per cent. No option of terser that is unsafe. */
const shorten = async (text: string): Promise<string> => {
  const { code = '' } = await minify(text, { ecma: 2020, compress: { passes: 3 }, format: { ascii_only: true } });
  return code;
};

/**
 * Bundles a script for the sandbox: a first line with name, version and the SHA-256 of all that follows it, four lines that say
 * what it is, one line of code, the licence notices, a last line by which the end is found.
 */
const bundleScript = async (
  { entryPoint, header, notices }: ScriptParts,
  report?: (kept: string[], dropped: string[]) => void,
): Promise<string> => {
  const joined = await bundle({
    entryPoints: [entryPoint],
    format: 'iife',
    platform: 'neutral',
    target: 'es2020',
    minify: true,
    // Members of classes are assigned, not defined by a helper that es2020 would need.
    tsconfigRaw: { compilerOptions: { strict: true, useDefineForClassFields: false } },
    plugins: [sliceJsrsasign(report)],
  });
  const code = toStatement(toAscii(await shorten(joined.code)));
  const rest = `${header}\n${code}\n${notices}/* end of paynet-client-auth */\n`;
  const hash = createHash('sha256').update(rest).digest('hex');
  return `/*! paynet-client-auth ${packageJson.version} sha256=${hash}\n${rest}`;
};

const HEAD = '"use strict";(()=>{';

/** The code as a statement among those of other people: theirs may end without a semicolon, and need not be strict. */
const toStatement = (code: string): string => {
  if (!code.startsWith(HEAD)) throw new Error('the bundle is no function expression in strict mode');
  return `;(()=>{"use strict";${code.slice(HEAD.length)}`;
};

/** Escapes what esbuild leaves in strings and regular expressions: YAML, where Postman v12 keeps scripts, takes no control character. */
const toAscii = (code: string): string =>
  code.replace(/[^\t\n\x20-\x7e]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/**
 * Bundles the pre-request script, the first gate.
 *
 * @param report receives the names of what was kept of jsrsasign, and of what was dropped out of that
 */
export const bundlePreRequest = async (report?: (kept: string[], dropped: string[]) => void): Promise<string> => {
  const notices = `/*!\n${await readFile(SIGNER_NOTICES, 'utf8')}*/\n`;
  return bundleScript({ entryPoint: 'src/pre-request/main.ts', header: PRE_REQUEST_HEADER, notices }, report);
};

/** Bundles the post-response script, the second gate. It holds nothing of other people. */
export const bundlePostResponse = async (): Promise<string> => {
  const parts = { entryPoint: 'src/post-response/main.ts', header: POST_RESPONSE_HEADER, notices: '' };
  return bundleScript(parts);
};

/**
 * Bundles an ES module for Node, with the licences of the packages inside. Newman stays outside. Nothing is declared in front of the
 * sources, so they may declare any name.
 */
const bundleModule = async (entryPoint: string): Promise<string> => {
  const { code, inputs } = await bundle({ ...FOR_NODE, entryPoints: [entryPoint] });
  const packages = inputs.map(input => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]);
  const notices = await Promise.all([...new Set(packages)].sort().map(name => name && readNotice(name)));
  return `${code}\n\n/*!\nContains:\n${notices.filter(Boolean).join('\n')}*/\n`;
};

/** Bundles the command line. */
export const bundleCommandLine = async (entryPoint = 'src/cli/main.ts'): Promise<string> =>
  `#!/usr/bin/env node\n${await bundleModule(entryPoint)}`;

/** Bundles the library. */
export const bundleLibrary = (): Promise<string> => bundleModule('src/library/index.ts');

const readNotice = async (name: string): Promise<string> => {
  const folder = `node_modules/${name}`;
  const file = (await readdir(folder)).find(entry => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`${name} comes without a licence file`);
  return `\n${name}\n\n${(await readFile(`${folder}/${file}`, 'utf8')).trim()}\n`;
};
