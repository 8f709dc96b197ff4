// Keys for tests, made when needed, and the disguises in which a key arrives in a variable.

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  generatePrimeSync,
  type KeyObject,
  type RSAKeyPairOptions,
} from 'node:crypto';

/**
 * Makes a key pair, and reads it in again: Node 20 hangs where it exports a key as a JWK while it frees the memory of the job
 * that has made the same key.
 */
const createKeyPair = (type: 'rsa' | 'ec' | 'ed25519', options: object = {}) => {
  const encodings = {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  };
  const all = { ...options, ...encodings } as RSAKeyPairOptions<'pem', 'pem'>;
  const pem = generateKeyPairSync(type as 'rsa', all).privateKey;
  return { privateKey: createPrivateKey(pem), publicKey: createPublicKey(pem) };
};

/** A new RSA key pair. */
export const createRsaKey = (modulusLength = 2048, publicExponent = 65537) =>
  createKeyPair('rsa', { modulusLength, publicExponent });

/** A new key pair on the curve P-256. */
export const createEcKey = () => createKeyPair('ec', { namedCurve: 'P-256' });

/** The inverse of a number that has one. */
export const modInverse = (value: bigint, modulus: bigint): bigint => {
  let [a, b, x, y] = [((value % modulus) + modulus) % modulus, modulus, 1n, 0n];
  while (a > 1n) {
    const quotient = a / b;
    [a, b] = [b, a % b];
    [x, y] = [y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
};

/** The number as it stands in a JWK. */
export const toBase64url = (value: bigint): string => {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex').toString('base64url');
};

const fromPrimes = (p: bigint, q: bigint, e: bigint): KeyObject => {
  const d = modInverse(e, (p - 1n) * (q - 1n));
  const numbers = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: modInverse(q, p) };
  const members = Object.entries(numbers).map(([name, value]) => [name, toBase64url(value)]);
  return createPrivateKey({ key: { kty: 'RSA', ...Object.fromEntries(members) }, format: 'jwk' });
};

/** A key of exactly so many bits, an odd number of them too, which OpenSSL rounds down to an even one. */
export const createRsaKeyOf = (bits: number): KeyObject => {
  for (;;) {
    const p = generatePrimeSync(Math.ceil(bits / 2), { bigint: true });
    const q = generatePrimeSync(Math.floor(bits / 2), { bigint: true });
    const isCoprime = (p - 1n) % 65537n !== 0n && (q - 1n) % 65537n !== 0n;
    if (isCoprime && p !== q && (p * q).toString(2).length === bits) return fromPrimes(p, q, 65537n);
  }
};

/** The same key with its primes changed over, so that the smaller comes first. */
export const withSmallerPrimeFirst = (key: KeyObject): KeyObject => {
  const jwk = key.export({ format: 'jwk' });
  const [e, p, q] = [jwk.e, jwk.p, jwk.q].map(text =>
    BigInt(`0x${Buffer.from(text ?? '', 'base64url').toString('hex')}`),
  );
  return p && q && e && p < q ? fromPrimes(p, q, e) : fromPrimes(q ?? 0n, p ?? 0n, e ?? 0n);
};

export const toPkcs8 = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
export const toPkcs1 = (key: KeyObject): string => key.export({ type: 'pkcs1', format: 'pem' }).toString();
/** The public half of a private key. */
export const toPublicPem = (key: KeyObject): string =>
  createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
export const toJwk = (key: KeyObject): Record<string, unknown> => ({ ...key.export({ format: 'jwk' }) });

/** Puts other DER, given as bytes, into the PEM of a private key. */
export const toPem = (der: Uint8Array, label = 'PRIVATE KEY'): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
};

const toPadded = (value: unknown): unknown =>
  typeof value === 'string' && value.length > 2 ? Buffer.from(value, 'base64url').toString('base64') : value;
/** A JWK whose members are in standard Base64 with padding. */
const toPaddedJwk = ({ kty, ...members }: Record<string, unknown>) => ({
  kty,
  ...Object.fromEntries(Object.entries(members).map(([name, value]) => [name, toPadded(value)])),
});

