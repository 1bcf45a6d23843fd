// Signatures that split Ed25519 verifiers, made with the private key over real licenses, and those of the public vectors:
// whichever form carries one, the verdict on it is the same.

import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { Point, verifyAsync } from '@noble/ed25519'
import { describe, expect, test } from 'vitest'
import { parseTrustedKeys } from '../../src/domain/license/trusted-keys.ts'
import { parseSigningKey } from '../../src/issuing/keys/signing-key.ts'
import { FORMS, issue } from '../unit/domain/license/forms.ts'
import { key, outcome } from '../unit/domain/license/signed.ts'
import { NEEDS_VECTORS, readVectors, VECTORS_ABSENT } from './public-vectors.ts'
import { ed25519Jwk, readWycheproof } from './signatures.ts'
import { ACCEPTED, expectVerdicts, type Verdict } from './verdicts.ts'

const ED25519_FORMS = FORMS.filter(({ alg }) => alg === 'EdDSA')
const FACTS = { id: 'lic-1', organization: 'Acme Corp' }
const ORDER = Point.CURVE().n
const OF_ORDER_8 = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')
/** The neutral element with y = p + 1, which a reader that reduces takes for 1. */
const NEUTRAL_NOT_CANONICAL = Buffer.from(`ee${'ff'.repeat(30)}7f`, 'hex')

/** The only verdict that counts. */
const BOTH = 'node noble'

interface Signature {
  readonly R: Uint8Array
  readonly S: bigint
}

interface Signer {
  /** A signature with that nonce, whose R is moved by a point, or spelled in another way. */
  readonly sign: (nonce: bigint, change?: { readonly add?: Point; readonly spell?: Uint8Array }) => Signature
  /** The nonce that RFC 8032 derives. */
  readonly nonce: bigint
}

const FORGERIES: readonly (readonly [what: string, accepts: string, forge: (signer: Signer) => Signature])[] = [
  ['nothing unusual', BOTH, ({ sign, nonce }) => sign(nonce)],
  ['another nonce', BOTH, ({ sign, nonce }) => sign(nonce + 1n)],
  ['S beyond the order', '', ({ sign, nonce }) => plus(sign(nonce), ORDER)],
  ['S beyond twice the order', '', ({ sign, nonce }) => plus(sign(nonce), 2n * ORDER)],
  ['S of the opposite sign', '', ({ sign, nonce }) => ({ ...sign(nonce), S: ORDER - sign(nonce).S })],
  ['R of mixed order', 'noble', ({ sign, nonce }) => sign(nonce, { add: OF_ORDER_8 })],
  ['R neutral', 'noble', ({ sign }) => sign(0n)],
  ['R neutral, not canonical', '', ({ sign }) => sign(0n, { spell: NEUTRAL_NOT_CANONICAL })],
  ['R of order 8', 'noble', ({ sign }) => sign(0n, { add: OF_ORDER_8 })],
]

describe('a forged signature has the same verdict in every form', () => {
  test.for(FORGERIES)('%s; accepted by: %s', async ([, accepts, forge]) => {
    for (const form of ED25519_FORMS) {
      const made: { message: Uint8Array; signature: Uint8Array }[] = []
      const license = form.write(FACTS, 'k1', (message) => {
        const signature = toBytes(forge(signerOf(key.privateKey, message)))
        made.push({ message, signature })
        return signature
      })
      const { message, signature } = made[0]!
      const { x = '' } = key.privateKey.export({ format: 'jwk' })
      const accepting = [
        ...(verify(null, message, createPublicKey(key.privateKey), signature) ? ['node'] : []),
        ...((await verifyAsync(signature, message, Buffer.from(x, 'base64url'), { zip215: false })) ? ['noble'] : []),
      ]
      expect(accepting.join(' '), form.name).toBe(accepts)
      expect(await outcome(license, form.options), form.name).toBe(accepts === BOTH ? 'authentic' : 'BadSignature')
    }
  })
})

