// `npm start`: shows the collection authenticate a client against an authorization server on this machine; with an environment it
// is the command `run` of our collection with that. Runs in Node; the only file of the demo that touches `process`.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Environment } from './demo.ts';

const usage = `npm start                                   show both methods against a server on this machine
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

const [environment, ...options] = process.argv.slice(2);
if (environment === undefined) {
  await showDemo();
} else if (environment === '-h' || environment === '--help') {
  console.log(usage);
} else if (environment.startsWith('-')) {
  console.error(`${environment}: options go behind an environment file.\n\n${usage}`);
  process.exitCode = 2;
} else {
  await runCommand(environment, options);
}
