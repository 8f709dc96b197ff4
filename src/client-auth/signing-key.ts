// Key intake: the text of the variable `signing_key`, in any of the disguises that a paste gives it, becomes an RSA private
// key that is known to be whole, or the exact fault. On both sides. Formats: PKCS#8 (RFC 5958), PKCS#1 (RFC 8017
// appendix A.1.2), PEM (RFC 7468), JWK (RFC 7517, RFC 7518 section 6.3).

import { type DerElement, INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING, readDer, SEQUENCE } from './der.ts';
import { fromBase64, fromBase64url, fromHex } from './encoding.ts';
import { type ClientAuthError, type ClientAuthErrorCode, leftoverOf, mustBe } from './errors.ts';

/** The numbers of RFC 8017 section 3.2, checked against each other. */
export type RsaPrivateKey = {
  n: bigint;
  e: bigint;
  d: bigint;
  p: bigint;
  q: bigint;
  dp: bigint;
  dq: bigint;
  qi: bigint;
  /** Length of the modulus in bits. */
  bits: number;
};

/** An imported key; `kid` is there when the key was a JWK that has one. */
export type SigningKey = { key: RsaPrivateKey; kid: string | undefined };

/** "A key of size 2048 bits or larger MUST be used" (RFC 7518 section 3.5). The upper bound keeps the time of Send finite. */
const MIN_BITS = 2048;
const MAX_BITS = 16384;

/** More text than any key with its chain of certificates has. */
const MAX_LENGTH = 65536;

const JWK_NUMBERS = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const;

const fault = (code: ClientAuthErrorCode, got: string, remedy: string): ClientAuthError =>
  mustBe(code, 'signing_key', 'an RSA private key (PEM or JWK)', got, remedy);

const PASTE_WHOLE = 'Paste the whole file again.';
const PASTE_PRIVATE = 'Paste the private key file that belongs to it.';
const unreadable = (what: string, remedy: string) => fault('signing_key_unreadable', what, remedy);
const damaged = (how: string) => fault('signing_key_damaged', `a damaged one (${how})`, PASTE_WHOLE);
const truncated = (how: string) => fault('signing_key_truncated', `a truncated one (${how})`, PASTE_WHOLE);
const notRsa = (what: string) =>
  fault('signing_key_not_rsa', what, 'PS256 takes RSA only: paste the RSA key whose public half is in your JWKS.');
const encrypted = () =>
  fault(
    'signing_key_encrypted',
    'an encrypted private key',
    'Decrypt it with "openssl pkey -in encrypted.pem -out signing-key.pem" and paste the result.',
  );

/** What the PEM labels (RFC 7468 sections 4 to 13) mean here, where they don't mean an RSA key. */
const REFUSED_LABELS: Record<string, () => ClientAuthError> = {
  'ENCRYPTED PRIVATE KEY': encrypted,
  'EC PRIVATE KEY': () => notRsa('an EC private key'),
  'DSA PRIVATE KEY': () => notRsa('a DSA private key'),
  'OPENSSH PRIVATE KEY': () =>
    unreadable(
      'an OpenSSH private key',
      'Convert a copy of the file with "ssh-keygen -p -m PKCS8 -f copy.pem" and paste the result.',
    ),
  CERTIFICATE: () => fault('signing_key_certificate', 'a certificate', PASTE_PRIVATE),
  'PUBLIC KEY': () => fault('signing_key_public', 'a public key', PASTE_PRIVATE),
  'CERTIFICATE REQUEST': () => unreadable('a certificate request', PASTE_PRIVATE),
};
REFUSED_LABELS['RSA PUBLIC KEY'] = REFUSED_LABELS['PUBLIC KEY'] as () => ClientAuthError;
REFUSED_LABELS['TRUSTED CERTIFICATE'] = REFUSED_LABELS.CERTIFICATE as () => ClientAuthError;

/** Object identifiers of PKCS#8 algorithms, as hexadecimal contents. */
const RSA_ENCRYPTION = '2a864886f70d010101';
const RSASSA_PSS = '2a864886f70d01010a';
const OTHER_ALGORITHMS: Record<string, string> = {
  '2a8648ce3d0201': 'an EC private key',
  '2b6570': 'an Ed25519 private key',
  '2b6571': 'an Ed448 private key',
  '2b656e': 'an X25519 private key',
  '2b656f': 'an X448 private key',
  '2a8648ce380401': 'a DSA private key',
};

const toInteger = (element: DerElement | undefined): bigint => {
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

/** Refuses numbers that don't belong together: RFC 8017 section 3.2. */
const checkNumbers = (numbers: Omit<RsaPrivateKey, 'bits'>): RsaPrivateKey => {
  const { n, e, d, p, q, dp, dq, qi } = numbers;
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
    const remedy = 'Create and register a key of 2048 bits or more.';
    throw mustBe('signing_key_too_small', 'signing_key', expected, `one of ${bits} bits`, remedy);
  }
  return { ...numbers, bits };
};

