// The vendor's private key, from a JWK or a PKCS#8 PEM file, encrypted or not, with the public half that verifies what it signs.

import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import type { SignatureAlgorithm } from '../../domain/license/signature.ts'
import { isJsonObject, readStrictJson } from '../../domain/license/strict-json.ts'
import { parseTrustedKeys, type TrustedKeys } from '../../domain/license/trusted-keys.ts'
import { encryptPrivateKey } from './encrypted-key.ts'

export interface SigningKey {
  readonly keyId: string
  readonly alg: SignatureAlgorithm
  readonly privateKey: KeyObject
  /** The public half, as a set of trusted keys lists it. */
  readonly publicJwk: Readonly<Record<string, unknown>>
  /** Trusts this key alone. */
  readonly trust: TrustedKeys
}

/** Asks for the pass phrase of a key. Called only for a key that has one. */
export type AskPassphrase = () => Promise<string>

/** Long enough that no two keys of a vendor share it, short enough to be read out. */
const KEY_ID_LENGTH = 16
const MAX_DEPTH = 8
const ENCRYPTED = /-----BEGIN ENCRYPTED PRIVATE KEY-----/
const NO_KEY = 'the private key cannot be read: it must be a JWK or a PKCS#8 PEM file'
const WRONG_PASSPHRASE = 'the pass phrase does not open the private key, or the key file is damaged'

/**
 * Reads a private key. A JWK says its `kid` and `use`, and so does a PEM file of ours in the lines before the key; of any
 * other PEM file the ID is made from the key.
 * @throws Error with one sentence, without a full stop, that never quotes the key or its pass phrase.
 */
export async function parseSigningKey(text: string, askPassphrase?: AskPassphrase): Promise<SigningKey> {
  const { privateKey, kid, use } = text.trimStart().startsWith('{') ? readJwk(text) : await readPem(text, askPassphrase)
  const alg = algorithmOf(privateKey)
  const bareJwk = createPublicKey(privateKey).export({ format: 'jwk' })
  const keyId = kid ?? (await keyIdFor(bareJwk))
  const publicJwk = { kid: keyId, alg, use: use ?? 'license', ...bareJwk }
  const trust = parseTrustedKeys(JSON.stringify({ keys: [publicJwk] }))
  return { keyId, alg, privateKey, publicJwk, trust }
}

/** A private JWK as an encrypted PEM file. PEM has no place for `kid` and `use`, but for text before the key (RFC 7468 §2). */
export async function encryptedKeyFile(
  privateJwk: Readonly<Record<string, unknown>>,
  passphrase: string,
): Promise<string> {
  const { kid, use } = privateJwk
  const pem = await encryptPrivateKey(createPrivateKey({ key: { ...privateJwk }, format: 'jwk' }), passphrase)
  return `kid: ${String(kid)}\nuse: ${String(use)}\n${pem}`
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
    privateKey: importPrivateKey(() => createPrivateKey({ key: { ...jwk }, format: 'jwk' }), NO_KEY),
    ...(typeof kid === 'string' ? { kid } : {}),
    ...(typeof use === 'string' ? { use } : {}),
  }
}

async function readPem(text: string, askPassphrase: AskPassphrase | undefined): Promise<PrivateKey> {
  const at = text.indexOf('-----BEGIN ')
  const [before, key] = at === -1 ? ['', text] : [text.slice(0, at), text.slice(at)]
  const kid = /^kid: (\S+)\r?$/m.exec(before)?.[1]
  const use = /^use: (\S+)\r?$/m.exec(before)?.[1]
  return {
    privateKey: await openPem(key, askPassphrase),
    ...(kid === undefined ? {} : { kid }),
    ...(use === undefined ? {} : { use }),
  }
}

async function openPem(pem: string, askPassphrase: AskPassphrase | undefined): Promise<KeyObject> {
  if (!ENCRYPTED.test(pem)) return importPrivateKey(() => createPrivateKey(pem), NO_KEY)
  if (askPassphrase === undefined) throw new Error('the private key is encrypted, and its pass phrase is not given')
  const passphrase = await askPassphrase()
  return importPrivateKey(() => createPrivateKey({ key: pem, passphrase }), WRONG_PASSPHRASE)
}

/** OpenSSL's own messages may quote what they choke on. */
function importPrivateKey(importKey: () => KeyObject, problem: string): KeyObject {
  try {
    return importKey()
  } catch {
    throw new Error(problem)
  }
}

function algorithmOf(key: KeyObject): SignatureAlgorithm {
  if (key.asymmetricKeyType === 'ed25519') return 'EdDSA'
  if (key.asymmetricKeyType === 'rsa') return 'RS256'
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256'
  throw new Error('the private key must be an Ed25519, P-256 or RSA key')
}
