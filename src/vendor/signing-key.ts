// The vendor's private key, from a JWK or a PKCS#8 PEM file, with the public half that verifies what it signs.

import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import type { SignatureAlgorithm } from '../domain/license/signature.ts'
import { isJsonObject, readStrictJson } from '../domain/license/strict-json.ts'
import { parseTrustedKeys, type TrustedKeys } from '../domain/license/trusted-keys.ts'

export interface SigningKey {
  readonly keyId: string
  readonly alg: SignatureAlgorithm
  readonly privateKey: KeyObject
  /** The public half, as a set of trusted keys lists it. */
  readonly publicJwk: Readonly<Record<string, unknown>>
  /** Trusts this key alone. */
  readonly trust: TrustedKeys
}

/** Long enough that no two keys of a vendor share it, short enough to be read out. */
const KEY_ID_LENGTH = 16
const MAX_DEPTH = 8

/**
 * Reads a private key. A JWK says its `kid` and `use`; a PEM file cannot, so its ID is made from the key.
 * @throws Error with one sentence, without a full stop, that never quotes the key.
 */
export async function parseSigningKey(text: string): Promise<SigningKey> {
  const { privateKey, kid, use } = text.trimStart().startsWith('{') ? readJwk(text) : readPem(text)
  const alg = algorithmOf(privateKey)
  const bareJwk = createPublicKey(privateKey).export({ format: 'jwk' })
  const keyId = kid ?? (await keyIdFor(bareJwk))
  const publicJwk = { kid: keyId, alg, use: use ?? 'license', ...bareJwk }
  const trust = parseTrustedKeys(JSON.stringify({ keys: [publicJwk] }))
  return { keyId, alg, privateKey, publicJwk, trust }
}

/** The beginning of the key's thumbprint (RFC 7638): the same key always gets the same ID. */
export async function keyIdFor(publicJwk: object): Promise<string> {
  return (await calculateJwkThumbprint(publicJwk)).slice(0, KEY_ID_LENGTH)
}

interface PrivateKey {
  readonly privateKey: KeyObject
  readonly kid?: string
  readonly use?: string
}

function readJwk(text: string): PrivateKey {
  const json = readStrictJson(text, MAX_DEPTH)
  if ('problem' in json) throw new Error(`the private key ${json.problem}`)
  const jwk = isJsonObject(json.value) ? json.value : {}
  if (!Object.hasOwn(jwk, 'd')) {
    throw new Error('this is not a private key: it may be the public half, which can verify licenses but not sign them')
  }
  const { kid, use } = jwk
  return {
    privateKey: importPrivateKey(() => createPrivateKey({ key: { ...jwk }, format: 'jwk' })),
    ...(typeof kid === 'string' ? { kid } : {}),
    ...(typeof use === 'string' ? { use } : {}),
  }
}

function readPem(text: string): PrivateKey {
  return { privateKey: importPrivateKey(() => createPrivateKey(text)) }
}

/** OpenSSL's own messages may quote what they choke on. */
function importPrivateKey(importKey: () => KeyObject): KeyObject {
  try {
    return importKey()
  } catch {
    throw new Error('the private key cannot be read: it must be a JWK or an unencrypted PKCS#8 PEM file')
  }
}

function algorithmOf(key: KeyObject): SignatureAlgorithm {
  if (key.asymmetricKeyType === 'ed25519') return 'EdDSA'
  if (key.asymmetricKeyType === 'rsa') return 'RS256'
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256'
  throw new Error('the private key must be an Ed25519, P-256 or RSA key')
}
