// Distinguished names, the subjects and issuers of certificates, as text (RFC 4514). Pure, on the machine.

/**
 * Writes a distinguished name of node:crypto, which has one part a line, as RFC 4514 does: in one line, the last part first.
 *
 * @see RFC 4514 section 2.1
 */
export function toRfc4514(name: string): string {
  // Node escapes a "+" in a value: a plain one, with whitespace around it, is between the values of one part.
  return name.replace(/ \+ /g, '+').split('\n').reverse().join(',');
}

/** Attribute types with several spellings, by object identifier; RFC 4514 section 3 has names for the first nine. */
const ATTRIBUTES: Record<string, string> = {
  '2.5.4.3': 'cn',
  '2.5.4.7': 'l',
  '2.5.4.8': 'st',
  '2.5.4.10': 'o',
  '2.5.4.11': 'ou',
  '2.5.4.6': 'c',
  '2.5.4.9': 'street',
  '0.9.2342.19200300.100.1.25': 'dc',
  '0.9.2342.19200300.100.1.1': 'uid',
  '2.5.4.5': 'serialnumber',
  '2.5.4.15': 'businesscategory',
  '2.5.4.97': 'organizationidentifier',
  '1.3.6.1.4.1.311.60.2.1.3': 'jurisdictionc',
  '1.2.840.113549.1.9.1': 'emailaddress',
};

/** How two distinguished names compare; `other order`: the same parts in another order. */
export type NameMatch = 'same' | 'other order' | 'other';

/**
 * Compares two distinguished names. The spelling of attribute types, whitespace at separators, and whether a value is written as
 * `#hex` make no difference.
 *
 * @see RFC 4514 section 2
 */
export function compareNames(one: string, other: string): NameMatch {
  const [a, b] = [toParts(one), toParts(other)];
  if (a.join(',') === b.join(',')) return 'same';
  return a.join(',') === b.toReversed().join(',') || a.toSorted().join(',') === b.toSorted().join(',')
    ? 'other order'
    : 'other';
}

function toParts(name: string): string[] {
  return name.split(/(?<!\\),/).map(part =>
    part
      .split(/(?<!\\)\+/)
      .map(pair => {
        const at = pair.indexOf('=');
        const type = pair
          .slice(0, at)
          .trim()
          .toLowerCase()
          .replace(/^oid\./, '');
        return `${ATTRIBUTES[type] ?? type}=${toValue(pair.slice(at + 1).trim())}`;
      })
      .sort()
      .join('+'),
  );
}

/** A value without its escapes; a short one that is written as `#` and its DER (RFC 4514 section 2.4) as its text. */
function toValue(value: string): string {
  const der = /^#(?:0c|13|14|16)([0-7][\da-f])((?:[\da-f]{2})+)$/i.exec(value);
  if (der) return Buffer.from(der[2] as string, 'hex').toString();
  return value.replace(/((?:\\[\da-f]{2})+)|\\(.)/gi, (_, bytes, character) =>
    bytes ? Buffer.from(bytes.replaceAll('\\', ''), 'hex').toString() : character,
  );
}
