// A script of a collection that signs by itself with what it finds in `signing_key`: PS256 on BigInt, as a hostile script would have
// it. It defines `sign(claims)`, which gives a compact JWS.

/** The source of the script. The key is PKCS#8 in PEM. */
export const SIGNER = String.raw`
const hashes = require('crypto-js');
const toHex = bytes => bytes.map(byte => byte.toString(16).padStart(2, '0')).join('');
const toBytes = hex => hex.match(/../g).map(pair => parseInt(pair, 16));
const toText = bytes => bytes.map(byte => String.fromCharCode(byte)).join('');
const toUrl = text => btoa(text).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const sha256 = bytes => toBytes(hashes.SHA256(hashes.enc.Hex.parse(toHex(bytes))).toString());
const der = [...atob(pm.variables.get('signing_key').replace(/-----[^-]+-----|\s/g, ''))].map(one => one.charCodeAt(0));
const readAt = at => {
  let length = der[at + 1], start = at + 2;
  if (length & 128) for (let left = length & 127, length2 = (length = 0); left > 0; left--) length = length * 256 + der[start++];
  return { start, end: start + length };
};
const version = readAt(readAt(0).start);
const octets = readAt(readAt(version.end).end);
const numbers = [];
for (let at = readAt(readAt(octets.start).start).end; numbers.length < 3; ) {
  const { start, end } = readAt(at);
  numbers.push(BigInt('0x' + toHex(der.slice(start, end))));
  at = end;
}
const [n, , d] = numbers;
const power = (base, exponent) => {
  let result = 1n;
  for (let e = exponent, b = base; e > 0n; e >>= 1n, b = (b * b) % n) if (e & 1n) result = (result * b) % n;
  return result;
};
const sign = claims => {
  const input = toUrl('{"alg":"PS256","kid":"key-1"}') + '.' + toUrl(claims);
  const salt = Array(32).fill(7);
  const hash = sha256([...Array(8).fill(0), ...sha256([...input].map(one => one.charCodeAt(0))), ...salt]);
  const block = [...Array(256 - 32 - 32 - 2).fill(0), 1, ...salt];
  const mask = [];
  for (let i = 0; mask.length < block.length; i++) mask.push(...sha256([...hash, 0, 0, 0, i]));
  const masked = block.map((byte, at) => byte ^ mask[at]);
  masked[0] &= 0x7f;
  const signature = power(BigInt('0x' + toHex([...masked, ...hash, 0xbc])), d).toString(16).padStart(512, '0');
  return input + '.' + toUrl(toText(toBytes(signature)));
};`;
