// What all commands share: how a command fails, its examples, and what it may ask of its process. Pure, on the machine.

import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';

/** A failure with a message for the user. The command line prints it on standard error and exits with `exitCode`. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  /** 1: the command failed. 2: usage error. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Parses an option that may be given several times. */
export const collect = (value: string, before: string[] = []): string[] => [...before, value];

/** The texts of the built scripts. They are injected, checked and removed as one. */
export interface Scripts {
  preRequest: string;
  postResponse: string;
}

/**
 * Ends the help of a command with examples.
 *
 * @param examples the arguments of a call each, the name of the command first
 */
export const addExamples = (command: Command, ...examples: string[]): Command =>
  command.addHelpText('after', `\nExamples:\n${examples.map(example => `  paynet-client-auth ${example}`).join('\n')}`);

/** Where the user is asked, and answers. */
export interface Terminal {
  input: Readable;
  output: Writable;
}

/** The process as a run sees it, and what reads the files of a client and a collection. */
export interface RunHost {
  /** The texts of the built scripts. */
  readScripts(): Promise<Scripts>;
  /** All bytes of standard input. */
  readStandardInput(): Promise<Buffer>;
  /** A variable of the process environment; undefined when it is not set. */
  readSecret(name: string): string | undefined;
  /** Asks the user for a secret without showing it; undefined where there is no terminal, or no answer. */
  askSecret(question: string): Promise<string | undefined>;
  /** Writes the whole text to standard output; resolves when the last byte has been handed over. */
  print(text: string): Promise<void>;
  /** Puts an error that nobody can catch into other words before it ends the process. */
  explainCrash(explain: (error: Error) => Error): void;
  /** Writes one line for the user to standard error. */
  note(line: string): void;
}

/** The process as a command sees it; `main.ts` supplies the real one. */
export interface Host extends RunHost {
  /** Whether standard output is a terminal that shows colour. */
  isTerminal: boolean;
  /** The width of the terminal in characters; undefined where there is none. */
  columns: number | undefined;
  /** How the command line was called, for a command that is to be pasted into a shell. */
  commandName: string;
  /** Makes what is loaded after this, as Newman, write without colour. */
  disableColour(): void;
  /** The path of the collection that comes with the package. */
  bundledCollection: string;
  /** Waits for Ctrl-C or another signal to end; with a limit not longer than so many milliseconds. */
  waitForEnd(limit?: number): Promise<void>;
  /** Where to ask the user; undefined where there is no terminal. */
  findTerminal(): Terminal | undefined;
}
