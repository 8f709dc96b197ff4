// The numbers of an RSA private key, on both sides: read out of DER or out of the members of a JWK, and checked against each
// other. Formats: PKCS#8 (RFC 5958), PKCS#1 (RFC 8017 appendix A.1.2), JWK (RFC 7518 section 6.3).

import { type DerElement, INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING, readDer, SEQUENCE } from './der.ts';
import { fromBase64url, unifyBase64 } from './encoding.ts';
import { mustBe } from './errors.ts';
import {
  certificate,
  damaged,
  encrypted,
  fault,
  notRsaKey,
  publicKey,
  truncated,
  unreadable,
} from './signing-key-faults.ts';

/** In the order of RSAPrivateKey (RFC 8017 appendix A.1.2), by the names of a JWK. */
const NAMES = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const;

/** The numbers of RFC 8017 section 3.2, checked against each other. */
export type RsaPrivateKey = Record<(typeof NAMES)[number], bigint> & {
  /** Length of the modulus in bits. */
  bits: number;
};

/** "A key of size 2048 bits or larger MUST be used" (RFC 7518 section 3.5). The upper bound keeps the time of Send finite. */
const MIN_BITS = 2048;
const MAX_BITS = 16384;

/** Reads all numbers, and refuses those that don't belong together: RFC 8017 section 3.2. */
const toPrivateKey = (read: (name: (typeof NAMES)[number], index: number) => bigint): RsaPrivateKey => {
  const [n, e, d, p, q, dp, dq, qi] = NAMES.map(read) as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const bits = n.toString(2).length;
  const isWhole =
    p > 2n &&
    q > 2n &&
    n === p * q &&
    e > 2n &&
    e < n &&
    d % (p - 1n) === dp &&
    d % (q - 1n) === dq &&
    (e * dp) % (p - 1n) === 1n &&
    (e * dq) % (q - 1n) === 1n &&
    qi < p &&
    (q * qi) % p === 1n;
  if (!isWhole) throw damaged('its numbers do not belong together');
  if (bits < MIN_BITS || bits > MAX_BITS) {
    const expected = `an RSA private key of ${MIN_BITS} to ${MAX_BITS} bits`;
    const remedy = 'Register a key of 2048 bits or more.';
    throw mustBe('signing_key_too_small', 'signing_key', expected, `one of ${bits} bits`, remedy);
  }
  return { n, e, d, p, q, dp, dq, qi, bits };
};

/** Object identifiers of PKCS#8 algorithms, as hexadecimal contents. */
const RSA_ENCRYPTION = '2a864886f70d010101';
const RSASSA_PSS = '2a864886f70d01010a';
/** Their names, with the article. */
const OTHER_ALGORITHMS: Record<string, string> = {
  '2a8648ce3d0201': 'an EC',
  '2b6570': 'an Ed25519',
  '2b6571': 'an Ed448',
  '2b656e': 'an X25519',
  '2b656f': 'an X448',
  '2a8648ce380401': 'a DSA',
};

const toInteger = (element: DerElement | undefined): bigint => {
  // Of a negative number the first digit is 8 or more.
  if (element?.tag !== INTEGER || element.contents === '' || element.contents >= '8') {
    throw damaged('a number is missing');
  }
  return BigInt(`0x${element.contents}`);
};

const readOrThrow = (hex: string): DerElement[] => {
  const elements = readDer(hex);
  if (elements === 'truncated') throw truncated('its end is missing');
  if (elements === 'damaged') throw damaged('it is not DER');
  return elements;
};

/** Contents of the one SEQUENCE that the bytes must be. */
const readSequence = (hex: string): DerElement[] => {
  const [sequence, ...rest] = readOrThrow(hex);
  if (sequence?.tag !== SEQUENCE) throw damaged('it is not a DER sequence');
  if (rest.length > 0) throw damaged('something follows it');
  return readOrThrow(sequence.contents);
};

/** RSAPrivateKey of RFC 8017 appendix A.1.2: a version, then the numbers. */
const fromPkcs1 = (elements: DerElement[]): RsaPrivateKey => {
  if (toInteger(elements[0]) !== 0n || elements.length !== 9) throw damaged('it is not a key of two primes');
  return toPrivateKey((_, index) => toInteger(elements[index + 1]));
};

