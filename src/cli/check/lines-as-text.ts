// The lines of a check as text, and its last word. Pure, on the machine.

import { styleText } from 'node:util';
import { beginOf, wrap } from '../wrap.ts';
import type { Line, Status } from './line.ts';

const COLOURS: Record<Status, 'green' | 'blue' | 'yellow' | 'red'> = {
  ok: 'green',
  info: 'blue',
  warn: 'yellow',
  skip: 'yellow',
  fail: 'red',
};

/** Status, name and message in columns; what is wider than the terminal goes on below the message. */
export function toText(lines: Line[], useColour: boolean, columns: number | undefined): string {
  const width = Math.max(...lines.map(({ name }) => name.length));
  const indent = 6 + width + 2;
  const rows = lines.map(({ name, status, message }) => {
    const rest = message.split('\n').map((line, at) => {
      const before = at === 0 ? `${' '.repeat(6)}${name.padEnd(width)}  ` : ' '.repeat(indent);
      return wrap(before + line, columns, indent + beginOf(line));
    });
    const word = status.padEnd(4);
    return `${useColour ? styleText(COLOURS[status], word) : word}${rest.join('\n').slice(4)}\n`;
  });
  return rows.join('');
}

/** The last word of a check: how many lines are well, or how many failed and the first of them. */
export function toVerdict(lines: Line[]): { hasFailed: boolean; text: string } {
  const [first, ...others] = lines.filter(({ status }) => status === 'fail');
  if (first) {
    const [message = ''] = first.message.split('\n');
    return {
      hasFailed: true,
      text: `${others.length + 1} of ${lines.length} checks failed. First: ${first.name}: ${message}`,
    };
  }
  const count = (status: Status) => lines.filter(one => one.status === status).length;
  const [passed, warnings, skipped] = [count('ok'), count('warn'), count('skip')];
  const rest = [
    ...(warnings > 0 ? [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`] : []),
    ...(skipped > 0 ? [`${skipped} not checked`] : []),
  ];
  const words = [`${passed} ${passed === 1 ? 'check' : 'checks'} passed`, ...rest];
  return { hasFailed: false, text: `ready: ${words.join(', ')}` };
}
