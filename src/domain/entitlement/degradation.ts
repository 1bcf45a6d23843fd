// What the end of a license restricts, and from when. Days are whole days since the end.
//
//   end        +8 d              +15 d             +31 d              +91 d
//    |- Warning -|- UpdatesDisabled -|- GuardianReduced -|- NewAgentsBlocked -|- ReadOnly …
//
// (the CTO Platform's schedule; every catalog has its own). What runs is never stopped by it.

import { type Catalog, type DegradationStep, NO_DEGRADATION } from '../catalog/catalog.ts'
import { DAY, type Instant } from '../time.ts'

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

/** When a license ends, exclusive: at that instant it has ended. */
export interface End {
  readonly expiresAt: Instant
  /** When the last level begins, instead of the day that the schedule has for it. */
  readonly hardEndsAt?: Instant
}

/** The level at `now` of a license with that end. */
export function degradationAt(end: End, now: Instant, catalog: Catalog): Degradation {
  if (now < end.expiresAt) return NONE
  const schedule = scheduleFrom(end, catalog)
  const index = schedule.findLastIndex(({ at }) => at <= now)
  const next = schedule[index + 1]
  const until = next === undefined ? {} : { until: next.at }
  const current = schedule[index]
  if (current === undefined) return { ...NONE, ...until }
  const { fromDay: _, ...effects } = current.step
  return { ...effects, since: current.at, ...until }
}

/** The first level that lets nothing new start, and when it begins; undefined when the schedule has none. */
export function newAgentsBlockedFrom(
  end: End,
  catalog: Catalog,
): { readonly at: Instant; readonly level: string } | undefined {
  const blocked = scheduleFrom(end, catalog).find(({ step }) => step.growth !== 'Open')
  return blocked === undefined ? undefined : { at: blocked.at, level: blocked.step.level }
}

/** Every level with the instant at which it begins. A hard end is the last one's, and none begins after it. */
function scheduleFrom(
  { expiresAt, hardEndsAt }: End,
  { degradation }: Catalog,
): { at: Instant; step: DegradationStep }[] {
  return degradation.map((step, index) => {
    const at = expiresAt + step.fromDay * DAY
    if (hardEndsAt === undefined) return { at, step }
    return { at: index === degradation.length - 1 ? hardEndsAt : Math.min(at, hardEndsAt), step }
  })
}
