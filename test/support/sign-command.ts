// A command that signs as an HSM does: a program of its own, which gets 32 bytes and gives a signature. It pads by RFC 8017 section
// 9.1.1 itself, because node:crypto signs no digest by PSS.

import type { KeyObject } from 'node:crypto';
import { toPkcs8 } from './keys.ts';
import type { Folder } from './workplace.ts';

const PROGRAM = `
const { createHash, constants, privateEncrypt, randomBytes, sign } = require('node:crypto');
const { readFileSync } = require('node:fs');
const [, , file, how = 'digest', salt = '32'] = process.argv;
const key = readFileSync(file);
const input = readFileSync(0);
const sha256 = bytes => createHash('sha256').update(bytes).digest();
const saltLength = Number(salt);
function signDigest(digest) {
  const bytes = 256;
  const random = randomBytes(saltLength);
  const h = sha256(Buffer.concat([Buffer.alloc(8), digest, random]));
  const db = Buffer.concat([Buffer.alloc(bytes - saltLength - 34), Buffer.from([1]), random]);
  const mask = [];
  for (let i = 0; mask.length * 32 < db.length; i++) mask.push(sha256(Buffer.concat([h, Buffer.from([0, 0, 0, i])])));
  const mgf = Buffer.concat(mask);
  const masked = db.map((byte, i) => byte ^ mgf[i]);
  masked[0] &= 0x7f;
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, Buffer.concat([masked, h, Buffer.from([0xbc])]));
}
const signature =
  how === 'digest' ? (input.length === 32 ? signDigest(input) : Buffer.alloc(0))
  : how === 'message' ? sign('sha256', input, { key, padding: 6, saltLength })
  : sign('sha256', input, key);
process.stdout.write(signature);
`;

/**
 * Writes the program and the key of a "HSM".
 *
 * @returns gives the command; `how` is `digest`, `message`, or anything else for PKCS #1 v1.5
 */
export const createSignCommand = (folder: Folder, key: KeyObject): ((how?: string, saltLength?: number) => string) => {
  const program = folder.write('hsm.cjs', PROGRAM);
  const file = folder.write('hsm.pem', toPkcs8(key));
  return (how = 'digest', saltLength = 32) => `"${process.execPath}" "${program}" "${file}" ${how} ${saltLength}`;
};
