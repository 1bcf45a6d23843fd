// The one verifier of signatures. The public vectors for it stand in test/conformance.

import { expect, test } from 'vitest'
import { verifySignature } from '../../../../src/domain/license/signature.ts'
import { key, newKey, rawSignature } from './signed.ts'

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
