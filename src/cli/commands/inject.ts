// `inject`: puts the pre-request script into a Postman collection, once and first, and leaves every other byte alone.
// A pure core, text in and text out, and a thin command. On the machine.

import { type Command, Option } from 'commander';
import { assertCollection, locate, type Place } from '../collection/collection.ts';
import {
  applyEdits,
  dropElements,
  type Edit,
  literalSpans,
  type Member,
  memberOf,
  type ObjectSpan,
  readArray,
  readObject,
  type Span,
  spaceBefore,
} from '../collection/json-text.ts';
import { type Copy, differenceOf, findCopies, parseScript } from '../collection/script-text.ts';
import { CommandError, type Host } from '../command.ts';
import { decodeUtf8, readBytes, writeText } from '../files.ts';

/** Member of the injected event that keeps the text of an `event` value without events, which the injection replaced. */
const REPLACED = '_replaced';

/**
 * Injects the script as the first event of the collection, or of one folder of it. Copies that are already there, of any
 * version, are taken out first, so that injecting twice equals injecting once.
 *
 * @param collection JSON text in Postman's collection format v2.0 or v2.1
 * @param script text of the built pre-request script
 * @param folder name of a folder at any depth; the collection itself if undefined
 * @returns the JSON text with the script in it
 * @throws CommandError when the text is not a collection, there is not one such folder, or a copy is incomplete.
 */
export function inject(collection: string, script: string, folder?: string): string {
  const { lines } = parseScript(script);
  const text = remove(collection, folder);
  return applyEdits(text, [insertion(text, locate(text, folder), lines)]);
}

/**
 * Takes every copy of the script out of the collection, or out of one folder of it. After `inject` this gives back the text
 * that was there before.
 *
 * @returns the JSON text without the script
 * @throws CommandError as `inject` does.
 */
export function remove(collection: string, folder?: string): string {
  assertCollection(collection);
  const { target } = locate(collection, folder);
  return applyEdits(collection, removals(collection, target));
}

/**
 * Says why the collection, or one folder of it, does not hold exactly this script, once and first.
 *
 * @returns a sentence, or undefined when all is well
 * @throws CommandError as `inject` does.
 */
export function check(collection: string, script: string, folder?: string): string | undefined {
  const built = parseScript(script);
  assertCollection(collection);
  const { target } = locate(collection, folder);
  const events = readEvents(collection, target).filter(event => event.isPreRequest);
  const copies = events.flatMap(event => event.copies.map(copy => ({ copy, event })));
  const [found] = copies;
  if (!found) return 'paynet-client-auth is missing.';
  if (copies.length > 1) return `paynet-client-auth is there ${copies.length} times.`;
  const difference = differenceOf(found.copy, built);
  if (difference) return difference;
  if (found.event.isDisabled) return 'paynet-client-auth is disabled.';
  if (found.event.hasSrc) return 'paynet-client-auth is not run, because its event names another script in "src".';
  if (found.event !== events[0] || found.event.source.slice(0, found.copy.start).trim() !== '') {
    return 'paynet-client-auth is not the first pre-request script.';
  }
  return undefined;
}

/** An event of the collection; of a pre-request event also its source text. */
interface ScriptEvent extends Span {
  isPreRequest: boolean;
  isDisabled: boolean;
  /** Postman ignores `exec` beside `src`. */
  hasSrc: boolean;
  /** The string of `exec`, or the elements of its array, which Postman joins with line breaks. */
  pieces: Piece[];
  /** Where the array of `exec` begins. */
  open: number | undefined;
  source: string;
  copies: Copy[];
  replaced: string | undefined;
}

interface Piece extends Span {
  value: string;
}

function readEvents(text: string, target: ObjectSpan): ScriptEvent[] {
  const member = memberOf(target, 'event');
  const first = member && text[member.start];
  if (!member || first === 'n') return [];
  if (first !== '[') {
    throw new CommandError(
      `"event" must be an array, got ${first === '{' ? 'an object' : 'a single value'}. Correct it.`,
    );
  }
  return readArray(text, member.start).map(element => readEvent(text, element));
}

