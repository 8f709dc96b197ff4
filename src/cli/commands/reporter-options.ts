// The options of the command `run` that commander does not know: those of reporters, and those of Newman that are refused. Pure, on the
// machine.

import { CommandError } from '../command.ts';
import type { ReporterOptions } from '../run/newman-options.ts';

const NO_INSECURE =
  'The certificate of the server is always verified, or anybody could take the assertions. Trust a private authority with --ssl-extra-ca-certs <file>.';

const NO_POSTMAN_API = 'Nothing is read from the Postman API. Export the collection and the environment to files.';

/** Options that Newman has, or had, and `run` has not, by name, each with the reason or what to use instead. */
const REFUSED: Record<string, string> = {
  k: NO_INSECURE,
  insecure: NO_INSECURE,
  'postman-api-key': NO_POSTMAN_API,
  v: 'For more detail on the console use --verbose; for the version, --version in place of "run".',
  version: 'Use --version in place of "run".',
  'no-color': 'Use --color off.',
  'insecure-file-read': 'Files outside of the working directory are read unless --no-insecure-file-read is given.',
};

/**
 * Reads `--reporter-json-export file` and its like.
 *
 * @param rest what the command line has beside the known options
 * @throws CommandError when an option belongs to no reporter of the run
 */
export function parseReporterOptions(rest: string[], reporters: string[]): ReporterOptions {
  const parsed: ReporterOptions = {};
  for (let i = 0; i < rest.length; i++) {
    const [option = '', inline] = (rest[i] as string).split(/=(.*)/s);
    const name = reporters.find(one => option.startsWith(`--reporter-${one}-`));
    if (!name && !option.startsWith('-')) {
      const hint = 'Quote a path with spaces, and give one collection.';
      throw new CommandError(`too many arguments: "${rest[i]}". ${hint}`, 2);
    }
    if (!name) {
      const hint = option.startsWith('--reporter-')
        ? 'Name its reporter with --reporters.'
        : REFUSED[option.replace(/^-+/, '')];
      throw new CommandError(`unknown option "${rest[i]}".${hint ? ` ${hint}` : ''}`, 2);
    }
    const key = option
      .slice(`--reporter-${name}-`.length)
      .replace(/-(\w)/g, (_, character: string) => character.toUpperCase());
    const next = rest[i + 1];
    const isValue = inline === undefined && next !== undefined && !next.startsWith('--');
    if (isValue) i++;
    parsed[name] = { ...parsed[name], [key]: inline ?? (isValue ? next : true) };
  }
  return parsed;
}
