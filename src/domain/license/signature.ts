// The one verifier of signatures, and which public keys it will work with. The algorithm is the key's, never the token's.

import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { Point, verifyAsync } from '@noble/ed25519'
import { hasRocaMark } from './roca.ts'

export const SIGNATURE_ALGORITHMS = ['EdDSA', 'ES256', 'RS256'] as const
/** `alg` of RFC 7518 and RFC 8037; EdDSA with Ed25519 only. */
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number]

/** A public key that has passed `importPublicKey`. */
export type PublicKey =
  | { readonly alg: 'EdDSA'; readonly keyObject: KeyObject; readonly point: Uint8Array }
  | { readonly alg: 'ES256'; readonly keyObject: KeyObject }
  | { readonly alg: 'RS256'; readonly keyObject: KeyObject }

type Jwk = Readonly<Record<string, unknown>>

const SMALLEST_RSA_MODULUS_BITS = 2048
const RSA_EXPONENT = 65_537n
const P256_COORDINATE_BYTES = 32
const ED25519_KEY_BYTES = 32

/**
 * Imports the public part of a JWK and checks that the key is a sound one.
 * @throws Error that says what is wrong, as the end of a sentence ("x is not …").
 */
export function importPublicKey(alg: SignatureAlgorithm, jwk: Jwk): PublicKey {
  return importers[alg](jwk)
}

/** Whether the signature was made over exactly these bytes with the private half of the key. */
export async function verifySignature(key: PublicKey, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  if (key.alg === 'RS256') return verify('sha256', message, key.keyObject, signature)
  if (key.alg === 'ES256') {
    // JWS carries r and s side by side (RFC 7518 §3.4), not in DER.
    return verify('sha256', message, { key: key.keyObject, dsaEncoding: 'ieee-p1363' }, signature)
  }
  // RFC 8032 leaves corners open, and OpenSSL's answer in them has changed between releases. Only what both verifiers
  // accept is valid, so that an upgrade of Node cannot quietly widen it. `zip215: false` is noble's strict mode.
  if (!verify(null, message, key.keyObject, signature)) return false
  return verifyAsync(signature, message, key.point, { zip215: false })
}

const importers: Readonly<Record<SignatureAlgorithm, (jwk: Jwk) => PublicKey>> = {
  EdDSA: importEd25519,
  ES256: importP256,
  RS256: importRsa,
}

function importEd25519(jwk: Jwk): PublicKey {
  if (jwk['kty'] !== 'OKP' || jwk['crv'] !== 'Ed25519') throw new Error('EdDSA needs kty "OKP" and crv "Ed25519"')
  const x = parameter(jwk, 'x', ED25519_KEY_BYTES)
  // Under a point of small order one signature fits many messages; a sound key generator never makes one.
  if (!isSoundPoint(x)) throw new Error('x is not a sound Ed25519 point')
  const keyObject = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') }, format: 'jwk' })
  return { alg: 'EdDSA', keyObject, point: new Uint8Array(x) }
}

function isSoundPoint(bytes: Uint8Array): boolean {
  try {
    const point = Point.fromBytes(bytes, false)
    return !point.isSmallOrder() && point.isTorsionFree()
  } catch {
    return false
  }
}

function importP256(jwk: Jwk): PublicKey {
  if (jwk['kty'] !== 'EC' || jwk['crv'] !== 'P-256') throw new Error('ES256 needs kty "EC" and crv "P-256"')
  const x = parameter(jwk, 'x', P256_COORDINATE_BYTES).toString('base64url')
  const y = parameter(jwk, 'y', P256_COORDINATE_BYTES).toString('base64url')
  try {
    const keyObject = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
    return { alg: 'ES256', keyObject }
  } catch {
    throw new Error('x and y are not a point on the P-256 curve')
  }
}

function importRsa(jwk: Jwk): PublicKey {
  if (jwk['kty'] !== 'RSA') throw new Error('RS256 needs kty "RSA"')
  const modulus = parameter(jwk, 'n')
  const [n, e] = [modulus.toString('base64url'), parameter(jwk, 'e').toString('base64url')]
  const keyObject = createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' })
  const { modulusLength = 0, publicExponent } = keyObject.asymmetricKeyDetails ?? {}
  if (modulusLength < SMALLEST_RSA_MODULUS_BITS) {
    throw new Error(`the modulus has ${modulusLength} bits, and ${SMALLEST_RSA_MODULUS_BITS} are the least`)
  }
  if (publicExponent !== RSA_EXPONENT) throw new Error('the exponent e must be 65537 ("AQAB")')
  if (hasRocaMark(BigInt(`0x${modulus.toString('hex')}`))) {
    throw new Error('the modulus n comes from a generator whose keys can be broken (ROCA, CVE-2017-15361)')
  }
  return { alg: 'RS256', keyObject }
}

/** A parameter of a JWK, in the only spelling that base64url has for its bytes. */
function parameter(jwk: Jwk, name: string, bytes?: number): Buffer {
  const text = jwk[name]
  if (typeof text !== 'string' || text === '') throw new Error(`${name} is missing`)
  const value = Buffer.from(text, 'base64url')
  if (value.toString('base64url') !== text) throw new Error(`${name} is not base64url`)
  if (bytes !== undefined && value.length !== bytes) throw new Error(`${name} must be ${bytes} bytes`)
  return value
}
