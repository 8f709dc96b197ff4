// The floor of the benchmark, inside the sandbox: one PS256 client assertion on native BigInt with nothing around it. No
// key formats but PKCS#8, no checks, no hedged randomness, no errors.

declare const pm: {
  variables: { get(name: string): string };
  request: { body: { urlencoded: { upsert(parameter: { key: string; value: string }): void } } };
};

const K = new Int32Array(64);
const H = new Int32Array(8);
for (let n = 2, count = 0; count < 64; n++) {
  let isPrime = true;
  for (let i = 2; i * i <= n && isPrime; i++) isPrime = n % i !== 0;
  if (!isPrime) continue;
  if (count < 8) H[count] = (n ** 0.5 % 1) * 2 ** 32;
  K[count++] = (n ** (1 / 3) % 1) * 2 ** 32;
}
const w = new Int32Array(64);

/** SHA-256 of a binary string, as a binary string. */
const sha256 = (message: string): string => {
  const words = new Int32Array((((message.length + 8) >> 6) + 1) << 4);
  for (let i = 0; i < message.length; i++) words[i >> 2]! |= message.charCodeAt(i) << (24 - (i & 3) * 8);
  words[message.length >> 2]! |= 0x80 << (24 - (message.length & 3) * 8);
  words[words.length - 1] = message.length * 8;
  const h = H.slice();
  for (let at = 0; at < words.length; at += 16) {
    let [a, b, c, d, e, f, g, k] = [h[0]!, h[1]!, h[2]!, h[3]!, h[4]!, h[5]!, h[6]!, h[7]!];
    for (let i = 0; i < 64; i++) {
      if (i < 16) {
        w[i] = words[at + i]!;
      } else {
        const x = w[i - 15]!;
        const y = w[i - 2]!;
        w[i] =
          (((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)) +
          (((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)) +
          w[i - 16]! +
          w[i - 7]!;
      }
      const t1 =
        k +
        (((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))) +
        ((e & f) ^ (~e & g)) +
        K[i]! +
        w[i]!;
      const t2 =
        (((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))) + ((a & b) ^ (a & c) ^ (b & c));
      k = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    h[0]! += a;
    h[1]! += b;
    h[2]! += c;
    h[3]! += d;
    h[4]! += e;
    h[5]! += f;
    h[6]! += g;
    h[7]! += k;
  }
  let digest = '';
  for (let i = 0; i < 8; i++) {
    const word = h[i]!;
    digest += String.fromCharCode(word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255);
  }
  return digest;
};

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const toBase64url = (bytes: string): string => {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes.charCodeAt(i) << 16) | (bytes.charCodeAt(i + 1) << 8) | bytes.charCodeAt(i + 2);
    text +=
      ALPHABET[group >> 18]! + ALPHABET[(group >> 12) & 63]! + ALPHABET[(group >> 6) & 63]! + ALPHABET[group & 63]!;
  }
  return text.slice(0, Math.ceil((bytes.length * 4) / 3));
};

/** The integers of a PKCS#8 key in PEM. */
const readIntegers = (pem: string): bigint[] => {
  const values = new Uint8Array(128);
  for (let i = 0; i < 64; i++) values[ALPHABET.charCodeAt(i)] = i;
  values[43] = 62;
  values[47] = 63;
  const base64 = pem.replace(/-----[^-]+-----|\s|=/g, '');
  let hex = '';
  for (let i = 0; i < base64.length; i += 2) {
    hex += (4096 + (values[base64.charCodeAt(i)]! << 6) + (values[base64.charCodeAt(i + 1)] ?? 0))
      .toString(16)
      .slice(1);
  }
  const integers: bigint[] = [];
  // Version, algorithm and the headers around the RSAPrivateKey take 26 bytes where the key has 2048 bits or more.
  for (let at = 52; integers.length < 9; ) {
    let length = Number.parseInt(hex.slice(at + 2, at + 4), 16);
    const isSequence = hex.startsWith('30', at);
    at += 4;
    if (length > 128) {
      const digits = (length - 128) * 2;
      length = Number.parseInt(hex.slice(at, at + digits), 16);
      at += digits;
    }
    if (isSequence) continue;
    integers.push(BigInt(`0x${hex.slice(at, at + length * 2)}`));
    at += length * 2;
  }
  return integers;
};

const modPow = (base: bigint, exponent: bigint, modulus: bigint): bigint => {
  if (exponent === 65537n) {
    let power = base;
    for (let i = 0; i < 16; i++) power = (power * power) % modulus;
    return (power * base) % modulus;
  }
  const powers = [1n, base % modulus];
  for (let i = 2; i < 32; i++) powers.push((powers[i - 1]! * powers[1]!) % modulus);
  let result = 1n;
  for (const digit of exponent.toString(32)) {
    for (let i = 0; i < 5; i++) result = (result * result) % modulus;
    result = (result * powers[Number.parseInt(digit, 32)]!) % modulus;
  }
  return result;
};

const toHex = (bytes: string): string => {
  let hex = '';
  for (let i = 0; i < bytes.length; i++) hex += (256 + bytes.charCodeAt(i)).toString(16).slice(1);
  return hex;
};

const sign = (text: string, pem: string): string => {
  const numbers = readIntegers(pem);
  const [n, p, q, dp, dq, qi] = [numbers[1]!, numbers[4]!, numbers[5]!, numbers[6]!, numbers[7]!, numbers[8]!];
  const length = n.toString(16).length / 2;
  let salt = '';
  for (let i = 0; i < 32; i++) salt += String.fromCharCode(Math.random() * 256);
  const hash = sha256(`\0\0\0\0\0\0\0\0${sha256(text)}${salt}`);
  let mask = '';
  for (let i = 0; mask.length < length - 33; i++) mask += sha256(`${hash}\0\0\0${String.fromCharCode(i)}`);
  const block = BigInt(`0x01${toHex(salt)}`);
  const masked = BigInt.asUintN(length * 8 - 265, block ^ BigInt(`0x${toHex(mask.slice(0, length - 33))}`));
  const message = (masked << 264n) | BigInt(`0x${toHex(hash)}bc`);
  const m1 = modPow(message, dp, p);
  const m2 = modPow(message, dq, q);
  const signature = m2 + (((((m1 - m2) * qi) % p) + p) % p) * q;
  if (modPow(signature, 65537n, n) !== message) throw new Error('fault');
  const hex = signature.toString(16).padStart(length * 2, '0');
  let bytes = '';
  for (let i = 0; i < hex.length; i += 2) bytes += String.fromCharCode(Number.parseInt(hex.slice(i, i + 2), 16));
  return toBase64url(bytes);
};

const now = Math.floor(Date.now() / 1000);
const clientId = pm.variables.get('client_id');
const jti = '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, digit =>
  (Number(digit) ^ ((Math.random() * 16) >> (Number(digit) / 4))).toString(16),
);
const encode = (part: object) => toBase64url(JSON.stringify(part));
const claims = { iss: clientId, sub: clientId, aud: pm.variables.get('token_endpoint'), iat: now, exp: now + 600, jti };
const input = `${encode({ alg: 'PS256', kid: pm.variables.get('kid') })}.${encode(claims)}`;
pm.request.body.urlencoded.upsert({
  key: 'client_assertion',
  value: `${input}.${sign(input, pm.variables.get('signing_key'))}`,
});
