// The mark of RSA keys from Infineon's flawed generator (ROCA, CVE-2017-15361), which can be factored. Chips that hold
// keys for signing had it, so a vendor may own such a key without knowing.

const GENERATOR = 65_537
const SMALL_PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
]

/**
 * Whether the modulus is, modulo every small prime, a power of 65537: so it is with each key of that generator, and with
 * one in 2²⁷ others.
 */
export function hasRocaMark(modulus: bigint): boolean {
  return SMALL_PRIMES.every((prime) => isPowerOfGenerator(Number(modulus % BigInt(prime)), prime))
}

function isPowerOfGenerator(residue: number, prime: number): boolean {
  let power = 1
  for (let exponent = 1; exponent < prime; exponent++) {
    if (power === residue) return true
    power = (power * GENERATOR) % prime
  }
  return false
}