/** Forms of one key that tools, secret managers and editors make. */
const formsOfTools = (key: KeyObject, certificate: string): Record<string, string> => {
  const pkcs8 = toPkcs8(key);
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const base64 = der.toString('base64');
  const publicBase64 = createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
  const jwk = toJwk(key);
  const { kty, n, e } = jwk;
  const utf16 = Buffer.from(`\uFEFF${pkcs8}`, 'utf16le');
  return {
    'as Base64 of DER': base64,
    'as Base64 of DER in lines': base64.replace(/.{64}/g, '$&\r\n'),
    'as Base64 of DER with literal \\n': base64.replace(/.{64}/g, '$&\\n'),
    'as Base64 of DER in quotes': `"${base64}"`,
    'as base64url of DER': der.toString('base64url'),
    'as Base64 of PKCS#1 DER': key.export({ type: 'pkcs1', format: 'der' }).toString('base64'),
    'as JWK in padded Base64': JSON.stringify(toPaddedJwk(jwk)),
    'as JWK with oth of null and empty key_ops': JSON.stringify({ ...jwk, oth: null, key_ops: [] }),
    'as JWK with empty oth, and other members of null': JSON.stringify({
      ...jwk,
      ...{ oth: [], key_ops: null, alg: null, use: null },
    }),
    'as JWK with zero-width characters': JSON.stringify({ ...jwk, n: `${jwk.n}\u200b` }).replace(/,/g, ',\u2060'),
    'as JWK Set': JSON.stringify({ keys: [jwk] }),
    'as JWK Set with the public half of another': JSON.stringify({ keys: [{ kty, e, n: `x${n}` }, jwk] }, null, 2),
    'as value in JSON': JSON.stringify({ type: 'service_account', private_key: pkcs8, client_id: '1' }, null, 2),
    'as value in JSON beside its certificate': JSON.stringify({ data: { data: { cert: certificate, key: pkcs8 } } }),
    'as value in JSON in JSON': JSON.stringify({ Name: 'a', SecretString: JSON.stringify({ private_key: pkcs8 }) }),
    'as value in JSON with escaped slashes': JSON.stringify({ key: pkcs8 }).replace(/\//g, '\\/'),
    'as value in JSON with escaped quotes': JSON.stringify(JSON.stringify({ key: jwk })).slice(1, -1),
    'as value in JSON, the Base64 of the PEM': JSON.stringify({
      data: {
        'tls.crt': Buffer.from(certificate).toString('base64'),
        'tls.key': Buffer.from(pkcs8).toString('base64'),
      },
    }),
    'as value in JSON, the Base64 of DER': JSON.stringify({ private: base64, public: publicBase64 }),
    'as value in something like JSON': `{ key: '${pkcs8}' }`,
    'as JWK in JSON': JSON.stringify({ key: jwk }),
    'as JWK in JSON as text': JSON.stringify({ key: JSON.stringify(jwk) }),
    'as Base64 of JSON': Buffer.from(JSON.stringify({ private_key: pkcs8 })).toString('base64'),
    'percent-encoded': encodeURIComponent(pkcs8),
    'percent-encoded as a form': new URLSearchParams({ '': pkcs8 }).toString().slice(1),
    'percent-encoded but for + and /': encodeURI(pkcs8),
    'percent-encoded twice': encodeURIComponent(encodeURIComponent(pkcs8)),
    'with percent-encoded line breaks alone': pkcs8.replace(/\n/g, '%0A'),
    'as percent-encoded JWK': encodeURIComponent(JSON.stringify(jwk)),
    'behind words with a percent sign': `friendlyName: 100%25 a%2Fb 5%\n${pkcs8}`,
    'with zero-width characters': pkcs8.replace(/[^-]{15}/g, '$&\u200b').replace('BEGIN', '\u200bBEG\u2060IN'),
    'with non-breaking spaces': pkcs8.replace(/ /g, '\u00a0').replace(/\n/g, '\n\u00a0\u00a0'),
    'as UTF-16 with zeros between': Buffer.from(pkcs8, 'utf16le').toString('latin1'),
    'as UTF-16 of the other byte order': `\ufffd\ufffd${Buffer.from(pkcs8, 'utf16le').swap16().toString('latin1')}`,
    'as Base64 of UTF-16': utf16.toString('base64'),
    'as Base64 of UTF-16, a JWK': Buffer.from(`\uFEFF${JSON.stringify(jwk)}`, 'utf16le').toString('base64'),
  };
};

/** All the forms of one key that are taken, by what was done to it. */
export const disguisesOf = (key: KeyObject, certificate: string): Record<string, string> => {
  const pkcs8 = toPkcs8(key);
  const body = pkcs8.replace(/-----.*-----|\n/g, '');
  return {
    'PKCS#8 with LF': pkcs8,
    'PKCS#1 with LF': toPkcs1(key),
    'with CRLF': pkcs8.replace(/\n/g, '\r\n'),
    'with CR': pkcs8.replace(/\n/g, '\r'),
    'with literal \\n': pkcs8.replace(/\n/g, '\\n'),
    'with literal \\r\\n': pkcs8.replace(/\n/g, '\\r\\n'),
    'with \\n escaped twice': pkcs8.replace(/\n/g, '\\\\n'),
    'with spaces for line breaks': pkcs8.replace(/\n/g, ' '),
    'with tabs for line breaks': pkcs8.replace(/\n/g, '\t'),
    'with nothing for line breaks': pkcs8.replace(/\n/g, ''),
    'with a body of one line': `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----`,
    'PKCS#1 with nothing for line breaks': toPkcs1(key).replace(/\n/g, ''),
    'in double quotes': `"${pkcs8.replace(/\n/g, '\\n')}"`,
    'in single quotes': `'${pkcs8}'`,
    'with empty lines around it': `\n\n  ${pkcs8}  \n`,
    'with a byte order mark': `\uFEFF${pkcs8}`,
    'as Base64 of the PEM': Buffer.from(pkcs8).toString('base64'),
    'as Base64 of the PEM in lines': (
      Buffer.from(pkcs8)
        .toString('base64')
        .match(/.{1,76}/g) ?? []
    ).join('\n'),
    'as Base64 of the PEM with CRLF': Buffer.from(pkcs8.replace(/\n/g, '\r\n')).toString('base64'),
    'as Base64 of the PEM without padding': Buffer.from(pkcs8).toString('base64').replace(/=/g, ''),
    'as base64url of the PEM': Buffer.from(pkcs8).toString('base64url'),
    'as a JSON string': JSON.stringify(pkcs8.replace(/\n/g, '\r\n')),
    'after its certificate': certificate + pkcs8,
    'before its certificate': pkcs8 + certificate,
    'after the text of openssl': `Bag Attributes\n    friendlyName: signing\nKey Attributes: <No Attributes>\n${pkcs8}`,
    'PKCS#8 labelled as PKCS#1': pkcs8.replace(/PRIVATE KEY/g, 'RSA PRIVATE KEY'),
    'PKCS#1 labelled as PKCS#8': toPkcs1(key).replace(/RSA PRIVATE KEY/g, 'PRIVATE KEY'),
    'as JWK': JSON.stringify(toJwk(key)),
    'as JWK in several lines': JSON.stringify(toJwk(key), null, 2),
    'as JWK with escapes in it': JSON.stringify({ ...toJwk(key), kid: 'DOMAIN\\nadia', x5c: ['a\nb'] }),
    'as Base64 of a JWK': Buffer.from(JSON.stringify(toJwk(key))).toString('base64'),
    'as Base64 of a PEM with literal \\n in quotes': Buffer.from(JSON.stringify(pkcs8)).toString('base64'),
    'as JWK out of a JSON string': JSON.stringify(JSON.stringify(toJwk(key))),
    'as JWK with literal \\n': JSON.stringify(toJwk(key), null, 2).replace(/\n/g, '\\n'),
    'as JWK for PS256 signatures': JSON.stringify({ ...toJwk(key), alg: 'PS256', use: 'sig', key_ops: ['sign'] }),
    ...formsOfTools(key, certificate),
  };
};

/** What is refused: what was made of the key, the code of the error, and what its message must say. */
export type Refusal = { title: string; text: string; code: string; says: RegExp };

/** One of each kind of key that is refused. */
export const refusalsOf = (key: KeyObject, certificate: string): Refusal[] => {
  const pkcs8 = toPkcs8(key);
  const lines = pkcs8.trim().split('\n');
  const body = lines.slice(1, -1).join('');
  const der = Buffer.from(body, 'base64');
  const publicKey = toPublicPem(key);
  const ec = createEcKey().privateKey;
  const ed25519 = createKeyPair('ed25519').privateKey;
  const small = createRsaKey(1024).privateKey;
  const cipher = { cipher: 'aes-256-cbc', passphrase: 'secret' };
  const jwk = toJwk(key);
  const other = toJwk(createRsaKey().privateKey);
  const damagedBody = [...lines];
  damagedBody[9] = [...(damagedBody[9] as string)].reverse().join('');
  return [
    { title: 'an empty variable', text: '', code: 'variable_missing', says: /got nothing\. Paste the key/ },
    { title: 'whitespace alone', text: ' \n ', code: 'variable_missing', says: /got nothing/ },
    { title: 'empty quotes', text: '""', code: 'variable_missing', says: /got nothing/ },
    {
      title: 'an unresolved variable',
      text: '{{MY_KEY}}',
      code: 'variable_unresolved',
      says: /unresolved \{\{MY_KEY\}\}/,
    },
    { title: 'a public key', text: publicKey, code: 'signing_key_public', says: /got a public key/ },
    {
      title: 'a public key labelled as private',
      text: publicKey.replace(/PUBLIC/g, 'PRIVATE'),
      code: 'signing_key_public',
      says: /got a public key/,
    },
    {
      title: 'a PKCS#1 public key',
      text: publicKey.replace(/PUBLIC/g, 'RSA PUBLIC'),
      code: 'signing_key_public',
      says: /got a public key/,
    },
    {
      title: 'a public JWK',
      text: JSON.stringify({ kty: 'RSA', n: jwk.n, e: jwk.e }),
      code: 'signing_key_public',
      says: /got a public key/,
    },
    {
      title: 'a certificate',
      text: certificate,
      code: 'signing_key_certificate',
      says: /got a certificate\. Paste the private key that belongs to the kid/,
    },
    {
      title: 'a certificate request',
      text: toPem(Buffer.from('0000', 'hex'), 'CERTIFICATE REQUEST'),
      code: 'signing_key_unreadable',
      says: /certificate request/,
    },
    {
      title: 'an encrypted PKCS#8 key',
      text: key.export({ type: 'pkcs8', format: 'pem', ...cipher }).toString(),
      code: 'signing_key_encrypted',
      says: /"openssl pkey -in encrypted\.pem -out signing-key\.pem"/,
    },
    {
      title: 'an encrypted PKCS#8 key labelled as plain',
      text: key
        .export({ type: 'pkcs8', format: 'pem', ...cipher })
        .toString()
        .replace(/ENCRYPTED /g, ''),
      code: 'signing_key_encrypted',
      says: /openssl pkey/,
    },
    {
      title: 'an encrypted PKCS#1 key',
      text: key.export({ type: 'pkcs1', format: 'pem', ...cipher }).toString(),
      code: 'signing_key_encrypted',
      says: /openssl pkey/,
    },
    {
      title: 'an encrypted PKCS#1 key on one line',
      text: key
        .export({ type: 'pkcs1', format: 'pem', ...cipher })
        .toString()
        .replace(/\n/g, ' '),
      code: 'signing_key_encrypted',
      says: /openssl pkey/,
    },
    { title: 'an EC key', text: toPkcs8(ec), code: 'signing_key_not_rsa', says: /got an EC private key/ },
    {
      title: 'an EC key of the old form',
      text: ec.export({ type: 'sec1', format: 'pem' }).toString(),
      code: 'signing_key_not_rsa',
      says: /got an EC private key/,
    },
    {
      title: 'an EC key of the old form labelled as PKCS#8',
      text: toPem(ec.export({ type: 'sec1', format: 'der' })),
      code: 'signing_key_not_rsa',
      says: /got an EC private key/,
    },
    {
      title: 'an EC JWK',
      text: JSON.stringify(ec.export({ format: 'jwk' })),
      code: 'signing_key_not_rsa',
      says: /JWK of type EC/,
    },
    {
      title: 'an Ed25519 key',
      text: toPkcs8(ed25519),
      code: 'signing_key_not_rsa',
      says: /got an Ed25519 private key/,
    },
    {
      title: 'an Ed25519 JWK',
      text: JSON.stringify(ed25519.export({ format: 'jwk' })),
      code: 'signing_key_not_rsa',
      says: /JWK of type OKP/,
    },
    {
      title: 'a secret as JWK',
      text: '{"kty":"oct","k":"c2VjcmV0"}',
      code: 'signing_key_not_rsa',
      says: /JWK of type oct/,
    },
    {
      title: 'an OpenSSH key',
      text: toPem(Buffer.from('openssh-key-v1'), 'OPENSSH PRIVATE KEY'),
      code: 'signing_key_unreadable',
      says: /ssh-keygen -p -m PKCS8/,
    },
    {
      title: 'a key of 1024 bits',
      text: toPkcs8(small),
      code: 'signing_key_too_small',
      says: /2048 to 16384 bits, got one of 1024 bits/,
    },
    {
      title: 'a JWK of 1024 bits',
      text: JSON.stringify(toJwk(small)),
      code: 'signing_key_too_small',
      says: /1024 bits/,
    },
    {
      title: 'a key with a damaged line',
      text: damagedBody.join('\n'),
      code: 'signing_key_damaged',
      says: /got a damaged one/,
    },
    {
      title: 'a key with a foreign letter',
      text: pkcs8.replace(/\n(.)/, '\n*'),
      code: 'signing_key_damaged',
      says: /damaged one \(it is not Base64\)/,
    },
    {
      title: 'a JWK with a number of another key',
      text: JSON.stringify({ ...jwk, dp: other.dp }),
      code: 'signing_key_damaged',
      says: /numbers do not belong together/,
    },
    {
      title: 'a JWK with the modulus of another key',
      text: JSON.stringify({ ...jwk, n: other.n }),
      code: 'signing_key_damaged',
      says: /numbers do not belong together/,
    },
    {
      title: 'a JWK with the exponent of another key',
      text: JSON.stringify({ ...jwk, e: 'Aw' }),
      code: 'signing_key_damaged',
      says: /numbers do not belong together/,
    },
    {
      title: 'a JWK of three primes',
      text: JSON.stringify({ ...jwk, oth: [{ r: 'Aw', d: 'AQ', t: 'AQ' }] }),
      code: 'signing_key_damaged',
      says: /not a key of two primes/,
    },
    {
      title: 'a key without its END line',
      text: lines.slice(0, -1).join('\n'),
      code: 'signing_key_truncated',
      says: /truncated one \(its END line is missing\)/,
    },
    {
      title: 'a key without its BEGIN line',
      text: lines.slice(1).join('\n'),
      code: 'signing_key_truncated',
      says: /its BEGIN line is missing/,
    },
    {
      title: 'a key without a line in the middle of its end',
      text: [...lines.slice(0, 20), lines.at(-1)].join('\n'),
      code: 'signing_key_truncated',
      says: /truncated one/,
    },
    {
      title: 'a key that lost its last characters',
      text: pkcs8.replace(/..\n-----END/, '\n-----END'),
      code: 'signing_key_truncated',
      says: /truncated one/,
    },
    ...[1000, 1001, 1002, 1003].map(length => ({
      title: `the first ${length} characters of the Base64 of a PEM`,
      text: Buffer.from(pkcs8).toString('base64').slice(0, length),
      code: 'signing_key_truncated',
      says: /its END line is missing/,
    })),
    {
      title: 'a JWK that was cut',
      text: JSON.stringify(jwk).slice(0, -40),
      code: 'signing_key_truncated',
      says: /its JSON is not whole/,
    },
    {
      title: 'a JWK without CRT members',
      text: JSON.stringify({ kty: 'RSA', n: jwk.n, e: jwk.e, d: jwk.d }),
      code: 'signing_key_unreadable',
      says: /a JWK without p, q, dp, dq, qi/,
    },
    {
      title: 'a JWK Set of public keys',
      text: JSON.stringify({ keys: [{ kty: 'RSA', n: jwk.n, e: jwk.e }] }),
      code: 'signing_key_unreadable',
      says: /got a JWK Set without a private key/,
    },
    {
      title: 'a JWK Set of two private keys',
      text: JSON.stringify({ keys: [jwk, other] }),
      code: 'signing_key_ambiguous',
      says: /got 2 private keys/,
    },
    {
      title: 'a JWK Set of an EC key',
      text: JSON.stringify({ keys: [ec.export({ format: 'jwk' })] }),
      code: 'signing_key_not_rsa',
      says: /JWK of type EC/,
    },
    {
      title: 'JSON with two PEMs',
      text: JSON.stringify({ old: { key: pkcs8 }, new: { key: toPkcs8(small) } }),
      code: 'signing_key_ambiguous',
      says: /got 2 private keys/,
    },
    {
      title: 'JSON with two PEMs in one value',
      text: JSON.stringify({ keys: pkcs8 + toPkcs1(key) }),
      code: 'signing_key_ambiguous',
      says: /got 2 private keys/,
    },
    {
      title: 'JSON with a PEM and a JWK',
      text: JSON.stringify({ signing: jwk, tls: pkcs8 }),
      code: 'signing_key_ambiguous',
      says: /got 2 private keys/,
    },
    {
      title: 'JSON with an encrypted key',
      text: JSON.stringify({ key: key.export({ type: 'pkcs8', format: 'pem', ...cipher }) }),
      code: 'signing_key_encrypted',
      says: /openssl pkey/,
    },
    {
      title: 'JSON with a key that was cut',
      text: JSON.stringify({ key: lines.slice(0, -1).join('\n') }).slice(0, -2),
      code: 'signing_key_truncated',
      says: /its END line is missing/,
    },
    {
      title: 'JSON with a certificate alone',
      text: JSON.stringify({ certificate }),
      code: 'signing_key_unreadable',
      says: /JSON that is not a JWK/,
    },
    {
      title: 'a percent-encoded certificate',
      text: encodeURIComponent(certificate),
      code: 'signing_key_certificate',
      says: /got a certificate/,
    },
    {
      title: 'two percent-encoded keys',
      text: encodeURIComponent(pkcs8 + pkcs8),
      code: 'signing_key_ambiguous',
      says: /got 2 private keys/,
    },
    {
      title: 'a key that was percent-encoded and cut',
      text: encodeURIComponent(pkcs8).slice(0, -9),
      code: 'signing_key_truncated',
      says: /its END line is missing/,
    },
    {
      title: 'a percent sign, written so often that no end is in sight',
      text: `%${'25'.repeat(30_000)}`,
      code: 'signing_key_unreadable',
      says: /characters of text\. Paste the key file alone/,
    },
    {
      title: 'a JWK for RS256',
      text: JSON.stringify({ ...jwk, alg: 'RS256' }),
      code: 'signing_key_wrong_use',
      says: /"alg", "use" or "key_ops"/,
    },
    {
      title: 'a JWK for encryption',
      text: JSON.stringify({ ...jwk, use: 'enc' }),
      code: 'signing_key_wrong_use',
      says: /"alg", "use" or "key_ops"/,
    },
    { title: 'other JSON', text: '{"installed":true}', code: 'signing_key_unreadable', says: /JSON that is not a JWK/ },
    {
      title: 'two private keys',
      text: pkcs8 + toPkcs8(small),
      code: 'signing_key_ambiguous',
      says: /got 2 private keys/,
    },
    {
      title: 'Base64 of DER that was cut',
      text: body.slice(0, -100),
      code: 'signing_key_truncated',
      says: /its end is missing/,
    },
    {
      title: 'Base64 of DER of two keys',
      text: Buffer.concat([der, der]).toString('base64'),
      code: 'signing_key_damaged',
      says: /something follows it/,
    },
    {
      title: 'Base64 of the DER of an EC key',
      text: ec.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
      code: 'signing_key_not_rsa',
      says: /got an EC private key/,
    },
    {
      title: 'Base64 of the DER of a public key',
      text: publicKey.replace(/-----.*-----|\n/g, ''),
      code: 'signing_key_public',
      says: /got a public key/,
    },
    {
      title: 'Base64 of the DER of a certificate',
      text: certificate.replace(/-----.*-----|\n/g, ''),
      code: 'signing_key_certificate',
      says: /got a certificate/,
    },
    {
      title: 'Base64 of the DER of an encrypted key',
      text: key.export({ type: 'pkcs8', format: 'der', ...cipher }).toString('base64'),
      code: 'signing_key_encrypted',
      says: /openssl pkey/,
    },
    {
      title: 'the path of a file',
      text: '/etc/keys/signing.pem',
      code: 'signing_key_unreadable',
      says: /21 characters of other text/,
    },
    {
      title: 'a megabyte of noise',
      text: 'x'.repeat(1_000_000),
      code: 'signing_key_unreadable',
      says: /1000000 characters of text/,
    },
  ];
};

/** Whether a text holds twelve characters or more of a key, in the form in which it was pasted. */
export const leaks = (text: string, key: string): boolean => {
  for (const line of key.split(/[^A-Za-z0-9+/_=-]+/)) {
    for (let i = 0; i + 12 <= line.length; i++) {
      const part = line.slice(i, i + 12);
      if (!/^-|PRIVATE|PUBLIC|CERTIFICATE/.test(part) && text.includes(part)) return true;
    }
  }
  return false;
};
