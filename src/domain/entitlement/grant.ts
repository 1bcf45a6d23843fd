// What the best license, or the free plan without one, grants.

import { type Addon, type Catalog, type Plan, planNamed } from '../catalog/catalog.ts'
import { allowsType } from '../cluster/cluster-type.ts'
import type { Facts, KeptLicense, LicenseFacts } from './facts.ts'
import type { Instant } from '../time.ts'
import { UNLIMITED } from '../limits.ts'
import { type LicenseClaims } from '../license/claims.ts'
import { clusterTypesOf, isForThisCluster, isRevoked, replacementOf, revocationOf } from './license-standing.ts'
import { validityAt } from '../license/validity.ts'

export interface Grant {
  readonly plan: Plan
  /** The license behind the grant; absent on the free plan. */
  readonly license?: {
    /** What is known of its License. That may hold another one by now. */
    readonly facts: LicenseFacts
    readonly claims: LicenseClaims
    readonly keyExpiresAt?: Instant
  }
  /** The last of the licenses that follow each other without a gap, beginning with this one. */
  readonly coveredBy?: LicenseClaims
  readonly limits: Readonly<Record<string, number>>
  readonly features: ReadonlySet<string>
  readonly addons: readonly string[]
  /** Where it may be used; absent: anywhere. */
  readonly clusterTypes?: readonly string[]
}

/** The limit on an axis; an axis that nobody limits is unlimited. */
export function limitOf(grant: Grant, axis: string): number {
  return grant.limits[axis] ?? UNLIMITED
}

/** Whether a limit is enforced. One that is soft is only said; but of what is not granted at all, nothing may be used. */
export function isHardLimit(catalog: Catalog, axis: string, limit: number): boolean {
  return limit === 0 || catalog.meters[axis]?.enforcement !== 'soft'
}

/** Whether `amount` is within a limit. */
export function isWithin(limit: number, amount: number): boolean {
  return limit === UNLIMITED || amount <= limit
}

/** Chooses the grant: the best license that counts, else the catalog's free plan. */
export function grantFrom(facts: Facts): Grant {
  const eligible = facts.licenses.flatMap((license) => eligibleOf(license, facts))
  const [best] = bestFirst(eligible, facts)
  if (best === undefined) return freeGrant(facts.catalog)
  return { ...licenseGrant(best, facts.catalog), coveredBy: lastInARow(best, eligible, facts).claims }
}

function freeGrant(catalog: Catalog): Grant {
  const { free } = catalog
  return {
    plan: free,
    limits: free.limits,
    features: new Set(free.features),
    addons: [],
    ...(free.clusterTypes === undefined ? {} : { clusterTypes: free.clusterTypes }),
  }
}

interface Eligible extends KeptLicense {
  readonly facts: LicenseFacts
  readonly plan: Plan
}

/** Of a License, the license in it and those before it, as far as they may count here, now or later. */
function eligibleOf(license: LicenseFacts, facts: Facts): Eligible[] {
  const { claims, keyExpiresAt, kept = [] } = license
  const current = claims === undefined ? [] : [{ claims, ...(keyExpiresAt === undefined ? {} : { keyExpiresAt }) }]
  const held = kept.filter((one) => one.keyExpiresAt === undefined || facts.now < one.keyExpiresAt)
  return [...current, ...held].flatMap((one) => {
    const plan = planNamed(facts.catalog, one.claims.plan)
    if (plan === undefined || !isForThisCluster(one.claims, facts.clusterUid)) return []
    return replacementOf(one.claims, facts) === undefined ? [{ ...one, facts: license, plan }] : []
  })
}

/**
 * Of the licenses that stood where another one stands now, those that go on: the best that has begun, as long as it is better
 * than what has taken its place; and one that begins later, if what has taken its place is of no use at all.
 */
export function keptLicenses(license: LicenseFacts, facts: Facts): readonly KeptLicense[] {
  const { kept = [] } = license
  if (kept.length === 0) return kept
  const eligible = eligibleOf(license, facts)
  const [best] = bestFirst(eligible, facts)
  const current = eligible.find(({ claims }) => claims === license.claims)
  const later = eligible.find((one) => one !== current && isOfUse(one, facts) && begins(one, facts) === 'later')
  const goOn = [best, current !== undefined && isOfUse(current, facts) ? undefined : later]
  return kept.filter(({ claims }) => goOn.some((one) => one?.claims === claims && one !== current))
}

function begins({ claims }: Eligible, facts: Facts): 'now' | 'later' {
  return validityAt(claims, facts.now).kind === 'future' ? 'later' : 'now'
}

/** Whether it may be used here, now or later. */
function isOfUse({ claims }: Eligible, facts: Facts): boolean {
  return (
    validityAt(claims, facts.now).kind !== 'expired' &&
    allowsType(clusterTypesOf(claims, facts), facts.cluster.type) &&
    !isRevoked(claims, facts)
  )
}

