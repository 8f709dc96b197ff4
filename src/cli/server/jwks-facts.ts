// The signing key against the client's JWKS (RFC 7517 section 5): whether it is there, and with which key ID.
// Pure, on the machine.

import { createPublicKey } from 'node:crypto';
import type { RsaPrivateKey } from '../../client-auth/signing-key.ts';
import { verifyPs256 } from '../client/ps256.ts';
import type { Jwk } from './jwks.ts';

/** What the JWKS says about the signing key. */
export interface JwksFacts {
  /** File or URL of the JWKS. */
  source: string;
  /** The key ID that was looked for. */
  kid: string;
  /** How many keys have this key ID. */
  count: number;
  /** Whether one of them is the public half of the signing key. */
  isSame: boolean;
  /** Other key IDs of the public half; empty text for a key without one. */
  sameUnder: string[];
  /** All key IDs of the set. */
  kids: string[];
  /** The member by which the right key is not for PS256 signatures, with its value. */
  otherUse: string | undefined;
  /** Key IDs of the keys that have private or secret members. */
  exposed: string[];
}

/**
 * Compares the signing key with the keys of a JWKS.
 *
 * @param kid the key ID of the signing key
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

/** Whether a JWK is the public half of an RSA key (RFC 7518 section 6.3.1). */
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
    return verifyPs256(jws.slice(0, end), jws.slice(end + 1), createPublicKey({ key: jwk, format: 'jwk' }));
  } catch {
    return false;
  }
}
