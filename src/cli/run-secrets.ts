// The secrets of a run, found as it goes: the signing key in all its forms, client assertions, request objects, tokens, PKCE
// verifiers. On the machine; each is handed to the redaction before a reporter sees it.

import { createPrivateKey } from 'node:crypto';
import { importSigningKey } from '../client-auth/signing-key.ts';
import type { Redaction } from './redaction.ts';

/** Names of parameters, members and variables whose values are secrets, with what is written in their place. */
const LABELS: Record<string, string> = {
  access_token: '[access_token]',
  refresh_token: '[refresh_token]',
  id_token: '[id_token]',
  token: '[access_token]',
  code_verifier: '[code_verifier]',
  client_secret: '[client_secret]',
  signing_key: '[signing_key]',
};

/** Adds a named value, if the name is that of a secret. */
export function addNamed(redaction: Redaction, name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') return;
  if (name === 'client_assertion') redaction.add(value, toJwtLabel(name, value));
  // It begins as an assertion does, and what it asks for is nobody else's business.
  else if (name === 'request' && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(value)) {
    redaction.add(value, toJwtLabel('request_object', value));
  } else if (name === 'signing_key') addSigningKey(redaction, value);
  else if (LABELS[name]) redaction.add(value, LABELS[name]);
}

/** Adds the signing key: as it was given, and as every tool would write it. */
function addSigningKey(redaction: Redaction, text: string): void {
  const label = LABELS.signing_key as string;
  redaction.add(text, label);
  try {
    const { bits: _bits, ...numbers } = importSigningKey(text).key;
    const toText = (value: bigint) => {
      const hex = value.toString(16);
      return Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex').toString('base64url');
    };
    const members = Object.entries(numbers).map(([name, value]) => [name, toText(value)]);
    for (const [name, value] of members) if (name !== 'n' && name !== 'e') redaction.add(value as string, label);
    const key = createPrivateKey({ key: { kty: 'RSA', ...Object.fromEntries(members) }, format: 'jwk' });
    for (const type of ['pkcs8', 'pkcs1'] as const) {
      const pem = key.export({ type, format: 'pem' }).toString();
      redaction.add(pem, label);
      redaction.add(pem.replace(/-----[A-Z ]+-----|\s/g, ''), label);
    }
  } catch {
    // No key that could sign; the text alone is taken out.
  }
}

/** What a JWT was, without what makes it one. */
function toJwtLabel(name: string, jwt: string): string {
  const [header, claims] = jwt.split('.', 2).map(part => {
    try {
      return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown> | null;
    } catch {
      return null;
    }
  });
  const plain = (value: unknown) => String(value ?? 'unknown').replace(/[^\w.:@-]/g, '_');
  return `[${name} kid=${plain(header?.kid)} jti=${plain(claims?.jti)}]`;
}

/** Adds the secrets of a form. */
export function addForm(redaction: Redaction, form: Iterable<[string, unknown]>): void {
  for (const [name, value] of form) addNamed(redaction, name, value);
}

/** Adds the tokens of a JSON answer, however deep. */
export function addJson(redaction: Redaction, text: string): void {
  if (!text.includes('token')) return;
  try {
    JSON.parse(text, (name, value) => {
      addNamed(redaction, name, value);
      return value;
    });
  } catch {
    // Not JSON: an error page holds no tokens.
  }
}

/** Adds the token of a header `Authorization: Bearer`. */
export function addAuthorization(redaction: Redaction, header: string): void {
  const [scheme = '', token] = header.trim().split(/\s+/, 2);
  if (token && /^(?:Bearer|DPoP)$/i.test(scheme)) redaction.add(token, '[access_token]');
}