/** RSAPrivateKey of RFC 8017 appendix A.1.2. */
const fromPkcs1 = (elements: DerElement[]): RsaPrivateKey => {
  if (toInteger(elements[0]) !== 0n || elements.length !== 9) {
    throw damaged('it is not a key of two primes');
  }
  const [n, e, d, p, q, dp, dq, qi] = elements.slice(1).map(toInteger) as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  return checkNumbers({ n, e, d, p, q, dp, dq, qi });
};

/** RSASSA-PSS-params that allow PS256: none, or SHA-256 throughout with a salt of up to 32 bytes (RFC 4055 section 3.1). */
const allowsPs256 = (parameters: DerElement | undefined): boolean => {
  if (!parameters || parameters.tag === NULL) return true;
  // [0] hash SHA-256, [1] MGF1 with SHA-256, each with or without NULL parameters; then perhaps [2] the salt length,
  // which is 20 when it is absent.
  const match =
    /^a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500(?:a2030201(..))?$/.exec(
      parameters.contents,
    );
  return match !== null && Number.parseInt(match[1] ?? '14', 16) <= 32;
};

/** PrivateKeyInfo or OneAsymmetricKey of RFC 5958, or a bare RSAPrivateKey: the label of a PEM often lies about which. */
const fromDer = (hex: string): RsaPrivateKey => {
  const elements = readSequence(hex);
  const [version, algorithm, privateKey] = elements;
  if (version?.tag === SEQUENCE) {
    if (algorithm?.tag === OCTET_STRING) throw encrypted();
    throw (REFUSED_LABELS['PUBLIC KEY'] as () => ClientAuthError)();
  }
  // ECPrivateKey of RFC 5915 section 3
  if (algorithm?.tag === OCTET_STRING) throw notRsa('an EC private key');
  if (algorithm?.tag !== SEQUENCE) return fromPkcs1(elements);
  const [identifier, parameters] = readOrThrow(algorithm.contents);
  const oid = identifier?.tag === OBJECT_IDENTIFIER ? identifier.contents : '';
  const other = OTHER_ALGORITHMS[oid];
  if (other) throw notRsa(other);
  if (oid === RSASSA_PSS && !allowsPs256(parameters)) {
    throw fault(
      'signing_key_wrong_use',
      'an RSA-PSS key that is restricted to other parameters than those of PS256',
      'Paste an RSA key that may sign with SHA-256 and a salt of 32 bytes.',
    );
  }
  if ((oid !== RSA_ENCRYPTION && oid !== RSASSA_PSS) || privateKey?.tag !== OCTET_STRING) {
    throw damaged('it is not a PKCS#8 key');
  }
  return fromPkcs1(readSequence(privateKey.contents));
};

type PemBlock = { label: string; body: string };

/** The blocks of a text, whatever stands between them, and however their line breaks were lost. */
const readPem = (text: string): PemBlock[] => {
  const markers = [...text.matchAll(/-----(BEGIN|END) ([A-Z0-9 ]{1,40})-----/g)];
  const blocks: PemBlock[] = [];
  for (let i = 0; i < markers.length; i++) {
    const [begin, end] = [markers[i], markers[i + 1]] as [RegExpMatchArray, RegExpMatchArray | undefined];
    if (begin[1] !== 'BEGIN') continue;
    if (end?.[1] !== 'END') throw truncated('its END line is missing');
    if (end[2] !== begin[2]) throw damaged('its BEGIN and END lines differ');
    blocks.push({ label: begin[2] as string, body: text.slice((begin.index as number) + begin[0].length, end.index) });
  }
  return blocks;
};

const fromPem = (text: string): RsaPrivateKey => {
  const blocks = readPem(text);
  const privateKeys = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  if (privateKeys.length > 1) {
    throw fault('signing_key_ambiguous', `${privateKeys.length} private keys`, 'Paste only the one that signs.');
  }
  const block = privateKeys[0] ?? blocks[0];
  if (!block) throw damaged('its BEGIN line is not whole');
  const { label, body } = block;
  const refused = REFUSED_LABELS[label];
  if (refused) throw refused();
  if (label !== 'PRIVATE KEY' && label !== 'RSA PRIVATE KEY') {
    throw unreadable('a PEM block of another kind', 'Paste the private key file.');
  }
  // The encryption of PEM files before PKCS#8: RFC 1421 section 4.6.
  if (/Proc-Type:|DEK-Info:/.test(body)) throw encrypted();
  const base64 = body.replace(/\s/g, '');
  const der = fromBase64(base64);
  if (der !== undefined) return fromDer(der);
  throw /^[A-Za-z0-9+/]*={0,2}$/.test(base64) ? truncated('its Base64 is not whole') : damaged('it is not Base64');
};

