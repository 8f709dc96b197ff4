// The command `init`: asks what a client needs, writes its environment and config file without a key in them, and checks what can be
// checked without the network. On the machine.

import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Command, Option } from 'commander';
import type { Line } from '../check/line.ts';
import { toText } from '../check/lines-as-text.ts';
import { checkOffline } from '../check/offline.ts';
import { type ClientOptions, readClient } from '../client/client-options.ts';
import { CONFIG_FILE } from '../client/config-file.ts';
import { quote } from '../client/curl-command.ts';
import { withTerminalWords } from '../client/terminal-words.ts';
import { addExamples, CommandError, type Host, type Terminal } from '../command.ts';
import {
  cannotBeWritten,
  decodeUtf8,
  exists,
  isSameFile,
  readBytes,
  refuseExisting,
  writeNew,
  writeWhole,
} from '../files.ts';
import type { Answers } from '../setup/answers.ts';
import { collectAnswers, mayReplace } from '../setup/questions.ts';
import { findMissingIgnores, toConfigText, toEnvironmentText, toVariables } from '../setup/setup-files.ts';

interface Options extends Partial<Answers> {
  sslClientPassphrase?: string;
  out?: string;
  force?: true;
}

const IGNORE_FILE = '.gitignore';

/** Adds the command `init` to the command line. */
export function addInitCommand(program: Command, host: Host): void {
  const command = program
    .command('init')
    .summary('set up a client: ask what it needs, write its environment and config file')
    .description(
      `Asks what a client needs, and writes its Postman environment and ${CONFIG_FILE}.\n` +
        'No key is in them: the keys stay in their files, which git ignores from then on.\n' +
        'After that check, run, assertion, token, jwks and agent need no options in this directory.\n' +
        'Where there is no terminal, the options are the answers.',
    )
    .option('--client-id <id>', 'client identifier, as it is registered')
    .addOption(
      new Option(
        '--method <method>',
        'client authentication method; without a terminal private_key_jwt by default',
      ).choices(['private_key_jwt', 'tls_client_auth']),
    )
    .option('--issuer <url>', 'issuer of the authorization server')
    .option('--resource-server-url <url>', 'base URL of the API; by default that of the collection')
    .option('--redirect-uri <uri>', 'redirect URI, as it is registered; by default that of the collection')
    .option('--signing-key <file>', 'signing key: PEM, JWK or PKCS #12')
    .option('--kid <kid>', 'key ID in the registered JWKS; by default that of a JWK')
    .option('--ssl-client-cert <file>', 'transport certificate: PEM, or PKCS #12 (.p12, .pfx) with its key')
    .option('--ssl-client-key <file>', 'key of the transport certificate, PEM; not with PKCS #12')
    .option(
      '--ssl-client-passphrase <passphrase>',
      'passphrase of that key or PKCS #12 file, for the check alone; it is not written',
    )
    .option('--ssl-extra-ca-certs <file>', 'certificates of further authorities to trust, PEM')
    .option(
      '--out <file>',
      'the environment; by default paynet.postman_environment.json, in a workspace of Postman v12 a file in postman/environments',
    )
    .option('--force', 'replace files that are there')
    .action((options: Options) => withTerminalWords(run(options, host)));
  addExamples(
    command,
    'init',
    'init --client-id my-client --issuer https://auth1.sandbox.mya.ozoneapi.io --signing-key signing.pem --kid key-1 ' +
      '--ssl-client-cert transport.pem --ssl-client-key transport.key',
  );
}

async function run(options: Options, host: Host): Promise<void> {
  const { out, force, sslClientPassphrase, ...given } = options;
  const terminal = host.findTerminal();
  const environment = out ?? (await chooseEnvironment());
  const isForced = force ?? (await mayReplaceExisting([environment, CONFIG_FILE], terminal));
  const answers = await collectAnswers(given, terminal);
  await refuseToReplaceInput(answers, environment);
  // Before anything is written, as a file may be none that can be read.
  const lines = await check(answers, sslClientPassphrase, host);

  await makeDirectory(dirname(environment));
  await writeNew(environment, toEnvironmentText(answers, environment), isForced);
  host.note(`${environment}: written, without a key in it.`);
  await writeNew(CONFIG_FILE, toConfigText(answers, environment, CONFIG_FILE), isForced);
  host.note(`${CONFIG_FILE}: written. check, run, assertion, token, jwks and agent need no options here.`);
  await ignoreKeys(answers, host);
  await host.print(toText(lines, host.isTerminal, host.columns));
  const failed = lines.filter(({ status }) => status === 'fail').length;
  if (failed > 0) {
    throw new CommandError(
      `${failed} of ${lines.length} checks failed. Correct that, then run: ${host.commandName} check`,
    );
  }
  if (answers.kid) host.note(`To print the JWKS to register: ${host.commandName} jwks --kid ${quote(answers.kid)}`);
  host.note(`Next: ${host.commandName} check --live`);
}

/** In a workspace of Postman v12 where it keeps its environments. */
async function chooseEnvironment(): Promise<string> {
  const isWorkspace = (await exists('.postman/resources.yaml')) || (await exists('postman/environments'));
  return isWorkspace ? 'postman/environments/paynet.environment.yaml' : 'paynet.postman_environment.json';
}

/** Whether files may be replaced, because the user says so; false if none is there. */
async function mayReplaceExisting(files: string[], terminal: Terminal | undefined): Promise<boolean> {
  const are = await Promise.all(files.map(exists));
  const existing = files.filter((_, at) => are[at]);
  const isAllowed = existing.length > 0 && terminal !== undefined && (await mayReplace(existing, terminal));
  await refuseExisting(existing, isAllowed);
  return isAllowed;
}

/** @throws CommandError with exit code 2 where a file that is written would replace one that is named */
async function refuseToReplaceInput(answers: Answers, environment: string): Promise<void> {
  const { signingKey, sslClientCert, sslClientKey, sslExtraCaCerts } = answers;
  const inputs = [signingKey, sslClientCert, sslClientKey, sslExtraCaCerts].filter(file => file !== undefined);
  for (const written of [environment, CONFIG_FILE]) {
    for (const other of written === environment ? [...inputs, CONFIG_FILE] : inputs) {
      if (!(await isSameFile(written, other))) continue;
      throw new CommandError(`${written} would be written over ${other}. Name another file.`, 2);
    }
  }
}

/** Checks what needs no network. */
async function check(answers: Answers, sslClientPassphrase: string | undefined, host: Host): Promise<Line[]> {
  const envVar = Object.entries(toVariables(answers)).map(([name, value]) => `${name}=${value}`);
  const options: ClientOptions = { ...answers, envVar, ...(sslClientPassphrase && { sslClientPassphrase }) };
  const { variables, names, signingKey, certificate } = checkOffline(await readClient(options, host), new Date());
  return [...variables.lines, ...names, ...signingKey.lines, ...certificate.lines];
}

async function makeDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true }).catch(error => {
    throw cannotBeWritten(directory, error);
  });
}

/** Appends to `.gitignore` what it lacks. */
async function ignoreKeys(answers: Answers, host: Host): Promise<void> {
  const text = (await exists(IGNORE_FILE)) ? decodeUtf8(await readBytes(IGNORE_FILE)) : '';
  const missing = findMissingIgnores(text, answers, '.');
  if (missing.length === 0) return;
  const end = text === '' || text.endsWith('\n') ? '' : '\n';
  await writeWhole(IGNORE_FILE, `${text}${end}${missing.join('\n')}\n`);
  host.note(`${IGNORE_FILE}: ${missing.join(', ')} added.`);
}
