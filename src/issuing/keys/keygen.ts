// Makes the vendor's key pairs. The private half is returned for the caller to store, and shown nowhere.

import { exportJWK, generateKeyPair } from 'jose'
import type { SignatureAlgorithm } from '../../domain/license/signature.ts'
import type { KeyUse } from '../../domain/license/trusted-keys.ts'
import { keyIdFor } from './signing-key.ts'

export interface GeneratedKey {
  readonly keyId: string
  readonly alg: SignatureAlgorithm
  readonly use: KeyUse
  readonly privateJwk: Readonly<Record<string, unknown>>
  readonly publicJwk: Readonly<Record<string, unknown>>
}

const RSA_MODULUS_BITS = 3072

/** Generates a key pair; without a key ID it gets one that follows from the key itself. */
export async function generateSigningKey(options: {
  readonly alg: SignatureAlgorithm
  readonly use: KeyUse
  readonly keyId?: string | undefined
}): Promise<GeneratedKey> {
  const { alg, use } = options
  const pair = await generateKeyPair(alg, { extractable: true, modulusLength: RSA_MODULUS_BITS })
  const publicJwk = await exportJWK(pair.publicKey)
  const privateJwk = await exportJWK(pair.privateKey)
  const keyId = options.keyId ?? (await keyIdFor(publicJwk))
  const names = { kid: keyId, alg, use }
  return { keyId, alg, use, privateJwk: { ...names, ...privateJwk }, publicJwk: { ...names, ...publicJwk } }
}
