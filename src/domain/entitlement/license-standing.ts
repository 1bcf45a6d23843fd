// How a license stands among the others and before the vendor: whether a newer one has replaced it, and whether it has
// been revoked. Both are said by documents that the vendor signed, never by the order in which they were applied.

import { planNamed } from '../catalog/catalog.ts'
import { allowsType } from '../cluster/cluster-type.ts'
import type { Facts } from './facts.ts'
import { HOUR, type Instant } from '../time.ts'
import type { LicenseClaims } from '../license/claims.ts'
import { validityAt } from '../license/validity.ts'
import { isSameName } from '../names.ts'

/** Whether the license may be used on this cluster at all. Elsewhere it is treated as if it were not there. */
export function isForThisCluster(claims: LicenseClaims, clusterUid: string): boolean {
  return claims.cluster?.uid === undefined || claims.cluster.uid === clusterUid
}

/** Where the license may be used: what it says itself, else what its plan says; undefined: on any type of cluster. */
export function clusterTypesOf(claims: LicenseClaims, { catalog }: Facts): readonly string[] | undefined {
  return claims.cluster?.types ?? planNamed(catalog, claims.plan)?.clusterTypes
}

/** Whether the license could be used here now, if it were the only one. */
export function isUsableNow(claims: LicenseClaims, facts: Facts): boolean {
  return (
    isForThisCluster(claims, facts.clusterUid) &&
    validityAt(claims, facts.now).kind === 'in-force' &&
    allowsType(clusterTypesOf(claims, facts), facts.cluster.type) &&
    !isRevoked(claims, facts)
  )
}

/** The licenses that are for this cluster and have begun: what they say of others holds, also after they have ended. */
export function begunLicenses(facts: Facts): LicenseClaims[] {
  return facts.licenses
    .flatMap(({ claims, kept = [] }) => [...(claims === undefined ? [] : [claims]), ...kept.map((one) => one.claims)])
    .filter(
      (claims) =>
        isForThisCluster(claims, facts.clusterUid) &&
        validityAt(claims, facts.now).kind !== 'future' &&
        allowsType(clusterTypesOf(claims, facts), facts.cluster.type),
    )
}

/**
 * The license that has replaced this one: it is for here, has begun, and has a higher serial number or names this one. What it
 * replaced stays replaced when it ends or is taken away, so that an older and larger license cannot be played again. One
 * without a number, such as last year's file, replaces nothing; nor does one that is for elsewhere.
 */
export function replacementOf(claims: LicenseClaims, facts: Facts): LicenseClaims | undefined {
  const former = facts.formerLicenses.filter(
    (other) => isForThisCluster(other, facts.clusterUid) && validityAt(other, facts.now).kind !== 'future',
  )
  return [...begunLicenses(facts), ...former].find((other) => replaces(other, claims))
}

/** Whether the other license, once it has begun, is in the place of this one. */
export function replaces(other: LicenseClaims, claims: LicenseClaims): boolean {
  if (other.licenseId === claims.licenseId) return false
  // Two that name each other would leave nothing: the later one means what it says.
  if (other.supersedes?.includes(claims.licenseId) === true) return isLater(other, claims)
  if (other.serial === undefined || claims.serial === undefined || other.serial <= claims.serial) return false
  return isSameName(other.organization, claims.organization)
}

function isLater(a: LicenseClaims, b: LicenseClaims): boolean {
  return a.issuedAt === b.issuedAt ? a.licenseId > b.licenseId : a.issuedAt > b.issuedAt
}

export interface Revocation {
  readonly at: Instant
  /** From then on the license no longer counts. */
  readonly effectiveAt: Instant
}

/** The vendor's revocation of the license, after the notice that the license or else the catalog gives. */
export function revocationOf(claims: LicenseClaims, { revocations, catalog }: Facts): Revocation | undefined {
  const at = revocations?.revoked.get(claims.licenseId)
  if (at === undefined) return undefined
  const notice = claims.revocationNoticeHours ?? catalog.notice.revocationHours
  return { at, effectiveAt: at + notice * HOUR }
}

export function isRevoked(claims: LicenseClaims, facts: Facts): boolean {
  const revocation = revocationOf(claims, facts)
  return revocation !== undefined && facts.now >= revocation.effectiveAt
}
