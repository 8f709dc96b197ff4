// Modular exponentiation on native BigInt, on both sides. Every sandbox has BigInt, and in code that runs only once it is
// many times faster than arithmetic written in JavaScript. Not constant in time: see docs/security.md.

/**
 * Computes base to the power of exponent, modulo modulus, by windows of five bits: the digits of the exponent in base 32.
 *
 * @param exponent zero or more
 * @param modulus more than one
 * @see Handbook of Applied Cryptography, algorithm 14.82
 */
export const modPow = (base: bigint, exponent: bigint, modulus: bigint): bigint => {
  const digits = exponent.toString(32);
  const powers = [1n, base % modulus];
  const power = (index: number): bigint => {
    for (let i = powers.length; i <= index; i++)
      powers.push(((powers[i - 1] as bigint) * (powers[1] as bigint)) % modulus);
    return powers[index] as bigint;
  };
  let result = 1n;
  for (let i = 0; i < digits.length; i++) {
    if (i > 0) for (let bit = 0; bit < 5; bit++) result = (result * result) % modulus;
    const digit = Number.parseInt(digits.charAt(i), 32);
    if (digit > 0) result = (result * power(digit)) % modulus;
  }
  return result;
};
