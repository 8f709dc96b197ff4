// The refusals of a signing key, on both sides: one sentence for each kind of text that is not an RSA private key. None of
// them quotes the text.

import { type ClientAuthError, type ClientAuthErrorCode, mustBe } from './errors.ts';

/** Makes the refusal of a signing key: what it is instead, and one thing to do. */
export const fault = (code: ClientAuthErrorCode, got: string, remedy: string): ClientAuthError =>
  mustBe(code, 'signing_key', 'an RSA private key (PEM or JWK)', got, remedy);

const PASTE_WHOLE = 'Paste the whole file again.';
const PASTE_PRIVATE = 'Paste the private key file that belongs to it.';

/** `signing_key_unreadable`: something else than a key. */
export const unreadable = (got: string, remedy = 'Paste the private key file.') =>
  fault('signing_key_unreadable', got, remedy);

/** `signing_key_unreadable`: JSON of another kind. */
export const notJwk = () => unreadable('JSON that is not a JWK', 'Paste a JWK whose "kty" is "RSA".');

/** `signing_key_damaged`: a key that was changed. */
export const damaged = (how: string) => fault('signing_key_damaged', `a damaged one (${how})`, PASTE_WHOLE);

/** `signing_key_truncated`: a key of which a part is missing. */
export const truncated = (how: string) => fault('signing_key_truncated', `a truncated one (${how})`, PASTE_WHOLE);

/** `signing_key_not_rsa`: a key of another algorithm. */
export const notRsa = (got: string) =>
  fault('signing_key_not_rsa', got, 'Paste the RSA key whose public half is in your JWKS.');

/** `signing_key_not_rsa`, of a private key by its kind, with the article. */
export const notRsaKey = (kind: string) => notRsa(`${kind} private key`);

/** `signing_key_encrypted` */
export const encrypted = () =>
  fault(
    'signing_key_encrypted',
    'an encrypted private key',
    'Decrypt it with "openssl pkey -in encrypted.pem -out signing-key.pem" and paste the result.',
  );

/** `signing_key_ambiguous` */
export const ambiguous = (count: number) =>
  fault('signing_key_ambiguous', `${count} private keys`, 'Paste only the one that signs.');

/** `signing_key_public` */
export const publicKey = (remedy = PASTE_PRIVATE) => fault('signing_key_public', 'a public key', remedy);

/** `signing_key_certificate` */
export const certificate = () =>
  fault('signing_key_certificate', 'a certificate', 'Paste the private key that belongs to the kid.');

/** The PEM labels that never mean an RSA private key. */
const REFUSED_LABELS: Record<string, () => ClientAuthError> = {
  // RFC 7468 sections 5 to 13; "TRUSTED" and "RSA" are OpenSSL's.
  CERTIFICATE: certificate,
  'TRUSTED CERTIFICATE': certificate,
  'CERTIFICATE REQUEST': () => unreadable('a certificate request', PASTE_PRIVATE),
  'ENCRYPTED PRIVATE KEY': encrypted,
  'PUBLIC KEY': publicKey,
  'RSA PUBLIC KEY': publicKey,
  // RFC 5915 section 4
  'EC PRIVATE KEY': () => notRsaKey('an EC'),
  'DSA PRIVATE KEY': () => notRsaKey('a DSA'),
  'OPENSSH PRIVATE KEY': () =>
    unreadable(
      'an OpenSSH private key',
      'Convert a copy of the file with "ssh-keygen -p -m PKCS8 -f copy.pem" and paste the result.',
    ),
};

/** Gives the refusal of a PEM block by its label; undefined when its label is that of an RSA private key. */
export const refusalOfLabel = (label: string): ClientAuthError | undefined => {
  if (label === 'PRIVATE KEY' || label === 'RSA PRIVATE KEY') return undefined;
  return REFUSED_LABELS[label]?.() ?? unreadable('a PEM block of another kind');
};
