// The lines of a check as text. Pure, on the machine.

import { styleText } from 'node:util';
import type { Line, Status } from './line.ts';

const COLOURS: Record<Status, 'green' | 'yellow' | 'red'> = {
  ok: 'green',
  warn: 'yellow',
  skip: 'yellow',
  fail: 'red',
};

/** Status, name and message in columns. */
export function toText(lines: Line[], useColour: boolean): string {
  const width = Math.max(...lines.map(({ name }) => name.length));
  const indent = ' '.repeat(6 + width + 2);
  const rows = lines.map(({ name, status, message }) => {
    const word = status.padEnd(4);
    const mark = useColour ? styleText(COLOURS[status], word) : word;
    return `${mark}  ${name.padEnd(width)}  ${message.replaceAll('\n', `\n${indent}`)}\n`;
  });
  return rows.join('');
}
