// The part of node-forge that opens PKCS #12 files, by the modules that hold it; bytes are in strings, one a character.

declare module 'node-forge/lib/forge.js' {
  type Asn1 = { value: { length: number } };
  /** A digest; its name is that of node:crypto. */
  type Digest = { algorithm: string };
  type DeriveKey = (password: string | null, salt: unknown, id: number, rounds: number, ...rest: unknown[]) => unknown;
  const forge: {
    asn1: { fromDer(bytes: string, strict: boolean): Asn1; toDer(value: Asn1): { getBytes(): string } };
    pki: {
      oids: Record<'keyBag' | 'pkcs8ShroudedKeyBag' | 'certBag', string>;
      pbe: { generatePkcs12Key: DeriveKey };
      certificateFromAsn1: unknown;
      privateKeyFromAsn1: unknown;
    };
    pkcs5: { pbkdf2(password: string | null, salt: string, rounds: number, length: number, digest?: Digest): string };
    pkcs12: {
      generateKey: DeriveKey;
      pkcs12FromAsn1(
        file: Asn1,
        strict: boolean,
        password: string | null,
      ): { safeContents: { safeBags: { type: string; asn1: Asn1 }[] }[] };
    };
  };
  export default forge;
}

declare module 'node-forge/lib/pkcs12.js';
declare module 'node-forge/lib/sha512.js';
declare module 'node-forge/lib/asn1.js';
