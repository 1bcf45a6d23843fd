// What the end of a license restricts, and from when. Days are whole days since the end.
//
//   end        +8 d              +15 d             +31 d              +91 d
//    |- Warning -|- UpdatesDisabled -|- GuardianReduced -|- NewAgentsBlocked -|- ReadOnly …
//
// (the CTO Platform's schedule; every catalog has its own). What runs is never stopped by it.

import { type Catalog, type DegradationStep, NO_DEGRADATION } from './catalog.ts'
import { DAY, type Instant, wholeDaysBetween } from './instant.ts'

export interface Degradation extends Omit<DegradationStep, 'level' | 'fromDay'> {
  readonly level: string
  /** When this level began; absent at None. */
  readonly since?: Instant
  /** When the next level begins; absent at the last one. */
  readonly until?: Instant
}

const NONE: Degradation = {
  level: NO_DEGRADATION,
  updates: true,
  guardianAtMost: 'full',
  growth: 'Open',
  readOnly: false,
}

/** The level at `now` of a license that ends at `expiresAt` (exclusive: at that instant it has ended). */
export function degradationAt(expiresAt: Instant, now: Instant, catalog: Catalog): Degradation {
  if (now < expiresAt) return NONE
  const days = wholeDaysBetween(expiresAt, now)
  const index = catalog.degradation.findLastIndex((step) => step.fromDay <= days)
  const next = catalog.degradation[index + 1]
  const until = next === undefined ? {} : { until: expiresAt + next.fromDay * DAY }
  const step = catalog.degradation[index]
  if (step === undefined) return { ...NONE, ...until }
  const { fromDay, ...effects } = step
  return { ...effects, since: expiresAt + fromDay * DAY, ...until }
}

/** The first level that lets nothing new start, and when it begins; undefined when the schedule has none. */
export function newAgentsBlockedFrom(
  expiresAt: Instant,
  catalog: Catalog,
): { readonly at: Instant; readonly level: string } | undefined {
  const step = catalog.degradation.find((candidate) => candidate.growth !== 'Open')
  return step === undefined ? undefined : { at: expiresAt + step.fromDay * DAY, level: step.level }
}
