// Signs licenses. Nothing leaves here that our own reader, with the public half of the key, does not read as it was meant.

import { sign } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { CompactSign } from 'jose'
import { formatInstant, type Instant } from '../domain/instant.ts'
import { type LicenseClaims, UNLIMITED } from '../domain/license/claims.ts'
import { LICENSE } from '../domain/license/compact-jws.ts'
import {
  CTO_JSON_TIERS,
  CTO_JSON_UNLIMITED,
  ctoJsonSigningInput,
  serdeName,
} from '../domain/license/cto-json-license.ts'
import { toNumericDate } from '../domain/license/numeric-date.ts'
import { readLicense } from '../domain/license/read-license.ts'
import type { SigningKey } from './signing-key.ts'

/**
 * Issues a license in the form that its claims name. Instants must be whole seconds.
 * @param now the time of the issue, which decides whether its date lies in the future
 * @returns the content of the license file
 * @throws Error with one sentence, without a full stop, when the claims make no license that can be used.
 */
export async function issueLicense(claims: LicenseClaims, key: SigningKey, now: Instant): Promise<string> {
  const license = claims.form === 'jws' ? await signJws(claims, key) : signCtoJson(claims, key)
  await lint(license, claims, key, now)
  return license
}

async function signJws(claims: LicenseClaims, key: SigningKey): Promise<string> {
  const { nodes, agents, ...limits } = claims.limits
  const payload = {
    iss: claims.issuer,
    sub: claims.organization,
    aud: claims.product,
    jti: claims.licenseId,
    iat: toNumericDate(claims.issuedAt),
    nbf: claims.notBefore === undefined ? undefined : toNumericDate(claims.notBefore),
    exp: toNumericDate(claims.expiresAt),
    hard_exp: claims.hardEndsAt === undefined ? undefined : toNumericDate(claims.hardEndsAt),
    entitlements: {
      tier: claims.plan,
      max_nodes: nodes,
      max_agents: agents,
      features: claims.features,
      addons: claims.addons,
      limits,
    },
    cluster: claims.cluster,
    serial: claims.serial,
    supersedes: claims.supersedes,
    revocation_notice_hours: claims.revocationNoticeHours,
  }
  const token = await new CompactSign(Buffer.from(JSON.stringify(payload), 'utf8'))
    .setProtectedHeader({ alg: key.alg, kid: key.keyId, typ: LICENSE.type })
    .sign(key.privateKey)
  return `${token}\n`
}

function signCtoJson(claims: LicenseClaims, key: SigningKey): string {
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
async function lint(license: string, claims: LicenseClaims, key: SigningKey, now: Instant): Promise<void> {
  const read = await readLicense(license, { keys: key.trust, product: claims.product, plans: [claims.plan], now })
  if (read.kind === 'rejected') throw new Error(`the license would be refused: ${read.message}`)
  const wanted = new Map<string, unknown>(Object.entries(claims))
  const got = new Map<string, unknown>(Object.entries(read.claims))
  const lost = [...wanted.keys()].filter((name) => !isDeepStrictEqual(wanted.get(name), got.get(name)))
  if (lost.length > 0) throw new Error(`the ${claims.form} form cannot carry ${lost.join(', ')} as given`)
}
