// PKCS #12 files (RFC 7292): a private key and its certificates, as PEM in memory. Node's OpenSSL opens no old one, with RC2, and
// gives out no key; node-forge does both, and is loaded when there is such a file. Pure, on the machine.

import { createPrivateKey, type KeyObject, pbkdf2Sync, X509Certificate } from 'node:crypto';
import { CommandError } from '../command.ts';
import { isIssuedBy } from './certificate-facts.ts';

/** What a file holds. */
export interface KeyStore {
  /** PKCS#8 in PEM. */
  key: string;
  /** The certificate of the key, then each the issuer of the one before, in PEM; empty without such a certificate. */
  chain: string;
}

/** SEQUENCE with a length of one to three bytes, then INTEGER 3: the version of PKCS #12 (RFC 7292 section 4). */
const HEAD = /^30(?:[0-7].|81..|82.{4}|83.{6}|80)020103/;

/** Rounds of hashing that a passphrase may cost in one file: some seconds. Programs use 2,000 to 600,000 for a key. */
const MAX_ROUNDS = 5_000_000;

/** Whether a file is PKCS #12, by its first bytes. */
export const isPkcs12 = (bytes: Uint8Array): boolean => HEAD.test(Buffer.from(bytes.subarray(0, 12)).toString('hex'));

/**
 * Opens a PKCS #12 file.
 *
 * @param name of the file, for an error
 * @returns undefined when it does not open with the passphrase
 * @throws CommandError when it is damaged, holds no key or several, or opening it would take too long
 */
export async function openPkcs12(name: string, bytes: Buffer, passphrase: string): Promise<KeyStore | undefined> {
  opener ??= createOpener();
  const open = await opener;
  try {
    // "Empty" and "none" are two passphrases, and users know only one of them.
    return open(bytes, passphrase) ?? (passphrase === '' ? open(bytes, null) : undefined);
  } catch (error) {
    if (error instanceof CommandError) throw new CommandError(`${name}: ${error.message}`, 1, { cause: error });
    // What is wrong may be quoted from what was decrypted.
    throw new CommandError(`${name}: is a damaged PKCS #12 file, or has what no program here reads. Export it again.`);
  }
}

let opener: ReturnType<typeof createOpener> | undefined;

/** Prepares node-forge. The instance is ours alone: it is part of this bundle. */
async function createOpener(): Promise<(bytes: Buffer, passphrase: string | null) => KeyStore | undefined> {
  await import('node-forge/lib/pkcs12.js');
  // The digests that it does not load by itself: SHA-384 and SHA-512.
  await import('node-forge/lib/sha512.js');
  const { default: forge } = await import('node-forge/lib/forge.js');
  const { asn1, pki, pkcs5, pkcs12 } = forge;

  let roundsLeft = MAX_ROUNDS;
  const spend = (rounds: number) => {
    if (rounds >= 1 && rounds <= roundsLeft) roundsLeft -= rounds;
    else throw new CommandError('its passphrase is hashed too many times. Export it again, with fewer iterations.');
  };
  const { generatePkcs12Key } = pki.pbe;
  pki.pbe.generatePkcs12Key = pkcs12.generateKey = (password, salt, id, rounds, ...rest) => {
    spend(rounds);
    return generatePkcs12Key(password, salt, id, rounds, ...rest);
  };
  // Its own is slow, and takes no character beyond Latin-1.
  pkcs5.pbkdf2 = (password, salt, rounds, length, digest) => {
    spend(rounds);
    const key = pbkdf2Sync(password ?? '', Buffer.from(salt, 'latin1'), rounds, length, digest?.algorithm ?? 'sha1');
    return key.toString('latin1');
  };
  // What it can't read it keeps as it is in the file. It reads RSA alone, and may write that in another way.
  pki.certificateFromAsn1 = pki.privateKeyFromAsn1 = undefined;

  const { keyBag, pkcs8ShroudedKeyBag, certBag } = pki.oids;
  return (bytes, passphrase) => {
    roundsLeft = MAX_ROUNDS;
    const file = asn1.fromDer(bytes.toString('latin1'), true);
    // Without a MAC what a wrong passphrase decrypts looks like a damaged file.
    let isDoubtful = file.value.length < 3;
    try {
      const bags = pkcs12.pkcs12FromAsn1(file, true, passphrase).safeContents.flatMap(({ safeBags }) => safeBags);
      isDoubtful &&= bags.some(({ type }) => type === pkcs8ShroudedKeyBag);
      const select = (...types: string[]) =>
        bags
          .filter(({ type }) => types.includes(type))
          .map(bag => Buffer.from(asn1.toDer(bag.asn1).getBytes(), 'latin1'));
      return toKeyStore(select(keyBag, pkcs8ShroudedKeyBag), select(certBag));
    } catch (error) {
      if (error instanceof CommandError) throw error;
      if (isDoubtful || /invalid password|to decrypt/i.test((error as Error).message)) return undefined;
      throw error;
    }
  };
}

/** @param keys PKCS#8 in DER, as the certificates are in DER */
function toKeyStore(keys: Buffer[], certificates: Buffer[]): KeyStore {
  const [der, another] = keys;
  if (!der) throw new CommandError('holds no private key. Export it again, with the key.');
  if (another) throw new CommandError(`holds ${keys.length} private keys. Export the one of the client alone.`);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const chain = toChain(
    key,
    certificates.map(one => new X509Certificate(one)),
  );
  return { key: key.export({ type: 'pkcs8', format: 'pem' }).toString(), chain: chain.join('') };
}

/** The certificate of a key, and those that issued it, as far as they are there. */
function toChain(key: KeyObject, certificates: X509Certificate[]): X509Certificate[] {
  // The file may still have the one that was renewed.
  const own = certificates.filter(one => one.checkPrivateKey(key));
  const chain = own.sort((one, other) => Date.parse(other.validTo) - Date.parse(one.validTo)).slice(0, 1);
  // The list grows while it is read.
  for (const one of chain) {
    const issuer = certificates.find(other => !chain.includes(other) && isIssuedBy(one, other));
    if (issuer) chain.push(issuer);
  }
  return chain;
}
