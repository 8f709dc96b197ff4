// `npm start`: shows the collection authenticate a client against an authorization server on this machine; with --keep it keeps
// such a server running; with an environment it is the command `run` of our collection with that. Runs in Node; the only file of the
// demo that touches `process`.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from './demo.ts';

const usage = `npm start                                   show both methods against a server on this machine
npm start -- --keep <folder>                start such a server to try the commands with; its client's files go into this folder
npm start -- <environment.json> [options]   run our collection with this Postman environment; takes the options of "run"
npm start -- <environment.json> --help      show these options`;

const toUrl = (path: string) => new URL(`../../${path}`, import.meta.url);

const readCollections = (name: string): unknown => JSON.parse(readFileSync(toUrl(`collections/${name}`), 'utf8'));

/** Becomes the command line, as it was built. */
async function runCommand(environment: string, options: string[]): Promise<void> {
  const cli = toUrl('dist/cli.js');
  process.argv.splice(1, process.argv.length, fileURLToPath(cli), 'run', '--environment', environment, ...options);
  await import(cli.href);
}

async function showDemo(): Promise<void> {
  // Loaded only now: Newman and the authorization server take a second that a typing error need not wait for.
  const [{ createReport }, { runDemo }] = await Promise.all([import('./report.ts'), import('./demo.ts')]);
  const hasPassed = await runDemo({
    collection: readCollections('paynet.postman_collection.json') as object,
    environment: readCollections('paynet.postman_environment.json') as Environment,
    report: createReport(process.stdout.isTTY === true && !process.env.NO_COLOR),
    print: text => console.log(text),
    onFiles: ({ remove }) => {
      process.once('exit', remove);
      process.once('SIGINT', () => process.exit(130));
      process.once('SIGTERM', () => process.exit(143));
      process.once('SIGHUP', () => process.exit(129));
    },
  });
  process.exitCode = hasPassed ? 0 : 1;
}

/** Ends with the first signal. A second one changes nothing: with Ctrl-C one comes from the terminal, and one may come from npm. */
function waitForEnd(): Promise<void> {
  return new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}

async function keep(folder: string): Promise<void> {
  const { findFolderFault, keepServer } = await import('./keep.ts');
  const fault = findFolderFault(folder);
  if (fault !== undefined) {
    console.error(fault);
    process.exitCode = 2;
    return;
  }
  // A terminal that was closed takes no last words.
  process.stdout.on('error', () => undefined);
  try {
    await keepServer({
      folder,
      commandLine: fileURLToPath(toUrl('dist/cli.js')),
      print: text => console.log(text),
      waitForEnd,
    });
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}

function refuseUsage(message: string): void {
  console.error(`${message}\n\n${usage}`);
  process.exitCode = 2;
}

const [environment, ...options] = process.argv.slice(2);
if (environment === undefined) {
  await showDemo();
} else if (environment === '-h' || environment === '--help') {
  console.log(usage);
} else if (/^--keep(=|$)/.test(environment)) {
  const [folder = '', ...others] = options;
  const isFolder = folder !== '' && !folder.startsWith('-');
  if (environment === '--keep' && isFolder && others.length === 0) await keep(resolve(folder));
  else refuseUsage('--keep takes one folder, after a space, and nothing else.');
} else if (environment.startsWith('-')) {
  refuseUsage(`${environment}: options go behind an environment file.`);
} else {
  await runCommand(environment, options);
}
