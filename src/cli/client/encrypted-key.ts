// An encrypted signing key and its passphrase. OpenSSL wants the lines of a PEM as they were; a paste often loses them, so
// they are put right first. On the machine. Formats: PKCS#8 (RFC 5958 section 3), and the older one of RFC 1421 section 4.6.

import { createPrivateKey } from 'node:crypto';

/** A block with a private key, its headers if it has them, and its Base64. The length of the vector tells where it ends. */
const BLOCK = /-----BEGIN ([A-Z ]{0,30}PRIVATE KEY)-----(.*?)-----END \1-----/s;
const HEADERS = /Proc-Type:\s*4,ENCRYPTED\s*DEK-Info:\s*([A-Z\d-]+,(?:[\dA-F]{32}|[\dA-F]{16}))/i;

/**
 * Decrypts a signing key.
 *
 * @param text encrypted PEM in any disguise that {@link importSigningKey} takes of a plain one
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

/** The PEM of the one private key in a text, with the lines that belong to it. */
function toLines(text: string): string {
  const plain = text.includes('-----BEGIN ') ? text : Buffer.from(text, 'base64').toString('latin1');
  const [, label = '', inside = ''] = BLOCK.exec(plain.replace(/\\+([rn]?)/g, '\n')) ?? [];
  const [headers = '', dekInfo] = HEADERS.exec(inside) ?? [];
  const lines = inside
    .replace(headers, '')
    .replace(/\s/g, '')
    .replace(/.{1,64}/g, '$&\n');
  // The label of a key without headers may lie.
  const name = dekInfo ? label : 'ENCRYPTED PRIVATE KEY';
  const head = dekInfo ? `Proc-Type: 4,ENCRYPTED\nDEK-Info: ${dekInfo}\n\n` : '';
  return `-----BEGIN ${name}-----\n${head}${lines}-----END ${name}-----\n`;
}