function readEvent(text: string, element: Span): ScriptEvent {
  const event = JSON.parse(text.slice(element.start, element.end)) ?? {};
  const isPreRequest = event.listen === 'prerequest';
  const { open, pieces } = isPreRequest ? readExec(text, element) : { open: undefined, pieces: [] };
  const source = pieces.map(piece => piece.value).join('\n');
  const replaced = event[REPLACED];
  return {
    ...element,
    isPreRequest,
    isDisabled: Boolean(event.disabled || event.script?.disabled),
    hasSrc: event.script?.src !== undefined,
    pieces,
    open,
    source,
    copies: findCopies(source),
    replaced: typeof replaced === 'string' && isWithoutEvents(replaced) ? replaced : undefined,
  };
}

/** The source stands in `script.exec` or, shorter, in `script` itself; each is a string or an array of strings. */
function readExec(text: string, element: Span): { open: number | undefined; pieces: Piece[] } {
  const script = memberOf(readObject(text, element.start), 'script');
  const exec = script && text[script.start] === '{' ? memberOf(readObject(text, script.start), 'exec') : script;
  if (exec && text[exec.start] === '"') return { open: undefined, pieces: [readPiece(text, exec)] };
  if (!exec || text[exec.start] !== '[') return { open: undefined, pieces: [] };
  return { open: exec.start, pieces: readArray(text, exec.start).map(span => readPiece(text, span)) };
}

function readPiece(text: string, { start, end }: Span): Piece {
  return { start, end, value: text[start] === '"' ? JSON.parse(text.slice(start, end)) : '' };
}

/** The edits that take all copies out, and with them an event or an `event` member that held nothing else. */
function removals(text: string, target: ObjectSpan): Edit[] {
  const events = readEvents(text, target);
  const member = memberOf(target, 'event');
  const edits: Edit[] = [];
  const dropped = new Set<number>();
  for (const [index, event] of events.entries()) {
    if (event.copies.length === 0) continue;
    const { edits: cuts, rest } = cutCopies(text, event);
    if (rest.trim() === '') dropped.add(index);
    else edits.push(...cuts);
  }
  if (!member || dropped.size === 0) return edits;
  if (dropped.size < events.length) {
    return [...edits, ...dropElements(text, member.start, events, index => dropped.has(index))];
  }
  const replaced = events.find(event => event.replaced !== undefined)?.replaced;
  if (replaced !== undefined) return [{ start: member.start, end: member.end, text: replaced }];
  const index = target.members.indexOf(member);
  const before = target.members[index - 1];
  const after = target.members[index + 1];
  if (before) return [{ start: before.end, end: member.end, text: '' }];
  return [{ start: member.keyStart, end: after?.keyStart ?? member.end, text: '' }];
}

/** The edits that take the copies out of one event, and the source text that is left. */
function cutCopies(text: string, event: ScriptEvent): { edits: Edit[]; rest: string } {
  const edits: Edit[] = [];
  const rest: string[] = [];
  const dropped = new Set<number>();
  let offset = 0;
  for (const [index, { start, end, value }] of event.pieces.entries()) {
    const after = offset + value.length;
    const copies = event.copies.filter(copy => copy.start <= after && copy.end >= offset);
    const cuts = wholeLines(
      value,
      copies.map(copy => ({ start: Math.max(copy.start - offset, 0), end: Math.min(copy.end, after) - offset })),
    );
    const left = applyEdits(value, cuts);
    if (cuts.length > 0 && left === '') {
      dropped.add(index);
    } else {
      rest.push(left);
      edits.push(
        ...literalSpans(text.slice(start, end), cuts).map(cut => ({
          start: start + cut.start,
          end: start + cut.end,
          text: '',
        })),
      );
    }
    offset = after + 1;
  }
  if (event.open !== undefined && rest.length > 0) {
    edits.push(...dropElements(text, event.open, event.pieces, index => dropped.has(index)));
  }
  return { edits, rest: rest.join('\n') };
}

/** Widens cuts that take whole lines so that they take one line break too. */
function wholeLines(value: string, cuts: Span[]): Edit[] {
  const edits: Edit[] = [];
  let done = 0;
  for (let { start, end } of cuts) {
    const startsLine = start === done || value[start - 1] === '\n';
    if (startsLine && value[end] === '\n') {
      end += 1;
    } else if (startsLine && end === value.length && start > done) {
      start -= value[start - 2] === '\r' ? 2 : 1;
    }
    edits.push({ start, end, text: '' });
    done = end;
  }
  return edits;
}

