// Which keys may be trusted at all: a bad key is refused when the set is read, with its position and ID.

import { checkPrimeSync, generateKeyPairSync, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { isUsableAt, parseTrustedKeys } from '../../../../src/domain/license/trusted-keys.ts'
import { key, newKey } from './signed.ts'

const jwk = key.publicJwk
const ec = (await newKey('e1', 'ES256')).publicJwk
const rsa = (await newKey('r1', 'RS256')).publicJwk

const parse = (...keys: unknown[]) => parseTrustedKeys(JSON.stringify({ keys }))

function rsaJwk(modulusLength: number, publicExponent = 65_537) {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent })
  return { ...publicKey.export({ format: 'jwk' }), kid: 'r1', alg: 'RS256' }
}

/** A modulus of 2048 bits, made as the flawed chips made theirs: both primes are k * M + 65537^a mod M. */
function rocaModulus(): string {
  const primes = Array.from({ length: 702 }, (_, n) => BigInt(n)).filter((n) => n > 1n && checkPrimeSync(n))
  const M = primes.reduce((product, prime) => product * prime)
  const flawedPrime = (): bigint => {
    const power = randomBytes(1).readUInt8()
    let residue = 1n
    for (let a = 0; a < power; a++) residue = (residue * 65_537n) % M
    const smallest = (3n << 1022n) / M
    for (let k = smallest + BigInt(randomBytes(4).readUInt32BE()); ; k++) {
      const candidate = k * M + residue
      if (checkPrimeSync(candidate)) return candidate
    }
  }
  return Buffer.from((flawedPrime() * flawedPrime()).toString(16), 'hex').toString('base64url')
}

/** base64url of 32 bytes, given as hex and padded at the end. */
const x = (hex: string) => Buffer.from(hex.padEnd(64, '0'), 'hex').toString('base64url')

test('a set of several keys is read by ID, and may be empty', () => {
  expect([...parse(jwk, ec, rsa).keys()]).toEqual(['k1', 'e1', 'r1'])
  expect(parse().size).toBe(0)
})

test('an absent use and the `sig` of RFC 7517 mean licenses; unknown members of a JWK do not matter', () => {
  const { use: _, ...withoutUse } = jwk
  const keys = parse(withoutUse, { ...jwk, kid: 'k2', use: 'sig', key_ops: ['verify'], x5c: ['MII'] })
  expect([...keys.values()].map((key) => key.use)).toEqual(['license', 'license'])
})

test('IDs are bytes: what looks alike, or has another case, is another key', () => {
  const keys = parse({ ...jwk, kid: '__proto__' }, { ...jwk, kid: 'K1' }, jwk)
  expect(keys.size).toBe(3)
  expect(keys.get('constructor')).toBeUndefined()
})

test('a key may have a period; its end is exclusive', () => {
  const [nbf, exp] = [Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)]
  const trusted = parse({ ...jwk, nbf: nbf / 1000, exp: exp / 1000 }).get('k1')!
  expect(trusted).toMatchObject({ notBefore: nbf, expiresAt: exp })
  expect([nbf - 1, nbf, exp - 1, exp].map((now) => isUsableAt(trusted, now))).toEqual([false, true, true, false])
})

