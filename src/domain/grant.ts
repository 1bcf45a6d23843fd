// What the best license, or the free plan without one, grants.

import { type Addon, type Catalog, type Plan, planNamed } from './catalog.ts'
import type { Facts, LicenseFacts } from './facts.ts'
import { type LicenseClaims, UNLIMITED } from './license/claims.ts'
import { validityAt } from './license/validity.ts'

export interface Grant {
  readonly plan: Plan
  /** The license behind the grant; absent on the free plan. */
  readonly license?: { readonly facts: LicenseFacts; readonly claims: LicenseClaims }
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

/** Whether `amount` is within a limit. */
export function isWithin(limit: number, amount: number): boolean {
  return limit === UNLIMITED || amount <= limit
}

/** Whether the license may be used on this cluster at all. Elsewhere it is treated as if it were not there. */
export function isForThisCluster(claims: LicenseClaims, clusterUid: string): boolean {
  return claims.cluster?.uid === undefined || claims.cluster.uid === clusterUid
}

/** Chooses the grant: the best license that counts, else the catalog's free plan. */
export function grantFrom(facts: Facts): Grant {
  const [best] = usableLicenses(facts)
  return best === undefined ? freeGrant(facts.catalog) : licenseGrant(best, facts.catalog)
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

interface Usable {
  readonly facts: LicenseFacts
  readonly claims: LicenseClaims
  readonly plan: Plan
}

// Best first: one that is not revoked, may be used on this type of cluster and is in force beats one that is not; then
// the larger plan, then the later end. The name decides last, so that the choice never flaps.
function usableLicenses({ licenses, catalog, clusterUid, cluster, now }: Facts): Usable[] {
  const usable: Usable[] = []
  for (const facts of licenses) {
    const { claims } = facts
    if (claims === undefined || !isForThisCluster(claims, clusterUid)) continue
    const plan = planNamed(catalog, claims.plan)
    if (plan === undefined || validityAt(claims, now).kind === 'future') continue
    usable.push({ facts, claims, plan })
  }
  const worth = ({ facts, claims, plan }: Usable) => [
    Number(facts.revoked !== true),
    Number(allowsType(claims.cluster?.types ?? plan.clusterTypes, cluster.type)),
    Number(validityAt(claims, now).kind === 'in-force'),
    plan.rank,
    claims.expiresAt,
  ]
  return usable.toSorted((a, b) => {
    const [left, right] = [worth(a), worth(b)]
    const at = left.findIndex((value, index) => value !== right[index])
    return at === -1 ? a.facts.name.localeCompare(b.facts.name) : (right[at] ?? 0) - (left[at] ?? 0)
  })
}

/** Whether a list of cluster types, as a plan or license names them, contains the type. Case does not matter. */
export function allowsType(types: readonly string[] | undefined, type: string): boolean {
  return types === undefined || types.some((allowed) => allowed.toLowerCase() === type.toLowerCase())
}

function licenseGrant({ facts, claims, plan }: Usable, catalog: Catalog): Grant {
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
    license: { facts, claims },
    limits: { ...plan.limits, ...claims.limits },
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

/** Add-ons are spelled `designSystem` in manifests and `design-system` in licenses: one add-on. */
export function addonKey(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}