/** The value of some JSON, undefined when it is none: the message of JSON.parse quotes the text, which is the key. */
const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The text within quotes; of a JSON string what it stands for. */
const unquote = (text: string): string => {
  const value = text.startsWith('"') && parseJson(text);
  return typeof value === 'string' ? value.trim() : text.replace(/^(["'])(.*)\1$/s, '$2');
};

/** @param plain the same text with its escapes taken for line breaks, as it must be read where it is no JSON with them */
const fromJwk = (text: string, plain: string): SigningKey => {
  const jwk = (parseJson(text) ?? parseJson(plain)) as Record<string, unknown> | undefined;
  if (!jwk) throw text.endsWith('}') ? damaged('it is not JSON') : truncated('its JSON is not whole');
  if (Array.isArray(jwk.keys)) {
    throw unreadable('a JWK Set', 'Paste the one key that signs, from "{" to "}".');
  }
  if (jwk.kty === 'EC' || jwk.kty === 'OKP' || jwk.kty === 'oct') throw notRsa(`a JWK of type ${jwk.kty}`);
  if (jwk.kty !== 'RSA') {
    throw unreadable('JSON that is not a JWK', 'Paste a JWK whose "kty" is "RSA".');
  }
  if (jwk.d === undefined) {
    throw fault('signing_key_public', 'a public key', 'Paste the JWK that has the private members too.');
  }
  if (jwk.oth !== undefined) throw damaged('it is not a key of two primes');
  if ((jwk.alg ?? 'PS256') !== 'PS256' || (jwk.use ?? 'sig') !== 'sig' || !allowsSigning(jwk.key_ops)) {
    throw fault(
      'signing_key_wrong_use',
      'a JWK whose "alg", "use" or "key_ops" is for something else',
      'Paste the key that is registered for PS256 signatures.',
    );
  }
  const missing = JWK_NUMBERS.filter(name => jwk[name] === undefined);
  if (missing.length > 0) {
    throw unreadable(`a JWK without ${missing.join(', ')}`, 'Export the key with all its members.');
  }
  const [n, e, d, p, q, dp, dq, qi] = JWK_NUMBERS.map(name => {
    const value = jwk[name];
    const hex = typeof value === 'string' ? fromBase64url(value) : undefined;
    if (!hex) throw damaged(`its member ${name} is not base64url`);
    return BigInt(`0x${hex}`);
  }) as [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];
  const kid = typeof jwk.kid === 'string' && jwk.kid !== '' ? jwk.kid : undefined;
  return { key: checkNumbers({ n, e, d, p, q, dp, dq, qi }), kid };
};

const allowsSigning = (keyOps: unknown): boolean =>
  keyOps === undefined || (Array.isArray(keyOps) && keyOps.includes('sign'));

/**
 * Imports the signing key from the text of a variable.
 *
 * @param text PKCS#8 or PKCS#1 in PEM, its line breaks kept, escaped, replaced by blanks or gone, perhaps in quotes or in
 * Base64 once more, perhaps after certificates or other text; or an RSA private JWK
 * @throws ClientAuthError `variable_missing`, `variable_unresolved`, or the `signing_key_…` that tells the fault
 */
export const importSigningKey = (text: string): SigningKey => {
  const trimmed = text.trim();
  if (trimmed.length > MAX_LENGTH) {
    throw unreadable(`${trimmed.length} characters of text`, 'Paste the key file alone.');
  }
  const unquoted = unquote(trimmed);
  // The letter is optional so that a long run of backslashes is read once, not once from each of them.
  const plain = unquoted.replace(/\\+([rn]?)/g, (run, letter) => (letter ? ' ' : run)).trim();
  if (plain === '') {
    throw fault(
      'variable_missing',
      'nothing',
      'Paste the key into the "signing_key" of the environment that is selected.',
    );
  }
  const leftover = leftoverOf(plain);
  if (leftover) throw fault('variable_unresolved', leftover, 'Set that variable, or paste the key itself.');
  if (plain.startsWith('{')) return fromJwk(unquoted, plain);
  if (/-----BEGIN [A-Z]/.test(plain)) return { key: fromPem(plain), kid: undefined };

  if (/-----END |-----BEGIN/.test(plain)) throw truncated('its BEGIN line is missing');
  const letters = plain.replace(/\s/g, '').replace(/=+$/, '').replace(/\+/g, '-').replace(/\//g, '_');
  // What was cut off is told by what the rest is.
  const whole = letters.slice(0, letters.length & ~3);
  const decoded = fromHex(fromBase64url(letters) ?? fromBase64url(whole) ?? '');
  // A PEM, with all that may have befallen it before, or a JWK.
  if (/-----BEGIN |^\s*["'{]/.test(decoded)) return importSigningKey(decoded);
  if (decoded.startsWith('\x30')) {
    throw unreadable(
      'Base64 without its "-----BEGIN PRIVATE KEY-----" line',
      'Paste the whole file, its first and last line too.',
    );
  }
  throw unreadable(`${plain.length} characters of other text`, 'Paste the private key file.');
};
