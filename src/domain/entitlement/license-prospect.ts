// What a license will do in a cluster before it is put there: whether it counts at once, later, or never.

import { decide } from './decision.ts'
import type { Facts } from './facts.ts'
import { grantFrom, keptLicenses } from './grant.ts'
import type { Instant } from '../time.ts'
import { isUsableNow } from './license-standing.ts'

export type Prospect =
  | { readonly counts: 'now'; readonly message: string }
  | { readonly counts: 'later'; readonly at: Instant; readonly message: string }
  | { readonly counts: 'never'; readonly message: string }

/**
 * @param name the License that holds it
 * @param given of the cluster with the license in its place already
 */
export function prospectOf(name: string, given: Facts): Prospect {
  // What it ends by being put there does not stand in its way later.
  const licenses = given.licenses.map((license) => ({ ...license, kept: keptLicenses(license, given) }))
  const facts = { ...given, licenses }
  const message = decide(facts).licenses.find((license) => license.name === name)?.message ?? ''
  const at = [facts.now, ...turnsOf(facts)].find((now) => countsAt(name, { ...facts, now }))
  if (at === undefined) return { counts: 'never', message }
  return at === facts.now ? { counts: 'now', message } : { counts: 'later', at, message }
}

function countsAt(name: string, facts: Facts): boolean {
  const { license } = grantFrom(facts)
  const isIt = license?.facts.name === name && license.claims === license.facts.claims
  return isIt && isUsableNow(license.claims, facts)
}

/** When a license begins or ends. */
function turnsOf({ licenses, now }: Facts): Instant[] {
  const known = licenses.flatMap(({ claims, kept = [] }) => [claims ?? [], ...kept.map((one) => one.claims)].flat())
  return known
    .flatMap(({ notBefore = now, expiresAt }) => [notBefore, expiresAt])
    .filter((instant) => instant > now)
    .toSorted((a, b) => a - b)
}
