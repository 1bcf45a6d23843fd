// The verifier against public vectors, with exact expectations: an upgrade of Node must not change what is accepted.

import { describe, expect, test } from 'vitest'
import { importPublicKey, type SignatureAlgorithm, verifySignature } from '../../../../src/domain/license/signature.ts'
import { NEEDS_VECTORS, readVectors, VECTORS_ABSENT } from './public-vectors.ts'
import { key, newKey, rawSignature } from './signed.ts'

interface Wycheproof {
  readonly testGroups: readonly {
    readonly publicKeyJwk?: Readonly<Record<string, unknown>>
    readonly publicKey: Readonly<Record<'wx' | 'wy' | 'modulus' | 'publicExponent', string>>
    readonly tests: readonly {
      readonly tcId: number
      readonly msg: string
      readonly sig: string
      readonly result: 'valid' | 'invalid' | 'acceptable'
    }[]
  }[]
}

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))
const base64url = (text: string) => Buffer.from(text, 'hex').toString('base64url')

async function accepts(alg: SignatureAlgorithm, jwk: object, message: string, signature: string): Promise<boolean> {
  try {
    return await verifySignature(importPublicKey(alg, { ...jwk }), hex(message), hex(signature))
  } catch {
    return false // the key itself is refused
  }
}

test.each(['EdDSA', 'ES256', 'RS256'] as const)('%s: accepts its own signature and no other', async (alg) => {
  const signer = await newKey('s', alg)
  const { publicKey } = signer.trust.get('s')!
  const message = Buffer.from('growth')
  const signature = rawSignature(signer.privateKey, alg, message)
  expect(await verifySignature(publicKey, message, signature)).toBe(true)
  expect(await verifySignature(publicKey, Buffer.from('Growth'), signature)).toBe(false)
  expect(await verifySignature(publicKey, message, signature.subarray(1))).toBe(false)
  expect(await verifySignature(publicKey, message, new Uint8Array())).toBe(false)
  expect(await verifySignature(key.trust.get('k1')!.publicKey, message, signature)).toBe(false)
})

describe.skipIf(VECTORS_ABSENT)(`public vectors ${NEEDS_VECTORS}`, () => {
  test.each([
    ['EdDSA', 'ed25519', 151, []],
    ['ES256', 'ecdsa_secp256r1_sha256_p1363', 262, []],
    // Valid signatures of keys with e = 3, which we do not trust.
    ['RS256', 'rsa_signature_2048_sha256', 259, [258, 259]],
  ] as const)('Wycheproof %s (%s): exactly the valid ones', async (alg, file, count, refused) => {
    const vectors: Wycheproof = readVectors(`wycheproof/${file}_test.json`)
    const unexpected: number[] = []
    let seen = 0
    for (const { publicKeyJwk, publicKey, tests } of vectors.testGroups) {
      const jwk = publicKeyJwk ?? jwkOf(alg, publicKey)
      for (const { tcId, msg, sig, result } of tests) {
        seen++
        if ((await accepts(alg, jwk, msg, sig)) !== (result === 'valid')) unexpected.push(tcId)
      }
    }
    expect(unexpected).toEqual(refused)
    expect(seen).toBe(count)
  })

  test('RFC 8032 §7.1: every signature is accepted', async () => {
    const vectors: { pub: string; msg: string; sig: string }[] = readVectors('noble-ed25519/rfc8032-ed25519.json')
    for (const { pub, msg, sig } of vectors) {
      expect(await accepts('EdDSA', { kty: 'OKP', crv: 'Ed25519', x: base64url(pub) }, msg, sig)).toBe(true)
    }
    expect(vectors.length).toBeGreaterThan(3)
  })

  test('"Taming the many EdDSAs": none of the twelve edge cases is accepted', async () => {
    interface EdgeCase {
      readonly message: string
      readonly pub_key: string
      readonly signature: string
    }
    const accepted: number[] = []
    const cases: EdgeCase[] = readVectors('ed25519-speccheck/cases.json')
    for (const [index, edge] of cases.entries()) {
      const jwk = { kty: 'OKP', crv: 'Ed25519', x: base64url(edge.pub_key) }
      if (await accepts('EdDSA', jwk, edge.message, edge.signature)) accepted.push(index)
    }
    expect(accepted).toEqual([])
  })
})

/** Some groups of vectors come without a JWK; their numbers have a zero in front where the first bit is set. */
function jwkOf(alg: SignatureAlgorithm, key: Wycheproof['testGroups'][number]['publicKey']): object {
  const number = (text: string) => base64url(text.replace(/^(00)+/, ''))
  if (alg === 'RS256') return { kty: 'RSA', n: number(key.modulus), e: number(key.publicExponent) }
  return { kty: 'EC', crv: 'P-256', x: base64url(key.wx.slice(-64)), y: base64url(key.wy.slice(-64)) }
}
