// A license that a product's own server signed before there was this operator: a plain JWT (RFC 7519), read as it is. The
// catalog says who issues it and which of its claims are limits.

import { createHash } from 'node:crypto'
import * as z from 'zod'
import { UNLIMITED } from '../limits.ts'
import { type LicenseClaims } from './claims.ts'
import { readHeaderObject, splitToken } from './compact-jws.ts'
import { checkDates, checkKeyPeriod, type Expectations, type JwtProfile } from './expectations.ts'
import { licenseText } from './license-text.ts'
import { fromNumericDate } from './numeric-date.ts'
import { Rejection } from './rejection.ts'
import { schemaProblem } from './schema-problem.ts'
import { SIGNATURE_ALGORITHMS, verifySignature } from './signature.ts'
import { readStrictJson } from './strict-json.ts'
import type { TrustedKey, TrustedKeys } from './trusted-keys.ts'

const NOUN = 'license'
const JWT_TYPE = 'JWT'
const PAYLOAD_MAX_DEPTH = 16
const LICENSE_ID_DIGITS = 32

const limit = z.int().min(UNLIMITED, 'must be a whole number from 0 up, or -1 for unlimited')
const schema = z.object({
  iss: licenseText,
  sub: licenseText,
  iat: z.number(),
  nbf: z.number().optional(),
  exp: z.number(),
  entitlements: z.looseObject({ tier: licenseText, features: z.array(licenseText).default([]) }),
})

type Payload = z.infer<typeof schema>

/** Whether the text is a token whose header calls it a plain JWT. */
export function isPlainJwt(text: string): boolean {
  const [header = ''] = text.split('.')
  try {
    return readHeaderObject(Buffer.from(header, 'base64url'), NOUN)['typ'] === JWT_TYPE
  } catch {
    return false
  }
}

/**
 * Reads a plain JWT as a license of the expected product.
 * @throws Rejection
 */
export async function readPlainJwt(
  text: string,
  keys: TrustedKeys,
  profile: JwtProfile,
  expected: Expectations,
): Promise<{ claims: LicenseClaims; keyId: string }> {
  const [header, payload, signature] = splitToken(text, NOUN)
  const candidates = keysFor(header.bytes, keys)
  const signingInput = Buffer.from(`${header.text}.${payload.text}`, 'ascii')
  const key = await signingKey(candidates, signingInput, signature.bytes)
  checkKeyPeriod(key, expected.now)
  return { claims: plainJwtClaims(payload.bytes, profile, expected, key.issuer), keyId: key.keyId }
}

/**
 * What a plain JWT says, whoever signed it.
 * @throws Rejection
 */
export function plainJwtClaims(
  payload: Uint8Array,
  profile: JwtProfile,
  expected: Expectations,
  issuer = profile.issuer,
): LicenseClaims {
  const data = readPayload(payload)
  if (data.iss !== profile.issuer || data.iss !== issuer) {
    throw new Rejection('WrongProduct', `the license is issued by ${data.iss}, and not by ${profile.issuer}`)
  }
  checkDates(data, expected.now)
  return toClaims(data, payload, profile, expected)
}

/** The keys that may have signed it: the one that the header names, or, as such tokens often name none, each of its kind. */
function keysFor(header: Uint8Array, keys: TrustedKeys): TrustedKey[] {
  const { alg, typ, kid, ...others } = readHeaderObject(header, NOUN)
  const isText = typeof alg === 'string' && (kid === undefined || typeof kid === 'string')
  if (typ !== JWT_TYPE || !isText || Object.keys(others).length > 0) {
    throw new Rejection(
      'MalformedHeader',
      'the header of the license must have alg and typ, perhaps kid, each a text, and no more',
    )
  }
  if (!SIGNATURE_ALGORITHMS.some((known) => known === alg)) {
    throw new Rejection('WrongAlgorithm', `the license must be signed with ${SIGNATURE_ALGORITHMS.join(', ')}`)
  }
  const trusted = [...keys.values()].filter(
    (key) => key.use === 'license' && key.publicKey.alg === alg && (kid === undefined || key.keyId === kid),
  )
  if (trusted.length === 0) throw new Rejection('UnknownKey', 'the license is signed with a key that is not trusted')
  return trusted
}

async function signingKey(
  candidates: readonly TrustedKey[],
  signingInput: Uint8Array,
  signature: Uint8Array,
): Promise<TrustedKey> {
  for (const key of candidates) {
    if (await verifySignature(key.publicKey, signingInput, signature)) return key
  }
  throw new Rejection(
    'BadSignature',
    'the signature fits none of the trusted keys: the license was damaged or changed, or another vendor signed it',
  )
}

function readPayload(bytes: Uint8Array): Payload {
  const json = readStrictJson(bytes, PAYLOAD_MAX_DEPTH)
  if ('problem' in json) throw new Rejection('MalformedClaims', `the content of the license ${json.problem}`)
  const parsed = schema.safeParse(json.value)
  if (!parsed.success) {
    const problem = schemaProblem(parsed.error)
    throw new Rejection('MalformedClaims', `the content of the license is not as it must be: ${problem}`)
  }
  return parsed.data
}

function toClaims(data: Payload, payload: Uint8Array, profile: JwtProfile, expected: Expectations): LicenseClaims {
  const { entitlements } = data
  return {
    form: 'jwt',
    licenseId: plainJwtId(payload),
    organization: data.sub,
    product: expected.product,
    plan: planOf(entitlements.tier, expected),
    issuer: data.iss,
    issuedAt: fromNumericDate(data.iat),
    ...(data.nbf === undefined ? {} : { notBefore: fromNumericDate(data.nbf) }),
    expiresAt: fromNumericDate(data.exp),
    limits: limitsOf(entitlements, profile),
    features: entitlements.features,
    addons: [],
  }
}

/** The form has no ID; what is signed identifies itself, so that it can be revoked. */
export function plainJwtId(payload: Uint8Array): string {
  return `sha256:${createHash('sha256').update(payload).digest('hex').slice(0, LICENSE_ID_DIGITS)}`
}

/** Such a server spells `enterprise_plus` what the catalog calls `enterprise-plus`. */
function planOf(tier: string, { plans }: Expectations): string {
  const bare = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const plan = plans.find((name) => bare(name) === bare(tier))
  if (plan !== undefined) return plan
  throw new Rejection('UnknownPlan', `the license is for the plan ${tier}, which is not known here`)
}

function limitsOf(entitlements: Payload['entitlements'], profile: JwtProfile): Record<string, number> {
  const limits: [string, number][] = []
  for (const [claim, axis] of Object.entries(profile.limits)) {
    if (!Object.hasOwn(entitlements, claim)) continue
    const parsed = limit.safeParse(entitlements[claim])
    if (!parsed.success) {
      const problem = schemaProblem(parsed.error)
      throw new Rejection('MalformedClaims', `the limit ${claim} of the license is not as it must be: ${problem}`)
    }
    limits.push([axis, parsed.data])
  }
  return Object.fromEntries(limits)
}
