// The lines of a check as text. Pure, on the machine.

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
