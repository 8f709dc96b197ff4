// The command line in the process of a test: its commands, on a host that belongs to the test. Newman is loaded once for a
// file of tests then. What the process itself does - exit codes that a shell sees, signals, pipes, a crash - is for `execute`.

import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { CommandError, type Host, type Terminal } from '../../src/cli/command.ts';
import { addCommands } from '../../src/cli/commands/commands.ts';
import { scripts } from './collections.ts';

export type Surroundings = {
  /** What comes from standard input. */
  input?: string;
  /** The environment of the process, which secrets are read from. */
  env?: Record<string, string>;
  /** Where the user is asked. */
  terminal?: Terminal;
  /** What happens while a command waits for its end, with what it has printed; `limit` in milliseconds. */
  meanwhile?: (stdout: string, limit: number | undefined) => Promise<void>;
  /** What the user answers to a question for a secret. */
  answerSecret?: (question: string) => string | undefined;
};

/** Found before the working directory changes. */
const BUNDLED = fileURLToPath(new URL('../../collections/paynet.postman_collection.json', import.meta.url));

export type Result = { code: number; stdout: string; stderr: string };

/**
 * Runs a command of the command line, as `paynet-client-auth <args>` would. One at a time: what Newman's reporters write to
 * standard output is caught meanwhile.
 */
export const runCommand = async (
  args: string[],
  { input = '', env = {}, terminal, meanwhile, answerSecret }: Surroundings = {},
): Promise<Result> => {
  const result: Result = { code: 0, stdout: '', stderr: '' };
  const note = (line: string) => {
    result.stderr += `${line}\n`;
  };
  const host: Host = {
    isTerminal: false,
    columns: undefined,
    commandName: 'paynet-client-auth',
    bundledCollection: BUNDLED,
    disableColour: () => undefined,
    readScripts: async () => scripts,
    readStandardInput: async () => Buffer.from(input),
    readSecret: name => env[name],
    askSecret: async question => answerSecret?.(question),
    waitForEnd: async limit => meanwhile?.(result.stdout, limit),
    findTerminal: () => terminal,
    print: async text => {
      result.stdout += text;
    },
    note,
    // What nobody catches ends a test by itself.
    explainCrash: () => undefined,
  };
  const program = new Command('paynet-client-auth').exitOverride().configureOutput({
    writeOut: text => {
      result.stdout += text;
    },
    writeErr: text => {
      result.stderr += text;
    },
  });
  addCommands(program, host);
  const restoreOutput = catchOutput(text => {
    result.stdout += text;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    result.code = toExitCode(error);
    if (!(error instanceof CommanderError)) note(`error: ${(error as Error).message}`);
  } finally {
    restoreOutput();
  }
  return result;
};

const toExitCode = (error: unknown): number => {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return error instanceof CommandError ? error.exitCode : 1;
};

/** Catches text on its way to standard output; the bytes of the test runner go on. */
const catchOutput = (take: (text: string) => void): (() => void) => {
  const { write } = process.stdout;
  process.stdout.write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
    if (typeof chunk !== 'string') return write.call(process.stdout, chunk, ...(rest as []));
    take(chunk);
    return true;
  }) as typeof write;
  return () => {
    process.stdout.write = write;
  };
};
