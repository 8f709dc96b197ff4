// How the signing key stands in the client's JWKS (RFC 7517 section 5): under which key ID, and whether another key has it.
// Pure, on the machine.

import { constants, createPublicKey, verify } from 'node:crypto';
import type { RsaPrivateKey } from '../../client-auth/signing-key.ts';
import type { Jwk } from './server-facts.ts';

export interface JwksFacts {
  /** File or URL of the JWKS. */
  source: string;
  /** The key ID that was looked for. */
  kid: string;
  /** How many keys have this key ID. */
  count: number;
  /** Whether one of them is the public half of the signing key. */
  isSame: boolean;
  /** Other key IDs under which the public half stands; empty text for a key without one. */
  sameUnder: string[];
  /** All key IDs of the set. */
  kids: string[];
  /** What the right key is marked for instead of PS256 signatures. */
  otherUse: string | undefined;
  /** Key IDs of keys that are there with their private or secret members. */
  exposed: string[];
}

/**
 * Compares the signing key with the keys of a JWKS.
 *
 * @param isSigner whether a key is the public half of the signing key
 */
export function compareWithJwks(source: string, keys: Jwk[], kid: string, isSigner: (key: Jwk) => boolean): JwksFacts {
  const idOf = (key: Jwk) => (typeof key.kid === 'string' ? key.kid : '');
  const named = keys.filter(key => idOf(key) === kid);
  const signers = keys.filter(isSigner);
  const same = signers.find(key => idOf(key) === kid);
  return {
    source,
    kid,
    count: named.length,
    isSame: same !== undefined,
    sameUnder: signers.filter(key => idOf(key) !== kid).map(idOf),
    kids: keys.map(idOf).filter(id => id !== ''),
    otherUse: same && findOtherUse(same),
    exposed: keys.filter(key => key.d !== undefined || key.k !== undefined).map(idOf),
  };
}

function findOtherUse({ alg, use, key_ops: operations }: Jwk): string | undefined {
  if (alg !== undefined && alg !== 'PS256') return `"alg" ${JSON.stringify(alg)}`;
  if (use !== undefined && use !== 'sig') return `"use" ${JSON.stringify(use)}`;
  if (Array.isArray(operations) && !operations.includes('verify')) return `"key_ops" ${JSON.stringify(operations)}`;
  return undefined;
}

/** Whether a JWK is the public half of an RSA key. */
export function isPublicHalf({ kty, n, e }: Jwk, key: Pick<RsaPrivateKey, 'n' | 'e'>): boolean {
  return kty === 'RSA' && toNumber(n) === key.n && toNumber(e) === key.e;
}

function toNumber(value: unknown): bigint | undefined {
  const hex = typeof value === 'string' ? Buffer.from(value, 'base64url').toString('hex') : '';
  return hex === '' ? undefined : BigInt(`0x${hex}`);
}

/** Whether a JWK verifies the PS256 signature of a compact JWS (RFC 7518 section 3.5). */
export function hasSigned(jwk: Jwk, jws: string): boolean {
  const end = jws.lastIndexOf('.');
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    return verify('sha256', Buffer.from(jws.slice(0, end)), options, Buffer.from(jws.slice(end + 1), 'base64url'));
  } catch {
    return false;
  }
}
