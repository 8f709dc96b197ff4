// Where the answers for `init` come from: options, then the user at a terminal. Nobody is asked for the text of a key. On the machine.

import { resolve, sep } from 'node:path';
import { confirm, isCancel, path, select, text } from '@clack/prompts';
import { ClientAuthError } from '../../client-auth/errors.ts';
import { toTerminalWords } from '../client/terminal-words.ts';
import { CommandError, type Terminal } from '../command.ts';
import { type Answers, QUESTIONS, type Question } from './answers.ts';

/** The method where nobody can be asked, as everywhere. */
const DEFAULT_METHOD = 'private_key_jwt';

/**
 * Collects the answers.
 *
 * @param given by options
 * @param terminal where to ask for the others
 * @throws CommandError with exit code 2 that names the missing options, where nobody can be asked
 * @throws CommandError or ClientAuthError for an answer that can't be right
 */
export async function collectAnswers(given: Partial<Answers>, terminal: Terminal | undefined): Promise<Answers> {
  const answers: Partial<Answers> = { ...given };
  if (!terminal) answers.method ??= DEFAULT_METHOD;
  const missing: string[] = [];
  for (const question of QUESTIONS) {
    const { name, option, isOptional } = question;
    if (answers[name] === undefined && (await question.isNeeded(answers))) {
      const answer = (await question.infer?.(answers)) ?? (terminal && (await ask(question, answers, terminal)));
      if (answer !== undefined) answers[name] = answer;
      else if (!isOptional) missing.push(option);
    }
    const answer = answers[name];
    if (answer !== undefined) await checkAnswer(question, answer);
  }
  if (missing.length > 0) {
    throw new CommandError(`init asks at a terminal, and there is none. Give ${missing.join(', ')}.`, 2);
  }
  return answers as Answers;
}

async function ask(question: Question, answers: Partial<Answers>, terminal: Terminal): Promise<string> {
  const { message, choices, isFile } = question;
  const validate = (answer = '') => findFault(question, answer.trim());
  if (choices) {
    const options = choices.map(({ value, hint }) => ({ value, label: value, hint }));
    return orEnd(await select({ message, options, ...terminal }));
  }
  // A name is typed behind the directory.
  const initialValue = isFile ? resolve('.') + sep : await question.suggest?.(answers);
  const prompt = isFile ? path : text;
  return orEnd(await prompt({ message, validate, ...(initialValue && { initialValue }), ...terminal })).trim();
}

async function checkAnswer({ isOptional, check }: Question, answer: string): Promise<void> {
  if (answer !== '' || !isOptional) await check(answer);
}

/** What is wrong with an answer, in words; undefined if nothing is. */
async function findFault(question: Question, answer: string): Promise<string | undefined> {
  try {
    await checkAnswer(question, answer);
    return undefined;
  } catch (error) {
    return error instanceof ClientAuthError ? toTerminalWords(error) : (error as Error).message;
  }
}

/** Asks whether files may be replaced. */
export async function mayReplace(files: string[], terminal: Terminal): Promise<boolean> {
  const message = `Replace ${files.join(' and ')}?`;
  return orEnd(await confirm({ message, initialValue: false, ...terminal }));
}

/** The answer, unless the user has pressed Ctrl-C. */
function orEnd<T>(answer: T): Exclude<T, symbol> {
  if (isCancel(answer)) throw new CommandError('ended by you: nothing was written.');
  return answer as Exclude<T, symbol>;
}
