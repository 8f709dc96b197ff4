// What the build cuts out of jsrsasign for ps256.ts, by the names that jsrsasign gives it.

declare module 'jsrsasign/ps256' {
  type WordArray = { toString(): string };
  /** Puts its methods on the class of the key. */
  const load: (
    RSAKey: new () => { n: object; doPrivate: (message: never) => object },
    BigInteger: unknown,
    SecureRandom: unknown,
    KJUR: { crypto: { Util: { hashHex: (hex: string, hash: string) => string } } },
  ) => { SHA256(message: WordArray): WordArray; enc: { Hex: { parse(hex: string): WordArray } } };
  export default load;
}
