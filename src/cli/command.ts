// What all commands share: how a command fails, and what it may ask of its process. Pure, on the machine.

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

/** The process as a command sees it; `main.ts` supplies the real one. */
export interface Host {
  /** Whether standard output is a terminal that shows colour. */
  isTerminal: boolean;
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
