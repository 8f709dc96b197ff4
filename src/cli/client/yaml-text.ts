// The text of a YAML file as values, within bounds: what is deep, long, aliased or tagged is refused. Pure, on the machine.
// YAML 1.2: https://yaml.org/spec/1.2.2/

import { type Document, isCollection, isScalar, LineCounter, parseDocument, type Scalar, visit } from 'yaml';
import { CommandError } from '../command.ts';

/** Three seconds of reading; the largest of public collections have files of a tenth. */
const MAX_LENGTH = 5_000_000;

/** The commonest fault: a value that begins with {{ is a map of a map. */
const IN_QUOTES = 'Put the value with {{…}} in quotes';

/**
 * Reads a YAML text. A number stays text where it would change its spelling: `1.10` is not 1.1 when it is sent.
 *
 * @returns the value, and the text of the comments
 * @throws CommandError with line and column of the first fault, and without a part of the text, which may hold a secret
 */
export function parseYaml(text: string): { value: unknown; comments: string } {
  const document = parseYamlDocument(text);
  const comments: string[] = [document.commentBefore ?? '', document.comment ?? ''];
  visit(document, (_key, node) => {
    if (isScalar(node)) keepSpelling(node);
    const { commentBefore, comment } = (node ?? {}) as { commentBefore?: string | null; comment?: string | null };
    comments.push(commentBefore ?? '', comment ?? '');
  });
  return { value: document.toJS(), comments: comments.filter(Boolean).join('\n') };
}

/**
 * Reads a YAML text with the places of what is in it.
 *
 * @throws CommandError as {@link parseYaml} does
 */
export function parseYamlDocument(text: string, { keepSourceTokens = false } = {}): Document.Parsed {
  if (text.length > MAX_LENGTH) {
    throw new CommandError(`more than ${MAX_LENGTH / 1e6} MB of YAML. Split it, or put large bodies into files.`);
  }
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, keepSourceTokens, prettyErrors: false, logLevel: 'error' });
  const fault = findFault(document);
  if (fault) {
    const { line, col } = lineCounter.linePos(fault.offset);
    const remedy = text.split(/\r?\n/)[line - 1]?.includes('{{') ? IN_QUOTES : fault.remedy;
    throw new CommandError(`not YAML that can be read: ${fault.words} at line ${line}, column ${col}. ${remedy}.`);
  }
  return document;
}

interface Fault {
  offset: number;
  words: string;
  remedy: string;
}

function findFault(document: Document.Parsed): Fault | undefined {
  const [error] = document.errors;
  if (error) {
    const words = error.code === 'RESOURCE_EXHAUSTION' ? 'nested too deeply' : toWords(error.code);
    return { offset: error.pos[0], words, remedy: 'Correct it there' };
  }
  let fault: Fault | undefined;
  const found = (range: readonly number[] | null | undefined, words: string, remedy: string) => {
    fault = { offset: range?.[0] ?? 0, words, remedy };
    return visit.BREAK;
  };
  visit(document, {
    Alias: (_key, { range }) => found(range, 'an alias', 'Write the value itself'),
    Pair: (_key, { key }) =>
      isCollection(key) ? found(key.range, 'a list or map as a key', 'Correct it there') : undefined,
    Node: (_key, { tag, range }) => (tag ? found(range, 'a tag', 'Remove it') : undefined),
  });
  return fault;
}

/** The code of an error in words: its message may quote the text. */
const toWords = (code: string): string => code.toLowerCase().replaceAll('_', ' ');

function keepSpelling(scalar: Scalar): void {
  const { value, source } = scalar;
  if (typeof value === 'number' && source !== undefined && String(value) !== source) scalar.value = source;
}
