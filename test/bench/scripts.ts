// The scripts that the benchmark compares, on the machine: each makes one client assertion and puts it into the form, in
// its own way. Ours is the built one.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { build } from 'esbuild';
import { script } from '../support/collections.ts';

const require = createRequire(import.meta.url);

/** Everything of jsrsasign in one file, as people paste it into a variable. */
export const pastedLibrary = readFileSync(require.resolve('jsrsasign/lib/jsrsasign-all-min.js'), 'utf8');

/** What follows the loading of the library, in the way of the scripts that are passed around. */
const SIGN_WITH_JSRSASIGN = `
  var now = Math.floor(Date.now() / 1000), id = pm.variables.get('client_id');
  var header = JSON.stringify({ alg: 'PS256', kid: pm.variables.get('kid') });
  var claims = JSON.stringify({ iss: id, sub: id, aud: pm.variables.get('token_endpoint'), iat: now, exp: now + 600, jti: require('uuid').v4() });
  var assertion = KJUR.jws.JWS.sign('PS256', header, claims, pm.variables.get('signing_key'));
  pm.request.body.urlencoded.upsert({ key: 'client_assertion', value: assertion });
`;

const bundle = async (contents: string, resolveDir: string): Promise<string> => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir, loader: 'ts' },
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    platform: 'neutral',
    target: 'es2020',
    mainFields: ['main'],
    external: ['crypto', 'uuid'],
    logLevel: 'error',
  });
  return outputFiles[0]?.text ?? '';
};

/** The scripts by name; the name says what the table and the chart show. */
export const createScripts = async () => {
  const here = new URL('.', import.meta.url).pathname;
  return {
    empty: '',
    ours: script,
    configured: await bundle(readFileSync(`${here}/floor.ts`, 'utf8'), here),
    whole: await bundle(`import { KJUR } from 'jsrsasign';\n${SIGN_WITH_JSRSASIGN}`, here),
    pasted: `var navigator = {}, window = {};\neval(pm.variables.get('jsrsasign'));\n${SIGN_WITH_JSRSASIGN}`,
  };
};