// Hundreds of licenses, each verified twice.
describe.skipIf(VECTORS_ABSENT)(`public vectors ${NEEDS_VECTORS}`, { timeout: 60_000 }, () => {
  test('the private keys of RFC 8032 and Wycheproof sign licenses in every form', async (context) => {
    const rfc8032: readonly { readonly priv: string; readonly pub: string }[] = readVectors(
      'noble-ed25519/rfc8032-ed25519.json',
    )
    const secrets = new Map([
      ...rfc8032.map(
        ({ priv, pub }) => [ed25519Jwk(pub)['x'], Buffer.from(priv, 'hex').toString('base64url')] as const,
      ),
      ...readWycheproof('noble-ed25519/ed25519_test_OLD.json').map(({ jwk }) => [jwk['x'], jwk['d']] as const),
    ])
    const verdicts = new Map<string, Verdict>()
    for (const [x, d] of secrets) {
      const signer = await parseSigningKey(JSON.stringify({ kty: 'OKP', crv: 'Ed25519', kid: 'k1', x, d }))
      for (const form of ED25519_FORMS) {
        const answer = await outcome(issue(form, FACTS, signer), { ...form.options, keys: signer.trust })
        verdicts.set(`${String(x)} in ${form.name}`, answer === 'authentic' ? ACCEPTED : answer)
      }
    }
    const expected = new Map([...verdicts.keys()].map((name) => [name, ACCEPTED]))
    expectVerdicts(context, 'licenses by the keys of vectors', verdicts, expected)
    expect(verdicts.size).toBe(52 * ED25519_FORMS.length)
  })

  test('no signature of a vector makes a license of any form', async (context) => {
    const [actual, expected] = [new Map<string, Verdict>(), new Map<string, Verdict>()]
    for (const { name, jwk, signature } of readWycheproof('wycheproof/ed25519_test.json')) {
      const keys = parseTrustedKeys(JSON.stringify({ keys: [{ ...jwk, kid: 'k1', alg: 'EdDSA' }] }))
      for (const form of ED25519_FORMS) {
        const label = `${name} in ${form.name}`
        const license = form.write(FACTS, 'k1', () => signature)
        actual.set(label, await outcome(license, { ...form.options, keys }))
        expected.set(label, reasonFor(form.name, signature.length))
      }
    }
    expectVerdicts(context, 'signatures of vectors on licenses', actual, expected)
    expect(actual.size).toBe(151 * ED25519_FORMS.length)
  })
})

/** Why a signature is refused that has nothing to do with the license. */
function reasonFor(form: string, bytes: number): Verdict {
  // The form has room for 64 bytes, no more and no less.
  if (form === 'CTO JSON' && bytes !== 64) return 'MalformedClaims'
  return bytes === 0 ? 'MalformedLicense' : 'BadSignature'
}

function plus({ R, S }: Signature, more: bigint): Signature {
  return { R, S: S + more }
}

function signerOf(privateKey: KeyObject, message: Uint8Array): Signer {
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' })
  const expanded = sha512(Buffer.from(d, 'base64url'))
  const [scalar, prefix] = [clamped(expanded), expanded.subarray(32)]
  return {
    nonce: number(sha512(prefix, message)) % ORDER,
    sign(nonce, { add = Point.ZERO, spell } = {}) {
      const R = spell ?? (nonce === 0n ? Point.ZERO : Point.BASE.multiply(nonce)).add(add).toBytes()
      const challenge = number(sha512(R, Buffer.from(x, 'base64url'), message)) % ORDER
      return { R, S: (nonce + challenge * scalar) % ORDER }
    },
  }
}

function clamped(expanded: Uint8Array): bigint {
  const scalar = number(expanded.subarray(0, 32))
  return (scalar & ((1n << 254n) - 8n)) | (1n << 254n)
}

function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  return createHash('sha512').update(Buffer.concat(parts)).digest()
}

/** Little-endian, as everything in Ed25519. */
function number(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}

function toBytes({ R, S }: Signature): Uint8Array {
  return Buffer.concat([R, Buffer.from(S.toString(16).padStart(64, '0'), 'hex').reverse()])
}