/** The edit that puts the event with the script in front of all others, in the layout of the text around it. */
function insertion(text: string, { root, target }: Place, lines: string[]): Edit {
  const event = { listen: 'prerequest', script: { type: 'text/javascript', exec: lines } };
  const unit = lastLineOf(spaceBefore(text, root.members[0]?.keyStart ?? 0))?.indent ?? '  ';
  const member = memberOf(target, 'event');
  if (!member) {
    // A collection has "info", a folder has "item".
    const last = target.members.at(-1) as Member;
    const space = spaceBefore(text, last.keyStart);
    const colon = text.slice(last.keyEnd, last.start);
    return { start: last.end, end: last.end, text: `,${space}"event"${colon}${layOut([event], space, unit)}` };
  }
  const before = text.slice(member.start, member.end);
  if (isWithoutEvents(before)) {
    const value = [{ ...event, [REPLACED]: before }];
    return { start: member.start, end: member.end, text: layOut(value, spaceBefore(text, member.keyStart), unit) };
  }
  const first = readArray(text, member.start)[0]?.start ?? member.end;
  const space = spaceBefore(text, first);
  return { start: member.start + 1, end: member.start + 1, text: `${space}${layOut(event, space, unit)},` };
}

/** Whether the text of an `event` value is null or an empty array. */
function isWithoutEvents(value: string): boolean {
  return value === 'null' || /^\[[ \t\r\n]*\]$/.test(value);
}

/** Serialises a value that stands after `space`: over several lines if that begins a line, else in one. */
function layOut(value: unknown, space: string, unit: string): string {
  const line = lastLineOf(space);
  if (!line) return JSON.stringify(value);
  return JSON.stringify(value, null, unit).replaceAll('\n', `${line.eol}${line.indent}`);
}

/** The last line break of white space and what follows it; undefined when it is all on one line. */
function lastLineOf(space: string): { eol: string; indent: string } | undefined {
  const at = space.lastIndexOf('\n');
  if (at < 0) return undefined;
  return { eol: space[at - 1] === '\r' ? '\r\n' : '\n', indent: space.slice(at + 1) };
}

interface Options {
  output?: string;
  inPlace?: true;
  check?: true;
  remove?: true;
  folder?: string;
}

/** Adds the command `inject` to the command line. */
export function addInjectCommand(program: Command, host: Host): void {
  program
    .command('inject')
    .summary('put the pre-request script into a Postman collection')
    .description(
      'Puts the pre-request script into a Postman collection, once and as its first pre-request script.\n' +
        'All else in the file stays as it is. A script of another version is replaced.',
    )
    .argument('<collection.json>', 'collection in format v2.1 or v2.0, "-" for standard input')
    .addOption(new Option('-o, --output <file>', 'write there instead of to standard output').conflicts('inPlace'))
    .option('--in-place', 'write into the collection file itself')
    .addOption(
      new Option('--check', 'write nothing; exit with 1 unless this script is in, once and first').conflicts([
        'output',
        'inPlace',
        'remove',
      ]),
    )
    .option('--remove', 'take the script out again')
    .option('--folder <name>', 'put it into this folder instead of the whole collection')
    .action((file: string, options: Options) => run(file, options, host));
}

async function run(file: string, options: Options, host: Host): Promise<void> {
  const isStandardInput = file === '-';
  if (isStandardInput && options.inPlace) throw new CommandError('--in-place needs a file, not standard input.', 2);
  const name = isStandardInput ? 'standard input' : file;
  const script = options.remove ? '' : await host.readScript();
  // A damaged script is no fault of the collection, whose name the other messages begin with.
  if (!options.remove) parseScript(script);
  const bytes = isStandardInput ? await host.readStandardInput() : await readBytes(file);
  const { text, result } = named(name, () => transform(decodeUtf8(bytes), script, options));
  if (options.check) return host.note(`${name}: paynet-client-auth is in, once and first.`);
  const output = options.inPlace ? file : options.output;
  if (output === undefined) return await host.print(result);
  // A file that would not change keeps its time stamp.
  if (!options.inPlace || result !== text) await writeText(output, result);
  const done = options.remove ? 'is out' : 'is in, once and first';
  host.note(`${output}: paynet-client-auth ${done}${result === text ? '; nothing had to change' : ''}.`);
}

function transform(text: string, script: string, { remove: isRemoval, check: isCheck, folder }: Options) {
  if (isCheck) {
    const fault = check(text, script, folder);
    if (fault) throw new CommandError(fault);
    return { text, result: text };
  }
  return { text, result: isRemoval ? remove(text, folder) : inject(text, script, folder) };
}

/** Puts the name of the file in front of the message of a failure. */
function named<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(`${name}: ${error.message}`, error.exitCode, { cause: error });
  }
}
