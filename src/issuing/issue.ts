// Signs licenses. Nothing leaves here that our own reader, with the public half of the key, does not read as it was meant.

import { sign } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { formatInstant, type Instant } from '../domain/time.ts'
import { UNLIMITED } from '../domain/limits.ts'
import { type LicenseClaims } from '../domain/license/claims.ts'
import { LICENSE } from '../domain/license/compact-jws.ts'
import {
  CTO_JSON_TIERS,
  CTO_JSON_UNLIMITED,
  ctoJsonSigningInput,
  serdeName,
} from '../domain/license/cto-json-license.ts'
import type { JwtProfile } from '../domain/license/expectations.ts'
import { toNumericDate } from '../domain/license/numeric-date.ts'
import { readLicense } from '../domain/license/read-license.ts'
import { signCompactJws, signDocument } from './sign-document.ts'
import type { SigningKey } from './keys/signing-key.ts'

/** What a license carries beside its claims. No decision reads it. */
export interface IssueExtras {
  /** How the product's plain JWTs are read; needed for that form alone. */
  readonly jwt?: JwtProfile | undefined
  /** For people: an account manager, an order number. */
  readonly customFields?: Readonly<Record<string, string>> | undefined
  /** Hours until the vendor's first answer, as a plain JWT tells them. */
  readonly supportHours?: number | undefined
}

/** What people call the forms. */
export const FORM_TITLES: Readonly<Record<LicenseClaims['form'], string>> = {
  jws: 'JWS',
  'cto-json': 'JSON',
  jwt: 'JWT',
}

/**
 * Issues a license in the form that its claims name. Instants must be whole seconds. A plain JWT has no ID of its own: the
 * one in its claims is not written.
 * @param now the time of the issue, which decides whether its date lies in the future
 * @returns the content of the license file
 * @throws Error with one sentence, without a full stop, when the claims make no license that can be used.
 */
export async function issueLicense(
  claims: LicenseClaims,
  key: SigningKey,
  now: Instant,
  extras: IssueExtras = {},
): Promise<string> {
  const license = await signers[claims.form](claims, key, extras)
  await readBack(license, claims, key, now, extras.jwt)
  return license
}

type Signer = (claims: LicenseClaims, key: SigningKey, extras: IssueExtras) => Promise<string>

const signers: Readonly<Record<LicenseClaims['form'], Signer>> = {
  jws: signJws,
  'cto-json': signCtoJson,
  jwt: signPlainJwt,
}

function signJws(claims: LicenseClaims, key: SigningKey, { customFields }: IssueExtras): Promise<string> {
  const { nodes, agents, ...limits } = claims.limits
  const payload = {
    iss: claims.issuer,
    sub: claims.organization,
    aud: claims.product,
    jti: claims.licenseId,
    ...datesOf(claims),
    hard_exp: claims.hardEndsAt === undefined ? undefined : toNumericDate(claims.hardEndsAt),
    entitlements: {
      tier: claims.plan,
      max_nodes: nodes,
      max_agents: agents,
      features: claims.features,
      addons: claims.addons,
      limits,
      custom_fields: customFields,
    },
    cluster: claims.cluster,
    serial: claims.serial,
    supersedes: claims.supersedes,
    revocation_notice_hours: claims.revocationNoticeHours,
  }
  return signDocument(LICENSE, payload, key)
}

// Read by the product itself too, and literally: every limit and every feature is written out.
async function signPlainJwt(claims: LicenseClaims, key: SigningKey, extras: IssueExtras): Promise<string> {
  const { jwt, customFields, supportHours } = extras
  if (jwt === undefined) throw new Error(`the product ${claims.product} has no licenses in the JWT form`)
  if (key.alg !== 'RS256') throw new Error('the JWT form is signed with RSA; use a key made with --alg RS256')
  const limits = Object.entries(jwt.limits).map(([claim, axis]) => [claim, claims.limits[axis]] as const)
  const payload = {
    iss: claims.issuer,
    sub: claims.organization,
    ...datesOf(claims),
    entitlements: {
      // Where a catalog has a hyphen, such a product has an underscore; its readers take either.
      tier: claims.plan.replaceAll('-', '_'),
      ...Object.fromEntries(limits),
      features: claims.features,
      support_sla_hours: supportHours,
      custom_fields: customFields,
    },
  }
  return signCompactJws({ alg: key.alg, typ: 'JWT' }, payload, key)
}

function datesOf({ issuedAt, notBefore, expiresAt }: LicenseClaims) {
  return {
    iat: toNumericDate(issuedAt),
    nbf: notBefore === undefined ? undefined : toNumericDate(notBefore),
    exp: toNumericDate(expiresAt),
  }
}

async function signCtoJson(claims: LicenseClaims, key: SigningKey, { customFields }: IssueExtras): Promise<string> {
  if (customFields !== undefined) throw new Error('the JSON form has no place for custom fields')
  if (key.alg !== 'EdDSA') throw new Error('the JSON form is signed with Ed25519; use a key made with --alg EdDSA')
  const tier = CTO_JSON_TIERS.find((tier) => tier === claims.plan)
  if (tier === undefined) throw new Error(`the JSON form has the tiers ${CTO_JSON_TIERS.join(', ')} and no other`)
  const { nodes, agents } = claims.limits
  if (nodes === undefined || agents === undefined) {
    throw new Error('the JSON form always says how many nodes and agents are allowed (-1 for unlimited)')
  }
  const license = {
    id: claims.licenseId,
    tier: serdeName(tier),
    organization: claims.organization,
    max_nodes: toCount(nodes),
    max_agents: toCount(agents),
    features: [],
    issued_at: formatInstant(claims.issuedAt),
    expires_at: formatInstant(claims.expiresAt),
  }
  const dates = { iat: toNumericDate(claims.issuedAt), exp: toNumericDate(claims.expiresAt) }
  const signature = sign(null, ctoJsonSigningInput(license, tier, dates), key.privateKey)
  return `${JSON.stringify({ ...license, signature: signature.toString('hex') }, undefined, 2)}\n`
}

function toCount(limit: number): number {
  return limit === UNLIMITED ? CTO_JSON_UNLIMITED : limit
}

// A bad license is cheaper here than at the customer: a date in milliseconds, a colon in a name, a feature that the form
// cannot carry. The reader is the judge, so that there is no second list of rules.
async function readBack(
  license: string,
  claims: LicenseClaims,
  key: SigningKey,
  now: Instant,
  jwt: JwtProfile | undefined,
): Promise<void> {
  const read = await readLicense(license, { keys: key.trust, product: claims.product, plans: [claims.plan], jwt, now })
  if (read.kind === 'rejected') throw new Error(`the license would be refused: ${read.message}`)
  const wanted = new Map<string, unknown>(Object.entries(claims))
  const got = new Map<string, unknown>(Object.entries(read.claims))
  // A plain JWT is named after its content.
  if (claims.form === 'jwt') wanted.delete('licenseId')
  const lost = [...wanted.keys()].filter((name) => !isDeepStrictEqual(wanted.get(name), got.get(name)))
  if (lost.length > 0) throw new Error(`the ${FORM_TITLES[claims.form]} form cannot carry ${lost.join(', ')} as given`)
}
