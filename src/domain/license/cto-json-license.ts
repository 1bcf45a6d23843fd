// The CTO JSON license: a detached Ed25519 signature over seven of its fields. What it does not sign grants nothing.

import * as z from 'zod'
import { UNLIMITED } from '../limits.ts'
import { type LicenseClaims } from './claims.ts'
import { checkDates, checkKeyPeriod, checkPlan, checkProduct, type Expectations } from './expectations.ts'
import { licenseText } from './license-text.ts'
import { fromNumericDate, toNumericDate } from './numeric-date.ts'
import { Rejection } from './rejection.ts'
import { schemaProblem } from './schema-problem.ts'
import { verifySignature } from './signature.ts'
import { readStrictJson } from './strict-json.ts'
import type { TrustedKey, TrustedKeys } from './trusted-keys.ts'

/** The form exists for this product only; the product is not among its fields. */
export const CTO_JSON_PRODUCT = 'cto'
/** The order is signed: the signature covers a tier's number, not its name. */
export const CTO_JSON_TIERS = ['free', 'starter', 'team', 'business', 'enterprise'] as const
export type CtoJsonTier = (typeof CTO_JSON_TIERS)[number]
/** The fields are unsigned 32-bit numbers without a mark for "unlimited", so the largest of them is it. */
export const CTO_JSON_UNLIMITED = 4_294_967_295

const MAX_DEPTH = 4
const count = z.int().min(0).max(CTO_JSON_UNLIMITED)
// A colon could move the border between two signed fields: id "a:2" with tier 0 signs like id "a" with tier 2.
const signedText = licenseText.regex(/^[^:]*$/, 'must not have a colon')
const date = z.iso.datetime({ offset: true, error: 'must be a date and time as RFC 3339 writes it' })

const schema = z.object({
  id: signedText,
  tier: licenseText,
  organization: signedText,
  max_nodes: count,
  max_agents: count,
  issued_at: date,
  expires_at: date,
  signature: z.string().regex(/^[0-9a-f]{128}$/, 'must be 128 lower-case hexadecimal digits'),
})

export type CtoJsonLicense = z.infer<typeof schema>

/**
 * Reads a CTO JSON license. The form names no key, so any trusted Ed25519 key for licenses may fit.
 * @throws Rejection
 */
export async function readCtoJsonLicense(
  text: string,
  keys: TrustedKeys,
  expected: Expectations,
): Promise<{ claims: LicenseClaims; keyId: string }> {
  const { license, plan, dates } = parseCtoJson(text)
  const message = ctoJsonSigningInput(license, plan, dates)
  const key = await signingKey(message, Buffer.from(license.signature, 'hex'), keys)
  checkKeyPeriod(key, expected.now)
  return { claims: ctoJsonClaims(text, expected), keyId: key.keyId }
}

/**
 * What a CTO JSON license says, whoever signed it.
 * @throws Rejection
 */
export function ctoJsonClaims(text: string, expected: Expectations): LicenseClaims {
  const { license, plan, dates } = parseCtoJson(text)
  checkProduct(CTO_JSON_PRODUCT, expected)
  checkDates(dates, expected.now)
  checkPlan(plan, expected)
  return toClaims(license, plan, dates)
}

function parseCtoJson(text: string) {
  const json = readStrictJson(text, MAX_DEPTH)
  if ('problem' in json) throw new Rejection('MalformedLicense', `the JSON license ${json.problem}`)
  const parsed = schema.safeParse(json.value)
  if (!parsed.success) {
    throw new Rejection('MalformedClaims', `the JSON license is not as it must be: ${schemaProblem(parsed.error)}`)
  }
  const license = parsed.data
  const plan = CTO_JSON_TIERS.find((tier) => license.tier === tier || license.tier === serdeName(tier))
  const dates = { iat: seconds(license.issued_at), exp: seconds(license.expires_at) }
  if (plan === undefined) {
    throw new Rejection('UnknownPlan', `the JSON license is for the tier ${license.tier}, which the form does not have`)
  }
  return { license, plan, dates }
}

/** serde writes the name of a tier as Rust spells it: `Team`. */
export function serdeName(tier: CtoJsonTier): string {
  return `${tier.charAt(0).toUpperCase()}${tier.slice(1)}`
}

/** The bytes that the signature covers. */
export function ctoJsonSigningInput(
  license: Pick<CtoJsonLicense, 'id' | 'organization' | 'max_nodes' | 'max_agents'>,
  tier: CtoJsonTier,
  dates: { readonly iat: number; readonly exp: number },
): Uint8Array {
  const { id, organization, max_nodes, max_agents } = license
  const fields = [id, CTO_JSON_TIERS.indexOf(tier), organization, max_nodes, max_agents, dates.iat, dates.exp]
  return Buffer.from(fields.join(':'), 'utf8')
}

async function signingKey(message: Uint8Array, signature: Uint8Array, keys: TrustedKeys): Promise<TrustedKey> {
  const candidates = [...keys.values()].filter((key) => key.use === 'license' && key.publicKey.alg === 'EdDSA')
  if (candidates.length === 0) throw new Rejection('UnknownKey', 'no Ed25519 key is trusted here to sign licenses')
  for (const key of candidates) {
    if (await verifySignature(key.publicKey, message, signature)) return key
  }
  throw new Rejection(
    'BadSignature',
    'the signature fits none of the trusted keys: the license was changed after it was signed, or another vendor signed it',
  )
}

/** A fraction of a second is not signed, so it is not read either. */
function seconds(date: string): number {
  return toNumericDate(Date.parse(date))
}

function toClaims(license: CtoJsonLicense, plan: string, dates: { iat: number; exp: number }): LicenseClaims {
  return {
    form: 'cto-json',
    licenseId: license.id,
    organization: license.organization,
    product: CTO_JSON_PRODUCT,
    plan,
    issuedAt: fromNumericDate(dates.iat),
    expiresAt: fromNumericDate(dates.exp),
    limits: { nodes: fromCount(license.max_nodes), agents: fromCount(license.max_agents) },
    features: [],
    addons: [],
  }
}

function fromCount(count: number): number {
  return count === CTO_JSON_UNLIMITED ? UNLIMITED : count
}
