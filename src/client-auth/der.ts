// A strict reader of DER, just deep enough for private keys: on both sides. Strict, because a key that was cut or
// changed on its way into a variable must be told from a good one (ITU-T X.690 sections 8.1 and 10.1).

/** One element: its tag, and its contents as a binary string. */
export type DerElement = { tag: number; contents: string };

export const SEQUENCE = 0x30;
export const INTEGER = 0x02;
export const OBJECT_IDENTIFIER = 0x06;
export const OCTET_STRING = 0x04;
export const NULL = 0x05;

/** The fault of some DER: it ends too early, or it is not DER at all. */
export type DerFault = 'truncated' | 'damaged';

/**
 * Reads all elements that stand one after the other in the given bytes.
 *
 * @param bytes a binary string
 * @returns the elements, or what is wrong with them
 */
export const readDer = (bytes: string): DerElement[] | DerFault => {
  const elements: DerElement[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes.charCodeAt(at);
    // Tags above 30 take more than one byte; no key has one.
    if ((tag & 0x1f) === 0x1f) return 'damaged';
    let length = bytes.charCodeAt(at + 1);
    at += 2;
    if (at > bytes.length) return 'truncated';
    if (length >= 0x80) {
      const count = length - 0x80;
      // "the definite form … encoded in the minimum number of octets" (section 10.1)
      if (count === 0 || count > 4) return 'damaged';
      if (at + count > bytes.length) return 'truncated';
      length = 0;
      for (let i = 0; i < count; i++) length = length * 256 + bytes.charCodeAt(at + i);
      if (length < 0x80 || length < 256 ** (count - 1)) return 'damaged';
      at += count;
    }
    if (at + length > bytes.length) return 'truncated';
    elements.push({ tag, contents: bytes.slice(at, at + length) });
    at += length;
  }
  return elements;
};
