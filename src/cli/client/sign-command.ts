// Signing by a command of the user's, for a key that can't be exported: it is in an HSM or a KMS. The command is run by the shell for
// each signature, gets what is to be signed on standard input and gives the signature on standard output, as git's `gpg.program`
// does. On the machine. RFC 7518 section 3.5.

import { spawnSync } from 'node:child_process';
import { constants, createHash, type KeyObject, verify } from 'node:crypto';
import type { OpenedKey } from '../../client-auth/signer.ts';
import { CommandError } from '../command.ts';
import { drawBytes, verifyPs256 } from './ps256.ts';

/** What the command gets: the SHA-256 digest of the signing input, 32 bytes, or the signing input itself. */
export type SignCommandInput = 'digest' | 'message';

/** A command that signs. */
export interface SignCommand {
  /** Its key; it throws CommandError when it signs, where the command fails or its signature is no good. */
  key: OpenedKey;
  /** What each signature is verified with before it is used; undefined where that is not known. */
  publicKey: KeyObject | undefined;
}

/** Milliseconds: a KMS may be slow, and an HSM may ask for a PIN. */
const LIMIT = 60_000;
/** A signature by RSA with 2048 bits. */
const MIN_BYTES = 256;

/**
 * Makes what signs by a command. The output of the command on standard error is the user's.
 *
 * @param limit milliseconds for each signature
 */
export function createSignCommand(
  command: string,
  input: SignCommandInput,
  publicKey: KeyObject | undefined,
  limit = LIMIT,
): SignCommand {
  if (command.trim() === '') throw new CommandError('--sign-command must be a command, got nothing. Give it.', 2);
  if (input !== 'digest' && input !== 'message') {
    throw new CommandError('--sign-command-input must be digest or message. Correct it.', 2);
  }
  if (command.trim() === '') {
    throw new CommandError('--sign-command must be a command, got nothing. Give the one that signs.', 2);
  }
  const sign = (text: string): string => {
    const signature = runCommand(command, input === 'digest' ? digestOf(text) : Buffer.from(text), limit);
    refuseOtherOutput(signature);
    const encoded = signature.toString('base64url');
    if (publicKey && !verifyPs256(text, encoded, publicKey)) throw toFault(text, signature, publicKey);
    return encoded;
  };
  return { key: { kid: undefined, randomBytes: drawBytes, sign }, publicKey };
}

/** What to say where a server has refused the client: a signature that nobody has verified may be the reason. */
export const adviseOnSignature = (command: SignCommand | undefined): string[] =>
  command && !command.publicKey
    ? ['What --sign-command signed was not verified. Give --public-key: it tells a wrong key, salt or hash.']
    : [];

const digestOf = (text: string | Buffer): Buffer => createHash('sha256').update(text).digest();

function runCommand(command: string, input: Buffer, limit: number): Buffer {
  const { status, signal, error, stdout } = spawnSync(command, {
    shell: true,
    input,
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: limit,
    // A command may take no notice of SIGTERM.
    killSignal: 'SIGKILL',
    maxBuffer: 65_536,
  });
  if (status === 0) return stdout;
  const isLate = (error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT';
  const end = status === null ? (signal ?? error?.message) : `exit code ${status}`;
  const how = isLate ? `did not end within ${limit / 1000} s` : `ended with ${end}`;
  throw new CommandError(`--sign-command ${how}. Run it by itself, and look at what it says.`);
}

/** Output of another form than a signature has, as far as its bytes tell. */
function refuseOtherOutput(output: Buffer): void {
  const expected = '--sign-command must write the raw signature to standard output';
  const text = output.toString('latin1').trim();
  if (text !== '' && /^[\x20-\x7e\r\n]+$/.test(text)) {
    const isHex = /^[\da-f\s]+$/i.test(text);
    const remedy = isHex ? 'Decode it, with "| xxd -r -p" for example.' : 'Decode it, with "| base64 -d" for example.';
    throw new CommandError(`${expected}, got ${text.length} characters of text. ${remedy}`);
  }
  if (output.length >= MIN_BYTES) return;
  throw new CommandError(`${expected}, got ${output.length} bytes. RSA with 2048 bits gives ${MIN_BYTES}.`);
}

/** Why a signature does not verify, as far as other ways to sign tell. */
function toFault(text: string, signature: Buffer, key: KeyObject): CommandError {
  const verifies = (input: Buffer, padding: number, saltLength?: number) =>
    verify('sha256', input, { key, padding, ...(saltLength !== undefined && { saltLength }) }, signature);
  const [message, { RSA_PKCS1_PSS_PADDING: pss, RSA_PKCS1_PADDING: pkcs1, RSA_PSS_SALTLEN_AUTO: any }] = [
    Buffer.from(text),
    constants,
  ];
  const bytes = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
  const reasons: [is: () => boolean, got: string][] = [
    [() => signature.length !== bytes, `${signature.length} bytes, where the public key has ${bytes}`],
    [() => verifies(message, pss, any), 'one with another length of the salt than 32 bytes'],
    [() => verifies(message, pkcs1), 'one by PKCS #1 v1.5'],
    [() => verifies(digestOf(message), pss, any), 'one of the digest of the digest: give --sign-command-input message'],
  ];
  const got = reasons.find(([is]) => is())?.[1] ?? 'one that does not verify: another key, hash or MGF';
  const expected = '--sign-command must sign with RSA-PSS, SHA-256, MGF1 with SHA-256 and a salt of 32 bytes';
  return new CommandError(`${expected}, by the key whose public half is given, got ${got}. Correct the command.`);
}
