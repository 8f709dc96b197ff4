// The outputs that are drawn for the README: the end of `npm start`, a run that passes, and one that the server refuses.

import { readFileSync } from 'node:fs';
import { runDemo } from '../../src/demo/demo.ts';
import { createReport } from '../../src/demo/report.ts';

/** The command of both runs, as the pictures show it. */
const COMMAND = '$ npx --no-install paynet-client-auth run paynet.postman_collection.json …\n';

/** The arguments of a run whose output is drawn; the client comes after them. */
export const RUN_ARGUMENTS = [
  ...['run', 'paynet.postman_collection.json', '--folder', 'Client credentials grant'],
  ...['--reporter-cli-no-banner', '--reporter-cli-no-summary', '--reporter-cli-no-failures', '--color', 'off'],
];

/** What goes wrong in the red run: a key ID that is not in the JWKS. */
export const RED_ARGUMENTS = ['--env-var', 'kid=key-2', '--env-var', 'jwks_uri=jwks.json'];

/** A run as it is drawn. */
export const toRunOutput = ({ stdout, stderr }: { stdout: string; stderr: string }): string =>
  `${COMMAND}${stdout.trim()}\n${stderr}`;

const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

/** What `npm start` prints from its table on. */
export const toEndOfStart = (output: string): string => `$ npm start\n…\n${output.slice(output.indexOf('┌'))}`;

/** Runs the demo in this process. */
export const runStart = async (): Promise<string> => {
  let output = '';
  await runDemo({
    collection: readJson('collections/paynet.postman_collection.json'),
    environment: readJson('collections/paynet.postman_environment.json'),
    report: createReport(false),
    print: text => {
      output += `${text}\n`;
    },
    onFiles: () => undefined,
  });
  return toEndOfStart(output);
};
