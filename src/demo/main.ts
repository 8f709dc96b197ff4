// `npm start`: shows the collection authenticate a client against an authorization server on this machine, or against
// the server of a given environment. Runs in Node; the only file of the demo that touches `process`.

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Environment } from './demo.ts';

const usage = `npm start                              show both methods against a server on this machine
npm start -- <environment.json>        run the collection once with this Postman environment
  --ssl-client-cert <file>             transport certificate, PEM
  --ssl-client-key <file>              its private key, PEM
  --ssl-client-passphrase <text>       passphrase of that key
  --ssl-extra-ca-certs <file>          certificate authorities to trust besides the usual ones, PEM`;

class UsageError extends Error {}

const print = (text: string) => console.log(text);

function readArguments() {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        'ssl-client-cert': { type: 'string' },
        'ssl-client-key': { type: 'string' },
        'ssl-client-passphrase': { type: 'string' },
        'ssl-extra-ca-certs': { type: 'string' },
      },
    });
    if (positionals.length > 1) throw new Error(`one environment at most, got ${positionals.length}`);
    const [environmentFile] = positionals;
    if (environmentFile === undefined && Object.keys(values).some(name => name.startsWith('ssl-'))) {
      throw new Error('--ssl-… options go with an environment file');
    }
    return { environmentFile, ...values };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Reads a JSON file; the message of every failure names it. */
function readJson(path: string, hint: string): unknown {
  if (!existsSync(path)) throw new Error(`"${path}" does not exist. ${hint}`);
  try {
    return JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  } catch {
    // The parser's own message quotes the file, which may hold a key.
    throw new Error(`"${path}" must be JSON, got something else. ${hint}`);
  }
}

function readEnvironment(path: string, hint: string) {
  const environment = readJson(path, hint) as Environment | null;
  if (!Array.isArray(environment?.values)) {
    throw new Error(`"${path}" must be a Postman environment, got JSON without "values". ${hint}`);
  }
  return environment;
}

const toPath = (name: string) => fileURLToPath(new URL(`../../collections/${name}`, import.meta.url));

async function main() {
  const { environmentFile, help, ...tls } = readArguments();
  if (help) return print(usage);

  const environment =
    environmentFile === undefined
      ? readEnvironment(toPath('paynet.postman_environment.json'), 'Run "npm run build" first.')
      : readEnvironment(environmentFile, 'Export the environment from Postman.');
  for (const name of ['ssl-client-cert', 'ssl-client-key', 'ssl-extra-ca-certs'] as const) {
    const path = tls[name];
    if (path !== undefined && !existsSync(path))
      throw new Error(`--${name}: "${path}" does not exist. Give a PEM file.`);
  }
  const collection = readJson(toPath('paynet.postman_collection.json'), 'Run "npm run build" first.') as object;

  // Loaded only now: Newman and the authorization server take a second that a typing error need not wait for.
  const [{ createReport }, { runCollection }] = await Promise.all([
    import('./report.ts'),
    import('./run-collection.ts'),
  ]);
  const report = createReport(process.stdout.isTTY === true && !process.env.NO_COLOR);

  if (environmentFile === undefined) {
    const { runDemo } = await import('./demo.ts');
    const hasPassed = await runDemo({
      collection,
      environment,
      report,
      print,
      onFiles: ({ remove }) => {
        process.once('exit', remove);
        process.once('SIGINT', () => process.exit(130));
        process.once('SIGTERM', () => process.exit(143));
        process.once('SIGHUP', () => process.exit(129));
      },
    });
    process.exitCode = hasPassed ? 0 : 1;
    return;
  }

  print(report.bold(environment.name ?? environmentFile));
  const { passed } = await runCollection({
    collection,
    environment,
    clientCert: tls['ssl-client-cert'],
    clientKey: tls['ssl-client-key'],
    clientPassphrase: tls['ssl-client-passphrase'],
    extraCaCerts: tls['ssl-extra-ca-certs'],
    onStep: step => print(report.formatStep(step)),
  });
  process.exitCode = passed ? 0 : 1;
}

try {
  await main();
} catch (error) {
  const isUsage = error instanceof UsageError;
  console.error((error as Error).message);
  if (isUsage) console.error(`\n${usage}`);
  process.exitCode = isUsage ? 2 : 1;
}
