// What of a private key is secret: its private numbers, in every text form that tools write a key in. The modulus and the
// header are not: the public key and other keys have them too. On the machine.

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { OCTET_STRING, readDer } from '../../client-auth/der.ts';
import { importSigningKey, type RsaPrivateKey } from '../../client-auth/signing-key.ts';

/** Private members of an RSA or EC JWK (RFC 7518 sections 6.2.2 and 6.3.2). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const;

/**
 * The secret parts of a private key: each private member of its JWK, and what follows the public numbers in PKCS#8 (RFC 5958) and
 * PKCS#1 (RFC 8017 appendix A.1.2), in Base64 and base64url.
 *
 * @param text PEM, JWK or Base64 in any disguise that the script takes, or that OpenSSL reads
 * @returns nothing for a text that is no key that can be read
 */
export function secretPartsOf(text: string): string[] {
  const key = toKeyObject(text);
  if (!key) return [];
  const jwk = key.export({ format: 'jwk' });
  const numbers = PRIVATE_MEMBERS.flatMap(name => (typeof jwk[name] === 'string' ? [jwk[name]] : []));
  const first = Buffer.from(numbers[0] ?? '', 'base64url');
  const der = key.export({ type: 'pkcs8', format: 'der' });
  // The private exponent is the first private number; an EC key has its public point behind it.
  const rest = key.asymmetricKeyType === 'rsa' ? der.subarray(der.indexOf(first)) : first;
  const parts = [...numbers, ...[0, 1, 2].map(before => base64urlBehind(rest, before))];
  return [...new Set(parts.flatMap(part => [part, part.replaceAll('-', '+').replaceAll('_', '/')]))];
}

/** Bytes as base64url behind so many other bytes, without the characters that depend on those. */
const base64urlBehind = (bytes: Buffer, before: number): string =>
  Buffer.concat([Buffer.alloc(before), bytes])
    .toString('base64url')
    .slice(Math.ceil((before * 4) / 3));

function toKeyObject(text: string): KeyObject | undefined {
  const der = { key: Buffer.from(text, 'base64'), format: 'der' } as const;
  const readers = [
    () => toPlainRsa(createPrivateKey(text)),
    () => toRsaKey(text),
    () => createPrivateKey({ key: JSON.parse(text), format: 'jwk' }),
    ...(['pkcs8', 'pkcs1', 'sec1'] as const).map(type => () => toPlainRsa(createPrivateKey({ ...der, type }))),
  ];
  for (const read of readers) {
    try {
      return read();
    } catch {
      // No key of this form.
    }
  }
  return undefined;
}

/** A key for RSA-PSS as one for RSA, which can be exported as a JWK; any other key as it is. */
function toPlainRsa(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'rsa-pss') return key;
  const read = (hex: string) => readDer(hex) as Exclude<ReturnType<typeof readDer>, string>;
  const [sequence] = read(key.export({ type: 'pkcs8', format: 'der' }).toString('hex'));
  const inner = read(sequence?.contents ?? '').find(({ tag }) => tag === OCTET_STRING);
  return createPrivateKey({ key: Buffer.from(inner?.contents ?? '', 'hex'), format: 'der', type: 'pkcs1' });
}

/** The key of a text in one of the disguises that the script takes. */
export const toRsaKey = (text: string): KeyObject => toRsaKeyObject(importSigningKey(text).key);

/** A key as node:crypto has it. */
export function toRsaKeyObject({ bits: _, ...numbers }: RsaPrivateKey): KeyObject {
  const members = Object.entries(numbers).map(([name, value]) => [name, toBase64url(value)]);
  return createPrivateKey({ key: { kty: 'RSA', ...Object.fromEntries(members) }, format: 'jwk' });
}

/** A number as a member of a JWK (RFC 7518 section 2, Base64urlUInt). */
export function toBase64url(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex').toString('base64url');
}
