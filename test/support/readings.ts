// The ways in which a text can be read: as it is, and with its Base64, escapes and bytes undone. To look for secrets in reports.

/** All that a text could be read as. */
const toReadings = (text: string): string => {
  const starts = [...text.matchAll(/"data": ?\[/g)].map(({ 0: start, index }) => index + start.length);
  const bytes = starts.map(start =>
    Buffer.from(text.slice(start, text.indexOf(']', start)).split(',').map(Number)).toString(),
  );
  const decoded = [...text.matchAll(/[\w+/-]{32,99999}/g)].flatMap(([run]) =>
    [0, 1, 2, 3].map(offset => Buffer.from(run.slice(offset), 'base64').toString('latin1')),
  );
  const unescaped = text
    .replace(/&#x([\da-f]+);/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/&#(\d+);/g, (_, decimal) => String.fromCharCode(Number(decimal)))
    .replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/\\\//g, '/');
  return [text, ...bytes, ...decoded, unescaped].join('\n');
};

/** How many characters of a text, from each of two places on, are the same; at most `most`. */
const countSame = (a: string, atA: number, b: string, atB: number, step: 1 | -1, most: number): number => {
  let count = 0;
  while (count < most && a[atA + count * step] !== undefined && a[atA + count * step] === b[atB + count * step])
    count++;
  return count;
};

/** Whether 24 characters of one of the secrets can be read in a text, in any form; of a shorter secret, all of it. */
export const holdsPartOf = (text: string, secrets: readonly string[]): boolean => {
  const all = toReadings(text);
  /** Where in the secrets 12 characters are. */
  const places = new Map<string, [secret: string, at: number][]>();
  for (const secret of new Set(secrets)) {
    if (secret.length < 24 && all.includes(secret)) return true;
    for (let at = 0; secret.length >= 24 && at + 12 <= secret.length; at++) {
      const part = secret.slice(at, at + 12);
      places.set(part, [...(places.get(part) ?? []), [secret, at]]);
    }
  }
  // Wherever 24 characters begin, a whole block of 12 is among them: few places have to be looked at.
  for (let block = 0; block + 12 <= all.length; block += 12) {
    for (const [secret, at] of places.get(all.slice(block, block + 12)) ?? []) {
      const before = countSame(all, block - 1, secret, at - 1, -1, 12);
      if (before + countSame(all, block + 12, secret, at + 12, 1, 12) >= 12) return true;
    }
  }
  return false;
};
