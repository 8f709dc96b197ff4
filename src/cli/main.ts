// The entry of the command line: arguments, help, messages and exit code. The only file that touches `process`.
// Exit code 0: done. 1: failed. 2: usage error.

import { fstatSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { CommandError, type Host, type Scripts } from './command.ts';
import { addAssertionCommand } from './commands/assertion.ts';
import { addCheckCommand } from './commands/check.ts';
import { addInjectCommand } from './commands/inject.ts';
import { addRunCommand } from './commands/run.ts';
import { cannotBeWritten, encodeUtf8 } from './files.ts';

async function readScripts(): Promise<Scripts> {
  const [preRequest, postResponse] = await Promise.all([readScript('pre-request'), readScript('post-response')]);
  return { preRequest, postResponse };
}

async function readScript(name: string): Promise<string> {
  try {
    return await readFile(new URL(`${name}.js`, import.meta.url), 'utf8');
  } catch (error) {
    throw new CommandError(`The ${name} script is not beside the command line. Run "npm run build".`, 1, {
      cause: error,
    });
  }
}

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

function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** The commands, on the process. */
function createProgram(host: Host): Command {
  const program = new Command('paynet-client-auth')
    .description('Client authentication for PayNet in Postman and Newman.')
    .version(packageJson.version)
    .option('--debug', 'show the stack trace of an error')
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 usage error.')
    .showHelpAfterError('(--help shows how to call it)')
    .exitOverride();
  for (const add of [addInjectCommand, addRunCommand, addCheckCommand, addAssertionCommand]) add(program, host);
  return program;
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
  const program = createProgram({
    isTerminal: Boolean(process.stdout.isTTY) && !process.env.NO_COLOR,
    readScripts,
    readStandardInput,
    readSecret,
    askSecret,
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
