// Decrypts an encrypted signing key: PKCS#8 (RFC 5958 section 3), or the older format of RFC 1421 section 4.6. OpenSSL reads a
// PEM only with its line breaks, which a paste often loses, so they are restored first. On the machine.

import { createPrivateKey } from 'node:crypto';
import { openKeyText } from '../../client-auth/signing-key-text.ts';

/** A block with a private key: its label, then its headers, if it has any, and its Base64. */
const BLOCK = /-----BEGIN ([A-Z ]{0,30}PRIVATE KEY)-----(.*?)-----END \1-----/s;
/** The headers of RFC 1421; the initialisation vector has 8 or 16 bytes, so its length says where the Base64 begins. */
const HEADERS = /Proc-Type:\s*4,ENCRYPTED\s*DEK-Info:\s*([A-Z\d-]+,(?:[\dA-F]{32}|[\dA-F]{16}))/i;

/**
 * Decrypts a signing key.
 *
 * @param text encrypted PEM or DER, in each form in which `importSigningKey` accepts a plain one
 * @returns PKCS#8 in PEM; undefined when the key does not open with the passphrase
 */
export function decryptSigningKey(text: string, passphrase: string): string | undefined {
  try {
    const key = createPrivateKey({ key: toLines(text), passphrase });
    return key.export({ type: 'pkcs8', format: 'pem' }).toString();
  } catch {
    return undefined;
  }
}

/** The PEM of the private key in a text, with its line breaks. */
function toLines(text: string): string {
  const opened = openKeyText(text);
  const base64 = 'der' in opened ? Buffer.from(opened.der, 'hex').toString('base64') : '';
  const [, label = '', inside = base64] = ('pem' in opened && BLOCK.exec(opened.pem)) || [];
  const [headers = '', dekInfo] = HEADERS.exec(inside) ?? [];
  const lines = inside
    .replace(headers, '')
    .replace(/\s/g, '')
    .replace(/.{1,64}/g, '$&\n');
  // The label of a key without headers may be wrong.
  const name = dekInfo ? label : 'ENCRYPTED PRIVATE KEY';
  const head = dekInfo ? `Proc-Type: 4,ENCRYPTED\nDEK-Info: ${dekInfo}\n\n` : '';
  return `-----BEGIN ${name}-----\n${head}${lines}-----END ${name}-----\n`;
}
