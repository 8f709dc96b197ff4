// The command `inject`: puts the two scripts into a collection, or removes them. On the machine.

import { type Command, Option } from 'commander';
import { COLLECTION_ARGUMENT, createCollectionOption, readCollection } from '../collection/collection-source.ts';
import { adviseOnScripts } from '../collection/script-advice.ts';
import { findScriptFault } from '../collection/script-fault.ts';
import { parseScripts } from '../collection/script-text.ts';
import { addExamples, CommandError, type Host } from '../command.ts';
import { inFile } from '../files.ts';

interface Options {
  output?: string;
  inPlace?: true;
  check?: true;
  remove?: true;
  folder?: string;
  last?: true;
  collection?: string;
}

/** Adds the command `inject` to the command line. */
export function addInjectCommand(program: Command, host: Host): void {
  const command = program
    .command('inject')
    .summary('put the two scripts into a Postman collection')
    .description(
      'Puts two scripts into a Postman collection: its first pre-request script authenticates, its first post-response script tests what was sent.\n' +
        'Nothing else changes. Other copies of the scripts, of any version, are removed.',
    )
    .argument('<collection>', `${COLLECTION_ARGUMENT}, "-" for standard input`)
    .addOption(
      new Option(
        '-o, --output <path>',
        'write there instead of to standard output; a folder is copied into a new one',
      ).conflicts('inPlace'),
    )
    .option('--in-place', 'write into the collection itself')
    .addOption(
      new Option(
        '--check',
        'write nothing; exit with 1 unless exactly these scripts are in their places, and there is no other copy',
      ).conflicts(['output', 'inPlace', 'remove']),
    )
    .option('--remove', 'remove the scripts')
    .option('--folder <name>', 'put them into this folder instead of the whole collection')
    .addOption(
      new Option(
        '--last',
        'put the pre-request script behind the others of each request that may go to an endpoint: it then sees what they change',
      ).conflicts('remove'),
    )
    .addOption(createCollectionOption())
    .action((file: string, options: Options) => run(file, options, host));
  addExamples(
    command,
    'inject my.postman_collection.json -o my-authenticated.postman_collection.json',
    'inject my-authenticated.postman_collection.json --check',
  );
}

async function run(file: string, options: Options, host: Host): Promise<void> {
  if (file === '-' && options.inPlace) throw new CommandError('--in-place needs a file, not standard input.', 2);
  const scripts = options.remove ? undefined : await host.readScripts();
  // A damaged script is not a fault of the collection, whose name the other messages begin with.
  if (scripts) parseScripts(scripts);
  const source = await readCollection(file, options.collection, host);
  const { name, text } = source;
  for (const note of source.notes) host.note(note);
  if (options.check && scripts) {
    const fault = inFile(name, () => findScriptFault(text, scripts, options));
    if (fault) throw new CommandError(`${name}: ${fault.message}`);
    return host.note(`${name}: paynet-client-auth is in its place.`);
  }
  const edited = scripts ? source.inject(scripts, options) : source.remove(options.folder);
  const output = options.inPlace ? name : options.output;
  if (output === undefined) await edited.print();
  else await (options.inPlace ? edited.replace() : edited.save(output));
  if (scripts) for (const line of adviseOnScripts(source, options)) host.note(`${name}: ${line}`);
  // What only passes a collection on says nothing where all is well.
  if (output === undefined) return;
  const where = options.last ? 'is the last pre-request script of the requests' : 'is the first script';
  const done = options.remove ? 'is removed' : where;
  host.note(`${output}: paynet-client-auth ${done}${edited.isChanged ? '' : '; nothing had to change'}.`);
}
