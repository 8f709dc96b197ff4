// Bytes as text, in every encoding in which they may hold some. Pure, on the machine.

import { isUtf8 } from 'node:buffer';

export type Encoding = 'utf8' | 'latin1' | 'utf16le' | 'utf16be';

/** The encodings to look at: UTF-8 or one byte a character; and UTF-16, where every second byte of ASCII is 0. */
export const encodings = (bytes: Buffer): Encoding[] => [
  isUtf8(bytes) ? 'utf8' : 'latin1',
  ...(bytes.includes(0) ? (['utf16le', 'utf16be'] as const) : []),
];

/** The bytes in pairs, each turned around; one that is left over stays. */
const swapped = (bytes: Buffer): Buffer => {
  const even = bytes.length & ~1;
  return Buffer.concat([Buffer.from(bytes.subarray(0, even)).swap16(), bytes.subarray(even)]);
};

export const decode = (bytes: Buffer, encoding: Encoding): string =>
  encoding === 'utf16be' ? swapped(bytes).toString('utf16le') : bytes.toString(encoding);

export const encode = (text: string, encoding: Encoding): Buffer =>
  encoding === 'utf16be' ? Buffer.from(text, 'utf16le').swap16() : Buffer.from(text, encoding);
