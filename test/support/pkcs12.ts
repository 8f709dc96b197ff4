// PKCS #12 files for tests, made by openssl, and taken apart and put together again.

import { spawnSync } from 'node:child_process';
import 'node-forge/lib/asn1.js';
import forge from 'node-forge/lib/forge.js';
import type { KeyedCertificate } from '../../src/demo/certificates.ts';

/** Why such files can't be made here; false if they can. */
export const noOpenssl =
  spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed on this machine';

/** Runs openssl; what it writes to standard output. */
export const openssl = (args: string[], input?: string): Buffer => {
  const { stdout, stderr, status } = spawnSync('openssl', args, { input });
  if (status !== 0) throw new Error(`openssl: ${stderr}`);
  return stdout;
};

/**
 * Makes a PKCS #12 file.
 *
 * @param chain further certificates, each PEM
 * @param options further ones of `openssl pkcs12 -export`
 */
export const createPkcs12 = (
  { cert, key }: KeyedCertificate,
  passphrase: string,
  chain: string[] = [],
  options: string[] = [],
): Buffer =>
  openssl(['pkcs12', '-export', '-passout', `pass:${passphrase}`, ...options], [key, cert, ...chain].join('\n'));

/** A part of a file, as ASN.1; what is in an octet string is a text of bytes. */
export type Node = { value: Node[] } & { value: string };

export const toNode = (bytes: string): Node => forge.asn1.fromDer(bytes, false) as unknown as Node;
export const toBytes = (node: Node): string => forge.asn1.toDer(node as never).getBytes();

/** Changes the contents of a file without encryption and MAC: openssl puts the certificates first, then the key. */
export const changeContents = (file: Buffer, change: (contents: Node[]) => Node[]): Buffer => {
  const pfx = toNode(file.toString('latin1'));
  const data = pfx.value[1]?.value[1]?.value[0] as Node;
  const contents = toNode(data.value);
  contents.value = change(contents.value) as never;
  data.value = toBytes(contents) as never;
  return Buffer.from(toBytes(pfx), 'latin1');
};
