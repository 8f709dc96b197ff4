// Throw-away keys in the place of signing keys: of the same size, in the same form, made for one run. What they have signed can be
// signed with the keys in whose place they are. On the machine.

import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { importSigningKey, type SigningKey } from '../../client-auth/signing-key.ts';
import { signPs256, verifyPs256 } from '../client/ps256.ts';
import { toRsaKey } from '../secrets/private-key.ts';

/** No private key of 2048 bits is shorter. */
const MIN_LENGTH = 1000;

/** The Base64 of the DER of a key, and nothing else. */
const IS_DER = /^\s*MI[\w+/=\s-]+$/;

interface Throwaway {
  /** Signs with the key in whose place it is. */
  sign: (input: string) => string;
  publicKey: KeyObject;
  pem: string;
  jwk: object;
}

const parse = (text: string): SigningKey | undefined => {
  try {
    return importSigningKey(text);
  } catch {
    return undefined;
  }
};

const isJwk = (value: unknown): boolean => typeof value === 'object' && value !== null && 'kty' in value;

/** The JSON that a key is a value in; undefined where the text is the key itself. */
function readContainer(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !isJwk(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function createThrowaway(bits: number, sign: Throwaway['sign']): Promise<Throwaway> {
  // As text: Node 20 may lock itself where it exports a key object while it frees the job that made it.
  const { publicKey, privateKey: pem } = await promisify(generateKeyPair)('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return {
    sign,
    publicKey: createPublicKey(publicKey),
    pem,
    jwk: createPrivateKey(pem).export({ format: 'jwk' }),
  };
}

/** The throw-away keys of a run. */
export class ThrowawayKeys {
  readonly #byModulus = new Map<bigint, Throwaway>();
  /** What {@link addSigner} gave; undefined where there is no such key. */
  textOfSigner: string | undefined;

  get isEmpty(): boolean {
    return this.#byModulus.size === 0;
  }

  /** Makes a throw-away key for a signing key; what is no such key has none. */
  async add(text: string): Promise<void> {
    const { key } = parse(text) ?? {};
    if (!key || this.#byModulus.has(key.n)) return;
    const real = toRsaKey(text);
    this.#byModulus.set(key.n, await createThrowaway(key.bits, input => signPs256(input, real)));
  }

  /**
   * Makes a throw-away key for a key that only signs.
   *
   * @returns the text of it, for the variable `signing_key`
   */
  async addSigner(bits: number, sign: (input: string) => string): Promise<string> {
    const throwaway = await createThrowaway(bits, sign);
    this.#byModulus.set(importSigningKey(throwaway.pem).key.n, throwaway);
    this.textOfSigner = throwaway.pem;
    return throwaway.pem;
  }

  /**
   * What is to be read in the place of a text.
   *
   * @returns the throw-away key as a JWK or the Base64 of DER where there is one, else in PEM; a key ID and JSON around it are kept.
   * Undefined for what is none of the signing keys
   */
  textFor(text: string): string | undefined {
    if (this.#byModulus.size === 0 || text.length < MIN_LENGTH) return undefined;
    const { key, kid } = parse(text) ?? {};
    const throwaway = key && this.#byModulus.get(key.n);
    if (!throwaway) return undefined;
    const around = readContainer(text);
    if (around) return JSON.stringify(around, (_, value) => this.#replace(value));
    if (kid || text.includes('"kty"')) return JSON.stringify({ ...throwaway.jwk, ...(kid && { kid }) });
    return IS_DER.test(text) ? throwaway.pem.replace(/-----.*-----|\n/g, '') : throwaway.pem;
  }

  /** A value of JSON, or the throw-away key in its place. */
  #replace(value: unknown): unknown {
    if (typeof value === 'string') return this.textFor(value) ?? value;
    if (!isJwk(value)) return value;
    const jwk = this.textFor(JSON.stringify(value));
    return jwk === undefined ? value : JSON.parse(jwk);
  }

  /**
   * What signs with the real key; undefined for what no throw-away key has signed.
   *
   * @param input header and claims of a compact JWS (RFC 7515 section 5.1)
   * @param signature of the throw-away key, by PS256
   */
  signerFor(input: string, signature: string): (() => string) | undefined {
    const made = [...this.#byModulus.values()].find(({ publicKey }) => verifyPs256(input, signature, publicKey));
    return made && (() => made.sign(input));
  }
}
