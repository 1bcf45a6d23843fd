// How a license stands, as far as the vendor knows: whether it is in force, and whether anybody still has to care.

import type { Instant } from '../domain/time.ts'
import { validityAt } from '../domain/license/validity.ts'
import { replaces } from '../domain/entitlement/license-standing.ts'
import { normalName } from '../domain/names.ts'
import type { LicenseEntry } from './ledger-entry.ts'
import { type Ledger, licensesOf } from './ledger.ts'

export type Standing =
  | { readonly kind: 'in-force' | 'ended' }
  | { readonly kind: 'future'; readonly startsAt: Instant }
  | { readonly kind: 'replaced'; readonly by: string }
  | { readonly kind: 'revoked'; readonly at: Instant }

/** How every license of the ledger stands at `now`. */
export function standings(ledger: Ledger, now: Instant): Map<LicenseEntry, Standing> {
  const licenses = licensesOf(ledger)
  const revoked = revocationsOf(ledger)
  const ofOrganization = Map.groupBy(licenses, organizationOf)
  const superseding = Map.groupBy(
    licenses.flatMap((by) => (by.supersedes ?? []).map((licenseId) => ({ licenseId, by }))),
    ({ licenseId }) => licenseId,
  )
  const standingOf = (license: LicenseEntry): Standing => {
    const at = revoked.get(`${license.product} ${license.licenseId}`)
    if (at !== undefined && at <= now) return { kind: 'revoked', at }
    const others = [
      ...(superseding.get(license.licenseId) ?? []).map(({ by }) => by),
      ...(ofOrganization.get(organizationOf(license)) ?? []),
    ]
    const by = others.find((other) => isReplacedBy(license, other, now))
    if (by !== undefined) return { kind: 'replaced', by: by.licenseId }
    const validity = validityAt(license, now)
    if (validity.kind === 'future') return validity
    return { kind: validity.kind === 'expired' ? 'ended' : 'in-force' }
  }
  return new Map(licenses.map((license) => [license, standingOf(license)]))
}

function isReplacedBy(license: LicenseEntry, other: LicenseEntry, now: Instant): boolean {
  return license.product === other.product && replaces(other, license) && validityAt(other, now).kind !== 'future'
}

function organizationOf({ product, organization }: LicenseEntry): string {
  return `${product} ${normalName(organization)}`
}

function revocationsOf({ lines }: Ledger): Map<string, Instant> {
  const revoked = new Map<string, Instant>()
  for (const line of lines) {
    if (line.kind !== 'revocation-list') continue
    for (const { licenseId, at } of line.revoked) revoked.set(`${line.product} ${licenseId}`, at)
  }
  return revoked
}
