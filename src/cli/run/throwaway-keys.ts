// The signing key stays out of Newman. Scripts read a throw-away key of the same size in its place; what that key has signed gets a
// signature of the real key when the request leaves, if it goes to the authorization server. On the machine.

import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { promisify } from 'node:util';
import { type Endpoints, findEndpoint, isSameOrigin } from '../../client-auth/authorization-server.ts';
import { importSigningKey, type SigningKey } from '../../client-auth/signing-key.ts';
import { toRsaKey } from '../secrets/private-key.ts';

/** PS256: RFC 7518 section 3.5. */
const PS256 = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
/** A signature by RSA with 2048 bits has 342 characters. */
const JWS = /(?<![\w-])(ey[\w-]+\.ey[\w-]+)\.([\w-]{342,})(?![\w-])/g;

/** A throw-away key in the place of a real one. */
interface Throwaway {
  /** The key in whose place it is. */
  real: KeyObject;
  publicKey: KeyObject;
  pem: string;
  jwk: object;
}

/** A form on its way to the wire. */
export interface OutgoingRequest {
  url: { toString(): string };
  body?: { mode?: string; raw?: string; urlencoded?: { all(): { value?: unknown }[] } };
}

const parse = (text: string): SigningKey | undefined => {
  try {
    return importSigningKey(text);
  } catch {
    return undefined;
  }
};

async function createThrowaway(text: string, bits: number): Promise<Throwaway> {
  // As text: Node 20 may lock itself where it exports a key object while it frees the job that made it.
  const { publicKey, privateKey: pem } = await promisify(generateKeyPair)('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return {
    real: toRsaKey(text),
    publicKey: createPublicKey(publicKey),
    pem,
    jwk: createPrivateKey(pem).export({ format: 'jwk' }),
  };
}

/** Throw-away keys for the signing keys of a run. */
export class ThrowawayKeys {
  readonly #byModulus = new Map<bigint, Throwaway>();

  /** Makes a throw-away key for a signing key; what is no such key has none. */
  async add(text: string): Promise<void> {
    const { key } = parse(text) ?? {};
    if (key && !this.#byModulus.has(key.n)) this.#byModulus.set(key.n, await createThrowaway(text, key.bits));
  }

  /**
   * What is to be read in the place of a text.
   *
   * @returns the throw-away key in PEM, or as a JWK with the same key ID; undefined for what is none of the signing keys
   */
  textFor(text: string): string | undefined {
    if (this.#byModulus.size === 0 || text.length < 1000) return undefined;
    const { key, kid } = parse(text) ?? {};
    const throwaway = key && this.#byModulus.get(key.n);
    if (!throwaway) return undefined;
    return text.includes('"kty"') ? JSON.stringify({ ...throwaway.jwk, ...(kid && { kid }) }) : throwaway.pem;
  }

  /**
   * Signs anew what a throw-away key has signed in the form of a request.
   *
   * @returns the audiences of what must not go where the request goes; it is sent as it is, with a signature of no use
   */
  signAnew({ url, body }: OutgoingRequest, knownEndpoints: () => Endpoints): string[] {
    const target = url.toString();
    const refused: string[] = [];
    const replace = (text: string): string =>
      text.replace(JWS, (jws: string, input: string, signature: string) => {
        const throwaway = this.#signerOf(input, signature);
        if (!throwaway) return jws;
        const audience = audienceOf(input);
        if (!isSameOrigin(target, audience) && !findEndpoint(target, knownEndpoints())) {
          refused.push(audience);
          return jws;
        }
        return `${input}.${sign('sha256', Buffer.from(input), { key: throwaway.real, ...PS256 }).toString('base64url')}`;
      });
    for (const field of body?.urlencoded?.all() ?? []) {
      if (typeof field.value === 'string') field.value = replace(field.value);
    }
    if (body?.mode === 'raw' && body.raw) body.raw = replace(body.raw);
    return refused;
  }

  #signerOf(input: string, signature: string): Throwaway | undefined {
    const [data, bytes] = [Buffer.from(input), Buffer.from(signature, 'base64url')];
    return [...this.#byModulus.values()].find(one => verify('sha256', data, { key: one.publicKey, ...PS256 }, bytes));
  }
}

function audienceOf(input: string): string {
  const { aud } = JSON.parse(Buffer.from(input.split('.')[1] as string, 'base64url').toString());
  return String(aud);
}
