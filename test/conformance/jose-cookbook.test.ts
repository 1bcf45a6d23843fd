// The examples of RFC 7520, 8037 and 7797: signatures in our algorithms verify, its keys are taken or refused for what
// they are, and none of its tokens, however well signed, is a license.

import { describe, expect, test } from 'vitest'
import { importPublicKey, type SignatureAlgorithm, verifySignature } from '../../src/domain/license/signature.ts'
import { parseTrustedKeys } from '../../src/domain/license/trusted-keys.ts'
import { keyIdFor } from '../../src/issuing/keys/signing-key.ts'
import { outcome } from '../unit/domain/license/signed.ts'
import { NEEDS_VECTORS, readVectors, VECTORS_ABSENT } from './public-vectors.ts'
import { ACCEPTED, expectVerdicts, named, REJECTED, type Verdict } from './verdicts.ts'

type Jwk = Readonly<Record<string, unknown>>

interface Example {
  readonly input: { readonly key: Jwk }
  readonly signing: { readonly 'sig-input': string; readonly sig: string }
  readonly output: Readonly<Record<'compact' | 'json' | 'json_flat', string | object>>
}

const JWS = ['4_1.rsa_v15_signature', '4_2.rsa-pss_signature', '4_3.ecdsa_signature']
const MACS = ['4_4.hmac-sha2_integrity_protection', '4_5.signature_with_detached_content']
const OTHERS = ['4_6.protecting_specific_header_fields', '4_7.protecting_content_only', '4_8.multiple_signatures']
const EXAMPLES = [
  ...[...JWS, ...MACS, ...OTHERS].map((name) => `jws/${name}`),
  'curve25519/jws',
  'curve25519/ecdh-es',
  'rfc7797/4.2.hmac-sha2_b64_false',
  'rfc7797/hmac-sha2_b64_false',
]

const example = (name: string): Example => readVectors(`jose-cookbook/${name}.json`)

describe.skipIf(VECTORS_ABSENT)(`JOSE cookbook ${NEEDS_VECTORS}`, () => {
  test('signatures', async (context) => {
    const verify = async (name: string, alg: SignatureAlgorithm, { input, signing } = example(name)) => {
      const signature = Buffer.from(signing.sig, 'base64url')
      const accepted = await verifySignature(
        importPublicKey(alg, input.key),
        Buffer.from(signing['sig-input']),
        signature,
      )
      return [name, accepted ? ACCEPTED : REJECTED] as const
    }
    const { sign } = readVectors('jose-cookbook/6.nesting_signatures_and_encryption.json')
    const verdicts = new Map<string, Verdict>([
      await verify('jws/4_1.rsa_v15_signature', 'RS256'),
      await verify('jws/4_2.rsa-pss_signature', 'RS256'),
      await verify('6.nesting_signatures_and_encryption', 'RS256', sign),
      await verify('curve25519/jws', 'EdDSA'),
    ])
    const expected = named({
      [ACCEPTED]: 'jws/4_1.rsa_v15_signature curve25519/jws',
      // PSS is not RS256, though the key is the same.
      [REJECTED]: 'jws/4_2.rsa-pss_signature 6.nesting_signatures_and_encryption',
    })
    expectVerdicts(context, 'JOSE cookbook signatures', verdicts, expected)
  })

  test('tokens are no licenses, in whatever serialization', async (context) => {
    const verdicts = new Map<string, Verdict>()
    for (const name of EXAMPLES) {
      for (const [form, token] of Object.entries(example(name).output)) {
        const answer = await outcome(typeof token === 'string' ? token : JSON.stringify(token))
        verdicts.set(`${name}#${form}`, answer)
      }
    }
    const compact = named({
      MalformedHeader: `
        jws/4_1.rsa_v15_signature#compact jws/4_2.rsa-pss_signature#compact jws/4_3.ecdsa_signature#compact
        jws/4_4.hmac-sha2_integrity_protection#compact curve25519/jws#compact`,
      MalformedLicense: `
        jws/4_5.signature_with_detached_content#compact curve25519/ecdh-es#compact rfc7797/hmac-sha2_b64_false#compact`,
    })
    // What starts with a brace is read as a CTO JSON license, whose fields they do not have.
    const json = [...verdicts.keys()].filter((name) => !name.endsWith('#compact'))
    const expected = new Map([...compact, ...json.map((name) => [name, 'MalformedClaims'] as const)])
    expectVerdicts(context, 'JOSE cookbook tokens', verdicts, expected)
    expect(expected.size).toBe(31)
  })

  test('keys', (context) => {
    const key = (name: string): Jwk => readVectors(`jose-cookbook/jwk/${name}.json`)
    const verdict = (jwk: Jwk) => {
      try {
        parseTrustedKeys(JSON.stringify({ keys: [jwk] }))
        return ACCEPTED
      } catch (error) {
        return String(error).replace(/^Error: trusted key 0 \(".*"\): /, '')
      }
    }
    const secret = (name: string) =>
      `holds a secret ("${name}"); put only the public part here and keep the private key with the vendor`
    const noAlgorithm = 'alg: must be one of EdDSA, ES256, RS256'
    const rsa = { ...key('3_3.rsa_public_key'), alg: 'RS256' }
    const verdicts = new Map([
      ['3_1', verdict(key('3_1.ec_public_key'))],
      ['3_1 for ES256', verdict({ ...key('3_1.ec_public_key'), alg: 'ES256' })],
      ['3_2', verdict(key('3_2.ec_private_key'))],
      ['3_3', verdict(key('3_3.rsa_public_key'))],
      ['3_3 for RS256', verdict(rsa)],
      ['3_4', verdict(key('3_4.rsa_private_key'))],
      ['3_5', verdict(key('3_5.symmetric_key_mac_computation'))],
      ['3_6', verdict(key('3_6.symmetric_key_encryption'))],
    ])
    const expected = new Map([
      ['3_1', noAlgorithm],
      ['3_1 for ES256', 'ES256 needs kty "EC" and crv "P-256"'],
      ['3_2', secret('d')],
      ['3_3', noAlgorithm],
      ['3_3 for RS256', ACCEPTED],
      ['3_4', secret('d')],
      ['3_5', secret('k')],
      ['3_6', secret('k')],
    ])
    expectVerdicts(context, 'JOSE cookbook keys', verdicts, expected)
  })

  test('RFC 8037 appendix A.3: the ID of a key is the beginning of its thumbprint', async () => {
    const { kty, crv, x } = example('curve25519/jws').input.key
    expect(await keyIdFor({ kty, crv, x })).toBe('kPrK_qmxVWaYVA9w')
  })
})
