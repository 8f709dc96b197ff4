// The salt of a PS256 signature, for tests: EMSA-PSS read backwards with the public key, by node:crypto and BigInt alone.

import { createHash, type KeyObject } from 'node:crypto';

const HASH_LENGTH = 32;
const sha256 = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

/** MGF1 with SHA-256. https://www.rfc-editor.org/rfc/rfc8017#appendix-B.2.1 */
const mgf1 = (seed: Uint8Array, length: number): Buffer => {
  const blocks = Array.from({ length: Math.ceil(length / HASH_LENGTH) }, (_, index) => {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(index);
    return sha256(seed, counter);
  });
  return Buffer.concat(blocks).subarray(0, length);
};

const toNumber = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

const power = (base: bigint, exponent: bigint, modulus: bigint): bigint => {
  if (exponent === 0n) return 1n;
  const half = power((base * base) % modulus, exponent >> 1n, modulus);
  return exponent & 1n ? (half * base) % modulus : half;
};

/**
 * The salt of a JWS as hexadecimal.
 *
 * @param jws signed with PS256 by a key whose modulus has a number of bits that 8 divides
 * @throws when the signature is not exactly what the salt and the signed text give
 * @see RFC 8017 section 9.1.2
 */
export const readSalt = (jws: string, publicKey: KeyObject): string => {
  const [header, claims, signature = ''] = jws.split('.');
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const [modulus, exponent] = [n, e].map(text => toNumber(Buffer.from(text, 'base64url'))) as [bigint, bigint];
  const length = Buffer.from(n, 'base64url').length;
  const encoded = power(toNumber(Buffer.from(signature, 'base64url')), exponent, modulus);
  const message = Buffer.from(encoded.toString(16).padStart(length * 2, '0'), 'hex');
  const maskedBlock = message.subarray(0, length - HASH_LENGTH - 1);
  const hash = message.subarray(length - HASH_LENGTH - 1, -1);
  const mask = mgf1(hash, maskedBlock.length);
  const block = maskedBlock.map((byte, index) => byte ^ (mask[index] as number));
  block[0] = (block[0] as number) & 0x7f;
  const salt = block.subarray(-HASH_LENGTH);
  const padding = Buffer.from(block.subarray(0, -HASH_LENGTH)).toString('hex');
  const isSound =
    message.at(-1) === 0xbc &&
    /^(00)*01$/.test(padding) &&
    hash.equals(sha256(Buffer.alloc(8), sha256(Buffer.from(`${header}.${claims}`)), salt));
  if (!isSound) throw new Error('no PS256 signature of this text by this key');
  return Buffer.from(salt).toString('hex');
};
