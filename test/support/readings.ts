// The ways in which a text can be read: as it is, and with its Base64, escapes and bytes undone. To look for secrets in reports.

const cache = new Map<string, string>();

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

/** Whether 24 characters of a secret can be read in a text, in any form. */
export const holdsPartOf = (text: string, secret: string): boolean => {
  const all = cache.get(text) ?? toReadings(text);
  cache.set(text, all);
  // Wherever 24 characters begin, a whole block of 12 is among them: few places have to be looked for.
  for (let block = 0; block + 12 <= secret.length; block += 12) {
    if (!all.includes(secret.slice(block, block + 12))) continue;
    for (let i = Math.max(0, block - 12); i <= block && i + 24 <= secret.length; i++) {
      if (all.includes(secret.slice(i, i + 24))) return true;
    }
  }
  return false;
};
