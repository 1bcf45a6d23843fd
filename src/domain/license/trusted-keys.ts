// Whose signature counts: the vendor's public keys, each for one use and perhaps one period. Read once, checked at once.

import { createHash } from 'node:crypto'
import * as z from 'zod'
import type { Instant } from '../time.ts'
import { NUMERIC_DATE, fromNumericDate } from './numeric-date.ts'
import { schemaProblem } from './schema-problem.ts'
import { importPublicKey, type PublicKey, SIGNATURE_ALGORITHMS } from './signature.ts'
import { isJsonObject, readStrictJson } from './strict-json.ts'

/** What a key may sign. Roles are kept apart: the key that answers heartbeats must not be able to make a license. */
export const KEY_USES = ['license', 'revocation', 'catalog', 'heartbeat'] as const
export type KeyUse = (typeof KEY_USES)[number]

export interface TrustedKey {
  readonly keyId: string
  readonly use: KeyUse
  /** Before this instant nothing that the key signed is believed. */
  readonly notBefore?: Instant
  /** From this instant on nothing that the key signed is believed. */
  readonly expiresAt?: Instant
  /** The only `iss` that the key may sign for; absent: any. */
  readonly issuer?: string
  readonly publicKey: PublicKey
  /** RFC 7638, SHA-256: the same for the same key wherever it is, and for no other. */
  readonly thumbprint: string
}

/** Trusted keys by key ID. A Map, because IDs come from strangers and `__proto__` is one. */
export type TrustedKeys = ReadonlyMap<string, TrustedKey>

const MAX_DEPTH = 8
const PRIVATE_PARAMETERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

// Other members of a JWK (x5c, key_ops, …) are ignored, as RFC 7517 §4 asks.
const jwkSchema = z.object({
  kid: z.string().regex(/^[\x21-\x7E]{1,128}$/, 'must be 1 to 128 printable ASCII characters'),
  alg: z.enum(SIGNATURE_ALGORITHMS, `must be one of ${SIGNATURE_ALGORITHMS.join(', ')}`),
  /** `sig` is what RFC 7517 knows, and says no more than that the key signs. */
  use: z.enum(['sig', ...KEY_USES], `must be one of ${KEY_USES.join(', ')}`).default('license'),
  nbf: NUMERIC_DATE.optional(),
  exp: NUMERIC_DATE.optional(),
  iss: z.string().min(1).optional(),
})

/**
 * Reads a JWK Set (RFC 7517). It may be empty: then no license is believed.
 * @throws Error with one sentence, without a full stop, that names the key by its position (from 0) and its ID.
 */
export function parseTrustedKeys(text: string): TrustedKeys {
  const json = readStrictJson(text, MAX_DEPTH)
  if ('problem' in json) throw new Error(`the set of trusted keys ${json.problem}`)
  const jwks = isJsonObject(json.value) ? json.value['keys'] : undefined
  if (!Array.isArray(jwks)) throw new Error('the set of trusted keys is not a JWK Set: it needs a list named "keys"')
  const keys = new Map<string, TrustedKey>()
  for (const [index, jwk] of jwks.entries()) {
    const key = readTrustedKey(jwk, index)
    if (keys.has(key.keyId)) throw badKey(index, key.keyId, 'another key before it has the same kid')
    keys.set(key.keyId, key)
  }
  return keys
}

/** Whether the key may be used at that instant. */
export function isUsableAt(key: TrustedKey, now: Instant): boolean {
  return (key.notBefore === undefined || now >= key.notBefore) && (key.expiresAt === undefined || now < key.expiresAt)
}

function readTrustedKey(jwk: unknown, index: number): TrustedKey {
  if (!isJsonObject(jwk)) throw badKey(index, undefined, 'is not an object')
  const privateParameter = PRIVATE_PARAMETERS.find((name) => Object.hasOwn(jwk, name))
  if (privateParameter !== undefined) {
    const problem = `holds a secret ("${privateParameter}"); put only the public part here and keep the private key with the vendor`
    throw badKey(index, jwk['kid'], problem)
  }
  const parsed = jwkSchema.safeParse(jwk)
  if (!parsed.success) throw badKey(index, jwk['kid'], schemaProblem(parsed.error))
  const { kid, alg, use, nbf, exp, iss } = parsed.data
  if (nbf !== undefined && exp !== undefined && nbf >= exp) throw badKey(index, kid, 'nbf must be earlier than exp')
  let publicKey: PublicKey
  try {
    publicKey = importPublicKey(alg, jwk)
  } catch (error) {
    throw badKey(index, kid, error instanceof Error ? error.message : 'cannot be imported')
  }
  return {
    keyId: kid,
    use: use === 'sig' ? 'license' : use,
    ...(nbf === undefined ? {} : { notBefore: fromNumericDate(nbf) }),
    ...(exp === undefined ? {} : { expiresAt: fromNumericDate(exp) }),
    ...(iss === undefined ? {} : { issuer: iss }),
    publicKey,
    thumbprint: thumbprintOf(jwk),
  }
}

// What makes the key, and nothing else, in the order of the names.
const THUMBED: Readonly<Record<string, readonly string[]>> = {
  OKP: ['crv', 'kty', 'x'],
  EC: ['crv', 'kty', 'x', 'y'],
  RSA: ['e', 'kty', 'n'],
}

function thumbprintOf(jwk: Readonly<Record<string, unknown>>): string {
  const members = (THUMBED[String(jwk['kty'])] ?? []).map((name) => [name, jwk[name]] as const)
  return createHash('sha256')
    .update(JSON.stringify(Object.fromEntries(members)))
    .digest('base64url')
}

function badKey(index: number, keyId: unknown, problem: string): Error {
  const name = typeof keyId === 'string' ? ` (${JSON.stringify(keyId.slice(0, 128))})` : ''
  return new Error(`trusted key ${index}${name}: ${problem}`)
}