describe('a key is refused', () => {
  test.each([
    ['a private key', { ...jwk, d: 'c2VjcmV0' }, /holds a secret \("d"\); put only the public part here/],
    ['a symmetric key', { kid: 'k1', kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' }, /holds a secret \("k"\)/],
    ['another algorithm', { ...jwk, alg: 'HS256' }, /alg: must be one of EdDSA, ES256, RS256/],
    ['an algorithm of another key type', { ...jwk, alg: 'ES256' }, /ES256 needs kty "EC" and crv "P-256"/],
    ['Ed448', { ...jwk, crv: 'Ed448' }, /EdDSA needs kty "OKP" and crv "Ed25519"/],
    ['no kid', { ...jwk, kid: undefined }, /kid: /],
    ['an empty kid', { ...jwk, kid: '' }, /kid: must be 1 to 128 printable ASCII characters/],
    ['a kid in Cyrillic', { ...jwk, kid: 'к1' }, /kid: must be 1 to 128 printable ASCII characters/],
    ['an unknown use', { ...jwk, use: 'enc' }, /use: must be one of license, revocation, catalog, heartbeat/],
    ['a period in milliseconds', { ...jwk, exp: 1_800_000_000_000 }, /exp: must be whole seconds since 1970/],
    ['a period that ends before it begins', { ...jwk, nbf: 1_800_000_000, exp: 1_700_000_000 }, /nbf must be earlier/],
    ['Ed25519: a short x', { ...jwk, x: 'AAAA' }, /x must be 32 bytes/],
    ['Ed25519: padding', { ...jwk, x: `${String(jwk['x'])}=` }, /x is not base64url/],
    ['Ed25519: the identity', { ...jwk, x: x('01') }, /x is not a sound Ed25519 point/],
    ['Ed25519: order 4', { ...jwk, x: x('') }, /x is not a sound Ed25519 point/],
    [
      'Ed25519: order 8',
      { ...jwk, x: x('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa') },
      /x is not a sound Ed25519 point/,
    ],
    ['Ed25519: not on the curve', { ...jwk, x: x('02') }, /x is not a sound Ed25519 point/],
    ['P-256: not on the curve', { ...ec, y: ec['x'] }, /x and y are not a point on the P-256 curve/],
    ['P-256: the zero point', { ...ec, x: x(''), y: x('') }, /x and y are not a point on the P-256 curve/],
    ['RSA: 1024 bits', rsaJwk(1024), /the modulus has 1024 bits, and 2048 are the least/],
    ['RSA: e = 3', rsaJwk(2048, 3), /the exponent e must be 65537/],
    ['RSA: the mark of ROCA', { ...rsa, n: rocaModulus() }, /\(ROCA, CVE-2017-15361\)$/],
    ['RSA: no modulus', { ...rsa, n: undefined }, /n is missing/],
  ])('%s', (_, bad, problem) => {
    expect(() => parse(bad)).toThrow(problem)
  })

  test('whose Ed25519 point is not spelled canonically, whatever the point', () => {
    // y from p to 2^255 - 1, with either sign of x.
    for (const last of ['7f', 'ff']) {
      for (let first = 0xed; first <= 0xff; first++) {
        const spelling = `${first.toString(16)}${'ff'.repeat(30)}${last}`
        expect(() => parse({ ...jwk, x: x(spelling) }), spelling).toThrow(/x is not a sound Ed25519 point/)
      }
    }
  })

  test('with a sentence that names it by position and ID, and quotes nothing secret', () => {
    const bad = { ...jwk, kid: 'k2', d: 'c2VjcmV0LXNjYWxhcg' }
    expect(() => parse(jwk, bad)).toThrow(/^trusted key 1 \("k2"\): /)
    expect(() => parse(jwk, bad)).not.toThrow(/c2VjcmV0/)
    expect(() => parse(jwk, jwk)).toThrow('trusted key 1 ("k1"): another key before it has the same kid')
  })
})

test.each([
  ['not JSON', '{', 'the set of trusted keys is not valid JSON'],
  ['the same name twice', '{"keys":[],"keys":[]}', 'the set of trusted keys has the same name twice in one object'],
  ['a single key', JSON.stringify(jwk), 'the set of trusted keys is not a JWK Set: it needs a list named "keys"'],
  ['a list', '[]', 'the set of trusted keys is not a JWK Set: it needs a list named "keys"'],
  ['a key that is no object', '{"keys":[1]}', 'trusted key 0: is not an object'],
])('a set is refused: %s', (_, text, problem) => {
  expect(() => parseTrustedKeys(text)).toThrow(problem)
})
