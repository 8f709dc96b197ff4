// The command `inject`: puts the pre-request script into a collection file, or removes it. On the machine.

import { type Command, Option } from 'commander';
import { inFile, readCollectionFile } from '../collection/collection-file.ts';
import { findScriptFault, inject, remove } from '../collection/injection.ts';
import { parseScript } from '../collection/script-text.ts';
import { addExamples, CommandError, type Host } from '../command.ts';
import { writeWhole } from '../files.ts';

interface Options {
  output?: string;
  inPlace?: true;
  check?: true;
  remove?: true;
  folder?: string;
}

/** Adds the command `inject` to the command line. */
export function addInjectCommand(program: Command, host: Host): void {
  const command = program
    .command('inject')
    .summary('put the pre-request script into a Postman collection')
    .description(
      'Puts the pre-request script into a Postman collection, as its first pre-request script.\n' +
        'Nothing else in the file changes. Other copies of the script, of any version, are removed.',
    )
    .argument('<collection.json>', 'collection in format v2.1 or v2.0, "-" for standard input')
    .addOption(new Option('-o, --output <file>', 'write there instead of to standard output').conflicts('inPlace'))
    .option('--in-place', 'write into the collection file itself')
    .addOption(
      new Option(
        '--check',
        'write nothing; exit with 1 unless exactly this script is the first one, and there is no other copy',
      ).conflicts(['output', 'inPlace', 'remove']),
    )
    .option('--remove', 'remove the script')
    .option('--folder <name>', 'put it into this folder instead of the whole collection')
    .action((file: string, options: Options) => run(file, options, host));
  addExamples(
    command,
    'inject my.postman_collection.json -o my-authenticated.postman_collection.json',
    'inject my-authenticated.postman_collection.json --check',
  );
}

async function run(file: string, options: Options, host: Host): Promise<void> {
  if (file === '-' && options.inPlace) throw new CommandError('--in-place needs a file, not standard input.', 2);
  const script = options.remove ? '' : await host.readScript();
  // A damaged script is not a fault of the collection, whose name the other messages begin with.
  if (!options.remove) parseScript(script);
  const { name, text } = await readCollectionFile(file, host);
  if (options.check) {
    const fault = inFile(name, () => findScriptFault(text, script, options.folder));
    if (fault) throw new CommandError(`${name}: ${fault.message}`);
    return host.note(`${name}: paynet-client-auth is the first pre-request script.`);
  }
  const result = inFile(name, () =>
    options.remove ? remove(text, options.folder) : inject(text, script, options.folder),
  );
  const output = options.inPlace ? file : options.output;
  if (output === undefined) return await host.print(result);
  // A file that would not change keeps its time stamp.
  if (!options.inPlace || result !== text) await writeWhole(output, result);
  const done = options.remove ? 'is removed' : 'is the first pre-request script';
  host.note(`${output}: paynet-client-auth ${done}${result === text ? '; nothing had to change' : ''}.`);
}
