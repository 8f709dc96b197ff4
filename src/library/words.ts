// What goes wrong, as the library says it: one class of errors with a code, and options by their names here, where the scripts speak
// of variables of Postman and the command line of its flags. Pure, on the machine.

import { TRANSPORT_PASSPHRASE_VARIABLE } from '../cli/client/certificate-facts.ts';
import { PASSPHRASE_VARIABLE } from '../cli/client/signing-key-file.ts';
import { CommandError } from '../cli/command.ts';
import { ClientAuthError, type ClientAuthErrorCode } from '../client-auth/errors.ts';

/** Options by the variables that they are elsewhere. */
const OPTION_BY_VARIABLE: Record<string, string> = {
  client_id: 'clientId',
  signing_key: 'signingKey',
  client_assertion_lifetime: 'lifetime',
  clock_offset: 'clockOffset',
  client_assertion_typ: 'typ',
};

/** What is done in the Postman app, and what is done here. */
const REMEDIES: [app: RegExp, here: string][] = [
  [/Set it in the environment(, and select the environment)?\./, 'Give this option.'],
  [/Paste the key into .* of the selected environment\./, 'Give this option.'],
  [/\bPaste\b/, 'Give'],
  [/\bpaste\b/, 'give'],
];

/** Does something whose errors are about variables; they are thrown about options. */
export function inOptions<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ClientAuthError)) throw toLibraryError(error, 'signature_invalid');
    const { code, message, variable = '' } = error;
    const option = OPTION_BY_VARIABLE[variable] ?? variable;
    const text = REMEDIES.reduce((words, [app, here]) => words.replace(app, here), message);
    throw new ClientAuthError(code, text.replace(`"${variable}"`, `"${option}"`), option);
  }
}

/** What the command line says, and what is the same here; the last ones are whole options, which quoted commands have too. */
const LIBRARY_WORDS: [terminal: RegExp, here: (whole: string, flag?: string) => string][] = [
  [/Set it in the environment \(-e\), or with --env-var\./, () => 'Set it in the environment, or in "envVar".'],
  [/\bwith --signing-key <file>/g, () => 'as "signingKey"'],
  [
    /"[a-z]+ --[^"]*"|"?--([a-z][a-z-]*)(?: <[\w ]+>)?"?/g,
    (whole, flag) => (flag ? `"${flag.replace(/-(\w)/g, (_, next: string) => next.toUpperCase())}"` : whole),
  ],
  [new RegExp(TRANSPORT_PASSPHRASE_VARIABLE), () => '"sslClientPassphrase"'],
  [new RegExp(PASSPHRASE_VARIABLE), () => '"signingKeyPassphrase"'],
];

/** A line of a command, with options of the library in the place of flags. */
export const toLibraryWords = (line: string): string =>
  LIBRARY_WORDS.reduce((text, [terminal, here]) => text.replace(terminal, here), line);

/**
 * An error of a command as one of the library; any other as it is.
 *
 * @param code of what is not a wrong option
 */
export function toLibraryError(error: unknown, code: ClientAuthErrorCode): unknown {
  if (!(error instanceof CommandError)) return error;
  return new ClientAuthError(error.exitCode === 2 ? 'option_invalid' : code, toLibraryWords(error.message));
}
