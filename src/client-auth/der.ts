// A strict reader of DER, just deep enough for private keys, on both sides. Strict, because a key that was cut or changed on
// its way into a variable must not pass for a good one (ITU-T X.690 sections 8.1 and 10.1).

/** One element: its tag, and its contents as hexadecimal. */
export type DerElement = { tag: number; contents: string };

export const SEQUENCE = 0x30;
export const INTEGER = 0x02;
export const OBJECT_IDENTIFIER = 0x06;
export const OCTET_STRING = 0x04;
export const NULL = 0x05;

/** The fault of some DER: it ends too early, or it is not DER at all. */
export type DerFault = 'truncated' | 'damaged';

/**
 * Reads a sequence of DER elements.
 *
 * @param hex the bytes as hexadecimal
 * @returns the elements, or what is wrong with them
 * @see ITU-T X.690 section 8.1
 */
export const readDer = (hex: string): DerElement[] | DerFault => {
  const elements: DerElement[] = [];
  const read = (at: number, digits: number) => Number.parseInt(hex.slice(at, at + digits), 16);
  let at = 0;
  while (at < hex.length) {
    const tag = read(at, 2);
    // Tags above 30 take more than one byte; no key has one.
    if ((tag & 0x1f) === 0x1f) return 'damaged';
    if (at + 4 > hex.length) return 'truncated';
    let length = read(at + 2, 2);
    at += 4;
    if (length >= 0x80) {
      const count = length - 0x80;
      if (count === 0 || count > 4) return 'damaged';
      if (at + count * 2 > hex.length) return 'truncated';
      length = read(at, count * 2);
      // "the definite form … encoded in the minimum number of octets" (section 10.1)
      if (length < 0x80 || length < 256 ** (count - 1)) return 'damaged';
      at += count * 2;
    }
    if (at + length * 2 > hex.length) return 'truncated';
    elements.push({ tag, contents: hex.slice(at, at + length * 2) });
    at += length * 2;
  }
  return elements;
};
