// The entry of the command line: arguments, help, messages and exit code. The only file that touches `process`, but for the variables
// of proxies, which Newman reads too (server/route.ts). Exit code 0: done. 1: failed. 2: usage error.

import { fstatSync, writeFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { quote } from './client/curl-command.ts';
import { CommandError, type Host, type Terminal } from './command.ts';
import { addCommands } from './commands/commands.ts';
import { cannotBeWritten, encodeUtf8 } from './files.ts';
import { readScripts } from './scripts.ts';
import { wrap } from './wrap.ts';

async function readStandardInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function readSecret(name: string): string | undefined {
  return process.env[name];
}

async function askSecret(prompt: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  // What is typed would be shown by the output of the interface.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  process.stderr.write(prompt);
  // Ctrl-D and Ctrl-C close it without a line.
  const line = await new Promise<string | undefined>(resolve => {
    terminal.once('line', resolve).once('close', () => resolve(undefined));
  });
  terminal.close();
  note('');
  return line;
}

/** Standard error shows the questions: standard output may go into a file. */
function findTerminal(): Terminal | undefined {
  const { stdin: input, stderr: output } = process;
  if (!input.isTTY || !output.isTTY) return undefined;
  // A terminal that does not know its size says 0.
  output.columns ||= 80;
  output.rows ||= 24;
  return { input, output };
}

async function print(text: string): Promise<void> {
  const { stdout } = process;
  // Into a file process.stdout writes with a single write(2), which a full disk cuts short without an error.
  const write = stdout.isTTY || isStream(stdout.fd) ? writeToStream : writeToFile;
  try {
    for (const part of encodeUtf8(text)) await write(part);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EPIPE' ? error : cannotBeWritten('standard output', error);
  }
}

function writeToFile(bytes: Uint8Array): void {
  writeFileSync(process.stdout.fd, bytes);
}

function writeToStream(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, error => (error ? reject(error) : resolve()));
  });
}

function isStream(fd: number): boolean {
  const stats = fstatSync(fd);
  return stats.isFIFO() || stats.isSocket();
}

function note(text: string): void {
  const lines = text.split('\n').map(line => wrap(line, process.stderr.columns));
  process.stderr.write(`${lines.join('\n')}\n`);
}

/** The second signal ends the process as it would without this. */
function waitForEnd(limit?: number): Promise<void> {
  return new Promise(resolve => {
    const timer = limit === undefined ? undefined : setTimeout(resolve, limit);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end);
  });
}

/** Newman and its reporters draw with libraries that ask this. */
function disableColour(): void {
  process.env.FORCE_COLOR = '0';
}

/** How the command line was called: by npx, by its own name, or by Node with its file. */
function toCommandName(path: string): string {
  if (/[\\/]node_modules[\\/]\.bin[\\/]/.test(path)) return 'npx --no-install paynet-client-auth';
  if (basename(path) === 'paynet-client-auth') return 'paynet-client-auth';
  const near = relative(process.cwd(), path);
  return `node ${quote(near.startsWith('..') ? path : near)}`;
}

/** The commands, on the process. */
function createProgram(host: Host): Command {
  const program = new Command('paynet-client-auth')
    .description('Client authentication for PayNet in Postman and Newman.')
    .version(packageJson.version, '-v, --version', 'print the version')
    .option('--debug', 'show the stack trace of an error')
    .addHelpText('after', '\nBegin with: paynet-client-auth init\nExit codes: 0 done, 1 failed, 2 usage error.')
    // With the arguments the column of the names would take more than half of a terminal.
    .configureHelp({ subcommandTerm: command => command.name() })
    .showHelpAfterError('(--help shows how to call it)')
    .exitOverride();
  return addCommands(program, host);
}

async function main(argv: string[]): Promise<number> {
  let explain = (error: Error): Error => error;
  // Newman and its reporters also fail where nobody can catch it, on a collection that is not what they expect.
  process.on('uncaughtException', error => {
    const cause = explain(error);
    const message = cause instanceof CommandError ? cause.message : `Newman failed: ${cause.message}`;
    note(`error: ${argv.includes('--debug') ? cause.stack : message}`);
    process.exit(1);
  });
  let outputError: Error | undefined;
  // Newman's reporters write without a callback. EPIPE is no failure: whoever reads has read enough, as `head` does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') outputError ??= error;
  });
  // Whoever reads what is noted has gone: an agent still signs, and a run goes on to its end.
  process.stderr.on('error', () => undefined);
  const program = createProgram({
    isTerminal: Boolean(process.stdout.isTTY) && !process.env.NO_COLOR,
    columns: process.stdout.columns,
    commandName: toCommandName(argv[1] ?? ''),
    bundledCollection: fileURLToPath(new URL('../collections/paynet.postman_collection.json', import.meta.url)),
    disableColour,
    readScripts: async () => readScripts(),
    readStandardInput,
    readSecret,
    askSecret,
    waitForEnd,
    findTerminal,
    print,
    note,
    explainCrash: explanation => {
      explain = explanation;
    },
  });
  try {
    await program.parseAsync(argv);
    if (outputError) throw cannotBeWritten('standard output', outputError);
    return 0;
  } catch (error) {
    // Commander has printed its message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    // Whoever read standard output has read enough, as `head` does.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return 1;
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    note(`error: ${program.opts().debug ? stack : message}`);
    return error instanceof CommandError ? error.exitCode : 1;
  }
}

// Without a listener the signal ends the process; with one the write that is too large fails with EFBIG.
process.on('SIGXFSZ', () => undefined);
process.exitCode = await main(process.argv);
// All is written. A reporter may still be sending; what nobody waits for must not keep the process.
setTimeout(() => process.exit(), 10_000).unref();