/**
 * Whether RSASSA-PSS-params allow PS256: none, or SHA-256 throughout and a least salt of 32 bytes or less (RFC 4055 section
 * 3.1). A hash that is absent is SHA-1 (RFC 8017 appendix A.2.3).
 */
const areParametersOfPs256 = (parameters: DerElement | undefined): boolean => {
  if (!parameters || parameters.tag === NULL) return true;
  const sha256 = '0609608648016503040201';
  // "All implementations MUST accept both NULL and absent parameters" of a hash (RFC 4055 section 2.1), so each comes in two
  // lengths. Then perhaps the salt length, which is 20 when it is absent, and the trailer field, which is 1.
  const allowed = `^(?:a00f300d${sha256}0500|a00d300b${sha256})(?:a11c301a06092a864886f70d010108300d${sha256}0500|a11a301806092a864886f70d010108300b${sha256})(?:a2030201([01].|20))?(?:a303020101)?$`;
  return new RegExp(allowed).test(parameters.contents);
};

/**
 * Reads a private key in DER: PrivateKeyInfo or OneAsymmetricKey, or a bare RSAPrivateKey. The bytes show which; the label
 * of a PEM is often wrong about it.
 *
 * @param hex the bytes as hexadecimal
 * @throws ClientAuthError the `signing_key_…` that names the fault
 * @see RFC 5958 section 2, RFC 8017 appendix A.1.2
 */
export const fromDer = (hex: string): RsaPrivateKey => {
  const elements = readSequence(hex);
  const [version, algorithm, privateKey] = elements;
  // EncryptedPrivateKeyInfo of RFC 5958 section 3, or SubjectPublicKeyInfo of RFC 5280 section 4.1
  if (version?.tag === SEQUENCE) {
    if (algorithm?.tag === OCTET_STRING) throw encrypted();
    // Certificate of RFC 5280 section 4.1
    throw algorithm?.tag === SEQUENCE ? certificate() : publicKey();
  }
  // ECPrivateKey of RFC 5915 section 3
  if (algorithm?.tag === OCTET_STRING) throw notRsaKey('an EC');
  if (algorithm?.tag !== SEQUENCE) return fromPkcs1(elements);
  const [identifier, parameters] = readOrThrow(algorithm.contents);
  const oid = identifier?.tag === OBJECT_IDENTIFIER ? identifier.contents : '';
  const other = OTHER_ALGORITHMS[oid];
  if (other) throw notRsaKey(other);
  if (oid === RSASSA_PSS && !areParametersOfPs256(parameters)) {
    throw fault(
      'signing_key_wrong_use',
      'an RSA-PSS key that is restricted to other parameters than those of PS256',
      'Paste an RSA key without that restriction.',
    );
  }
  if ((oid !== RSA_ENCRYPTION && oid !== RSASSA_PSS) || privateKey?.tag !== OCTET_STRING) {
    throw damaged('it is not a PKCS#8 key');
  }
  return fromPkcs1(readSequence(privateKey.contents));
};

/**
 * Reads the numbers of an RSA private JWK.
 *
 * @throws ClientAuthError the `signing_key_…` that names the fault
 * @see RFC 7518 section 6.3
 */
export const fromJwkMembers = (jwk: Record<string, unknown>): RsaPrivateKey => {
  // null and an empty list say that there are no other primes.
  if (String(jwk.oth ?? '')) throw damaged('it is not a key of two primes');
  const missing = NAMES.filter(name => (jwk[name] ?? undefined) === undefined);
  if (missing.length > 0) {
    throw unreadable(`a JWK without ${missing.join(', ')}`, 'Export the key with all its members.');
  }
  return toPrivateKey(name => {
    const value = jwk[name];
    const hex = typeof value === 'string' ? fromBase64url(unifyBase64(value)) : undefined;
    if (!hex) throw damaged(`its member ${name} is not base64url`);
    return BigInt(`0x${hex}`);
  });
};
