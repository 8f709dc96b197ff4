// Key intake, on both sides: the text of the variable `signing_key`, in any form that a paste gives it, becomes an RSA private
// key that is known to be whole, or the exact fault. Here are the blocks of a PEM (RFC 7468) and the use of a JWK (RFC 7517).

import { fromBase64 } from './encoding.ts';
import { fromDer, fromJwkMembers, type RsaPrivateKey } from './rsa-numbers.ts';
import {
  ambiguous,
  damaged,
  encrypted,
  fault,
  notJwk,
  notRsa,
  publicKey,
  refusalOfLabel,
  truncated,
} from './signing-key-faults.ts';
import { openKeyText } from './signing-key-text.ts';

export type { RsaPrivateKey };

/** An imported key; `kid` is there when the key was a JWK that has one. */
export type SigningKey = { key: RsaPrivateKey; kid: string | undefined };

type PemBlock = { label: string; body: string };

/** The blocks of a text, whatever is between them, and whatever became of their line breaks. */
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
  if (privateKeys.length > 1) throw ambiguous(privateKeys.length);
  const block = privateKeys[0] ?? blocks[0];
  if (!block) throw damaged('its BEGIN line is not whole');
  const refusal = refusalOfLabel(block.label);
  if (refusal) throw refusal;
  // The encryption of PEM files before PKCS#8: RFC 1421 section 4.6.
  if (/Proc-Type:|DEK-Info:/.test(block.body)) throw encrypted();
  const base64 = block.body.replace(/\s/g, '');
  const der = fromBase64(base64);
  if (der !== undefined) return fromDer(der);
  throw /^[A-Za-z0-9+/]*={0,2}$/.test(base64) ? truncated('its Base64 is not whole') : damaged('it is not Base64');
};

/** RFC 7517 sections 4.2 to 4.4. An empty member says as little as none. */
const allowsPs256 = ({ alg, use, key_ops }: Record<string, unknown>): boolean => {
  const operations = key_ops ?? [];
  return (
    (alg || 'PS256') === 'PS256' &&
    (use || 'sig') === 'sig' &&
    Array.isArray(operations) &&
    (operations.length === 0 || operations.includes('sign'))
  );
};

const fromJwk = (jwk: Record<string, unknown>): SigningKey => {
  const { kty, d, kid } = jwk;
  if (kty === 'EC' || kty === 'OKP' || kty === 'oct') throw notRsa(`a JWK of type ${kty}`);
  if (kty !== 'RSA') throw notJwk();
  if ((d ?? undefined) === undefined) throw publicKey('Paste the JWK that has the private members too.');
  if (!allowsPs256(jwk)) {
    throw fault(
      'signing_key_wrong_use',
      'a JWK whose "alg", "use" or "key_ops" is for something else',
      'Paste the key that is registered for PS256 signatures.',
    );
  }
  return { key: fromJwkMembers(jwk), kid: typeof kid === 'string' && kid !== '' ? kid : undefined };
};

/**
 * Imports the signing key from the text of a variable: PKCS#8 or PKCS#1, in PEM or in Base64, or an RSA private JWK, in each form
 * that {@link openKeyText} opens.
 *
 * @throws ClientAuthError `variable_missing`, `variable_unresolved`, or the `signing_key_…` that names the fault
 * @see RFC 5958, RFC 8017 appendix A.1.2, RFC 7468, RFC 7517
 */
export const importSigningKey = (text: string): SigningKey => {
  const opened = openKeyText(text);
  if ('jwk' in opened) return fromJwk(opened.jwk);
  return { key: 'pem' in opened ? fromPem(opened.pem) : fromDer(opened.der), kid: undefined };
};
