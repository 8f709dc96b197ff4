// The file `paynet-client-auth.json`: where the environment, the keys and the certificates of a client are, so that no command
// needs them as options. It holds paths alone, no secret. Pure but for the option, on the machine.

import { dirname, isAbsolute, join } from 'node:path';
import type { Command } from 'commander';
import { type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { shapeOf } from '../../client-auth/errors.ts';
import { CommandError } from '../command.ts';
import { decodeUtf8, exists, isPath, readBytes } from '../files.ts';

/** Its name, in the working directory. */
export const CONFIG_FILE = 'paynet-client-auth.json';

/** Its members: the options that name these files, as commander writes them. */
const MEMBERS = ['environment', 'signingKey', 'sslClientCert', 'sslClientKey', 'sslExtraCaCerts'] as const;
/** Two files that belong together: one on the command line does not go with one of the config file. */
const PAIR: readonly string[] = ['sslClientCert', 'sslClientKey'];

/** Paths by member. */
export type Config = Partial<Record<(typeof MEMBERS)[number], string>>;

/** Adds the option `--config`. What no option of the command says is taken from the config file, before the command begins. */
export const addConfigOption = (command: Command): Command =>
  command
    .option('--config <file>', `paths of the files that no option names; by default ${CONFIG_FILE}, if it is there`)
    .option('--no-config', `do not read ${CONFIG_FILE}`)
    .hook('preAction', applyConfig);

async function applyConfig(command: Command): Promise<void> {
  const given: unknown = command.getOptionValue('config');
  if (given === false || (given === undefined && !(await exists(CONFIG_FILE)))) return;
  const file = typeof given === 'string' ? given : CONFIG_FILE;
  const config = parseConfig(decodeUtf8(await readBytes(file)), file);
  const isGiven = (name: string) => command.getOptionValue(name) !== undefined;
  const isPairGiven = PAIR.some(isGiven);
  const isKeyElsewhere = isGiven('signCommand') || isGiven('publicKey');
  for (const [name, path] of Object.entries(config)) {
    const isKnown = command.options.some(option => option.attributeName() === name);
    if (!isKnown || isGiven(name) || (isPairGiven && PAIR.includes(name))) continue;
    if (isKeyElsewhere && name === 'signingKey') continue;
    command.setOptionValueWithSource(name, path, 'config');
  }
  command.setOptionValueWithSource('config', file, 'config');
}

/**
 * Reads the text of a config file.
 *
 * @param file its path, which the paths in it are relative to
 * @throws CommandError with the line of the first fault
 */
export function parseConfig(text: string, file: string): Config {
  const json = text.replace(/^\uFEFF/, '');
  const errors: ParseError[] = [];
  const root = parseTree(json, errors, { disallowComments: true });
  const fault = (offset: number, message: string): CommandError =>
    new CommandError(`${file}, line ${json.slice(0, offset).split('\n').length}: ${message}`);
  const [error] = errors;
  if (error) throw fault(error.offset, `not JSON: ${toWords(printParseErrorCode(error.error))}. Correct it there.`);
  if (root?.type !== 'object') throw fault(0, 'must be an object with paths. Make it with "init".');

  const config: Config = {};
  for (const { offset, children: [name, value] = [] } of root.children ?? []) {
    const member = MEMBERS.find(one => one === name?.value);
    if (!member) {
      const got = shapeOf(String(name?.value));
      throw fault(offset, `must have the members ${MEMBERS.join(', ')} alone, got ${got}. Correct or remove it.`);
    }
    if (config[member] !== undefined) throw fault(offset, `"${member}" is there twice. Remove one.`);
    if (value?.type !== 'string' || !isPath(value.value)) {
      const got = typeof value?.value === 'string' ? shapeOf(value.value) : `a value of type ${value?.type}`;
      throw fault(offset, `"${member}" must be the path of a file, got ${got}. Correct or remove it.`);
    }
    config[member] = isAbsolute(value.value) ? value.value : join(dirname(file), value.value);
  }
  return config;
}

/** `PropertyNameExpected` as "property name expected". */
export const toWords = (code: string): string => code.replace(/[A-Z]/g, capital => ` ${capital.toLowerCase()}`).trim();
