// What the build cuts out of jsrsasign for ps256.ts, by the names that jsrsasign gives it.

declare module 'jsrsasign/ps256' {
  type WordArray = { toString(): string };
  type RSAKey = {
    n: object;
    doPrivate: (message: never) => object;
    signPSS(text: string, hash: 'sha256', saltLength: number): string;
  };
  const load: (
    BigInteger: unknown,
    SecureRandom: unknown,
    KJUR: { crypto: { Util: { hashHex: (hex: string, hash: string) => string } } },
  ) => {
    RSAKey: new () => RSAKey;
    CryptoJS: { SHA256(message: WordArray): WordArray; enc: { Hex: { parse(hex: string): WordArray } } };
  };
  export default load;
}