// Best first: one that is not revoked, may be used on this type of cluster and is in force beats one that is not; then the one
// under which most may run: the larger plan, the larger limits, the later end. Of those that have ended, the last: the others
// are history. The name decides at the end, so that the choice never flaps.
function bestFirst(eligible: readonly Eligible[], facts: Facts): Eligible[] {
  const worth = (one: Eligible) => {
    const { claims, plan } = one
    const isInForce = validityAt(claims, facts.now).kind === 'in-force'
    return [
      Number(!isRevoked(claims, facts)),
      Number(allowsType(clusterTypesOf(claims, facts), facts.cluster.type)),
      Number(isInForce),
      ...(isInForce ? [plan.rank, ...roomOf(one, facts.catalog), claims.expiresAt] : [claims.expiresAt, plan.rank]),
    ]
  }
  return eligible
    .filter((one) => begins(one, facts) === 'now')
    .toSorted((a, b) => {
      const [left, right] = [worth(a), worth(b)]
      const at = left.findIndex((value, index) => value !== right[index])
      return at === -1 ? a.facts.name.localeCompare(b.facts.name) : compare(right[at] ?? 0, left[at] ?? 0)
    })
}

/** How many agents and nodes it allows. */
function roomOf(one: Eligible, catalog: Catalog): number[] {
  const { limits } = licenseGrant(one, catalog)
  return [catalog.governed.axis, 'nodes'].map((axis) => {
    const limit = limits[axis] ?? UNLIMITED
    return limit === UNLIMITED ? Number.POSITIVE_INFINITY : limit
  })
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}

/** Follows the licenses that begin before the one before has ended, allow no less and can be used here. */
function lastInARow(first: Eligible, eligible: readonly Eligible[], facts: Facts): Eligible {
  const room = roomOf(first, facts.catalog)
  const next = eligible
    .filter((one) => {
      const { claims, plan } = one
      const from = claims.notBefore ?? Number.NEGATIVE_INFINITY
      return (
        claims.expiresAt > first.claims.expiresAt &&
        from <= first.claims.expiresAt &&
        plan.rank >= first.plan.rank &&
        roomOf(one, facts.catalog).every((limit, index) => limit >= (room[index] ?? 0)) &&
        allowsType(clusterTypesOf(claims, facts), facts.cluster.type) &&
        revocationOf(claims, facts) === undefined
      )
    })
    .toSorted((a, b) => b.claims.expiresAt - a.claims.expiresAt)[0]
  return next === undefined ? first : lastInARow(next, eligible, facts)
}

/** Until when there is a license without a gap. */
export function coveredUntil(grant: Grant): Instant | undefined {
  return grant.coveredBy?.expiresAt
}

function licenseGrant({ facts, claims, keyExpiresAt, plan }: Eligible, catalog: Catalog): Grant {
  const clusterTypes = claims.cluster?.types ?? plan.clusterTypes
  const addons = grantedAddons(plan, claims.addons, catalog)
  const known = new Set(catalog.features)
  const features = new Set([
    ...plan.features,
    ...claims.features.filter((feature) => known.has(feature)),
    ...addons.flatMap((addon) => addon.features),
  ])
  return {
    plan,
    license: { facts, claims, ...(keyExpiresAt === undefined ? {} : { keyExpiresAt }) },
    limits: raisedLimits({ ...plan.limits, ...claims.limits }, addons, claims.addons),
    features,
    addons: addons.map((addon) => addon.name),
    ...(clusterTypes === undefined ? {} : { clusterTypes }),
  }
}

// What the plan includes is granted; what it can buy, when the license names it; what it cannot have is refused even then.
function grantedAddons(plan: Plan, bought: readonly string[], catalog: Catalog): Addon[] {
  const named = new Set(bought.map(addonKey))
  const bundled = new Set(
    catalog.addons
      .filter((addon) => addon.offers[plan.name] === 'included' || named.has(addonKey(addon.name)))
      .filter((addon) => addon.offers[plan.name] !== undefined)
      .flatMap((addon) => addon.bundles),
  )
  return catalog.addons.filter((addon) => {
    const offer = addon.offers[plan.name]
    return offer === 'included' || (offer !== undefined && (named.has(addonKey(addon.name)) || bundled.has(addon.name)))
  })
}

// An add-on that raises limits can be bought more than once: it counts as often as the license names it.
function raisedLimits(
  limits: Readonly<Record<string, number>>,
  addons: readonly Addon[],
  bought: readonly string[],
): Record<string, number> {
  const raised = new Map(Object.entries(limits))
  for (const addon of addons) {
    const times = Math.max(1, bought.filter((name) => addonKey(name) === addonKey(addon.name)).length)
    for (const [axis, by] of Object.entries(addon.raises)) {
      const limit = raised.get(axis) ?? UNLIMITED
      if (limit !== UNLIMITED) raised.set(axis, limit + by * times)
    }
  }
  return Object.fromEntries(raised)
}

/** Add-ons are spelled `designSystem` in manifests and `design-system` in licenses: one add-on. */
export function addonKey(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}

/** `Free plan`, `Team license of Acme Corp`. */
export function title(grant: Grant): string {
  if (grant.license === undefined) return `${grant.plan.title} plan`
  return `${grant.plan.title} license of ${grant.license.claims.organization}`
}
