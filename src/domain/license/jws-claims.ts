// The claims of a `.lic`: what the signed payload must say. Claims that are not known here are ignored, so that a newer
// vendor can add some; they never change what the known ones mean.

import * as z from 'zod'
import { UNLIMITED } from '../limits.ts'
import { type LicenseClaims } from './claims.ts'
import { checkDates, checkPlan, checkProduct, type Expectations } from './expectations.ts'
import { licenseText } from './license-text.ts'
import { fromNumericDate } from './numeric-date.ts'
import { Rejection } from './rejection.ts'
import { schemaProblem } from './schema-problem.ts'
import { readStrictJson } from './strict-json.ts'
import type { TrustedKey } from './trusted-keys.ts'

const PAYLOAD_MAX_DEPTH = 16

const limit = z.int().min(UNLIMITED, 'must be a whole number from 0 up, or -1 for unlimited')
const axis = z.string().regex(/^[A-Za-z][\w-]*$/, 'must start with a letter; letters, digits, - and _')
const names = z.array(licenseText)
const LONGEST_NOTICE_HOURS = 366 * 24

const claimsSchema = z.object({
  iss: licenseText,
  sub: licenseText,
  aud: licenseText,
  jti: licenseText,
  iat: z.number(),
  nbf: z.number().optional(),
  exp: z.number(),
  hard_exp: z.number().optional(),
  entitlements: z.object({
    tier: licenseText,
    max_nodes: limit.optional(),
    max_agents: limit.optional(),
    features: names.default([]),
    addons: names.default([]),
    limits: z.record(axis, limit).default({}),
  }),
  cluster: z.object({ uid: licenseText.optional(), types: names.min(1).optional() }).optional(),
  serial: z.int().nonnegative().optional(),
  supersedes: names.optional(),
  revocation_notice_hours: z.int().nonnegative().max(LONGEST_NOTICE_HOURS).optional(),
})

type Payload = z.infer<typeof claimsSchema>

/**
 * Reads a payload whose signature has been verified with that key.
 * @throws Rejection
 */
export function readJwsClaims(
  payload: Uint8Array,
  key: Pick<TrustedKey, 'keyId' | 'issuer'>,
  expected: Expectations,
): LicenseClaims {
  const json = readStrictJson(payload, PAYLOAD_MAX_DEPTH)
  if ('problem' in json) throw new Rejection('MalformedClaims', `the content of the license ${json.problem}`)
  const parsed = claimsSchema.safeParse(json.value)
  if (!parsed.success) {
    const problem = schemaProblem(parsed.error)
    throw new Rejection('MalformedClaims', `the content of the license is not as it must be: ${problem}`)
  }
  const { data } = parsed
  if (key.issuer !== undefined && data.iss !== key.issuer) {
    throw new Rejection(
      'UnknownKey',
      `the license is issued by ${data.iss}, but its key ${key.keyId} is trusted for ${key.issuer} only`,
    )
  }
  checkProduct(data.aud, expected)
  checkDates(data, expected.now)
  checkPlan(data.entitlements.tier, expected)
  return toClaims(data)
}

function toClaims(data: Payload): LicenseClaims {
  const { entitlements, cluster } = data
  return {
    form: 'jws',
    licenseId: data.jti,
    organization: data.sub,
    product: data.aud,
    plan: entitlements.tier,
    issuer: data.iss,
    issuedAt: fromNumericDate(data.iat),
    ...(data.nbf === undefined ? {} : { notBefore: fromNumericDate(data.nbf) }),
    expiresAt: fromNumericDate(data.exp),
    ...(data.hard_exp === undefined ? {} : { hardEndsAt: fromNumericDate(data.hard_exp) }),
    limits: mergeLimits(entitlements),
    features: entitlements.features,
    addons: entitlements.addons,
    ...(cluster === undefined
      ? {}
      : {
          cluster: {
            ...(cluster.uid === undefined ? {} : { uid: cluster.uid }),
            ...(cluster.types === undefined ? {} : { types: cluster.types }),
          },
        }),
    ...(data.serial === undefined ? {} : { serial: data.serial }),
    ...(data.supersedes === undefined ? {} : { supersedes: data.supersedes }),
    ...(data.revocation_notice_hours === undefined ? {} : { revocationNoticeHours: data.revocation_notice_hours }),
  }
}

/** `max_nodes` and `max_agents` are the older spelling of two axes; a license that says two things says nothing. */
function mergeLimits(entitlements: Payload['entitlements']): Record<string, number> {
  const limits = new Map(Object.entries(entitlements.limits))
  const named = { nodes: entitlements.max_nodes, agents: entitlements.max_agents }
  for (const [axis, max] of Object.entries(named)) {
    if (max === undefined) continue
    if ((limits.get(axis) ?? max) !== max) {
      throw new Rejection('MalformedClaims', `the license names two different limits for ${axis}`)
    }
    limits.set(axis, max)
  }
  return Object.fromEntries(limits)
}
