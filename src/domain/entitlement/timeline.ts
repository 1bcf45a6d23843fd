// What changes when, if nothing happens but time.

import { decide, type Decision } from './decision.ts'
import type { Facts } from './facts.ts'
import { type Instant, SECOND } from '../time.ts'

export interface Change {
  readonly what:
    'verdict' | 'plan' | 'expiring' | 'degradation' | 'updates' | 'guardian' | 'growth' | 'read-only' | 'admitted'
  readonly from: string
  readonly to: string
}

export interface TimelineEntry {
  readonly at: Instant
  readonly changes: readonly Change[]
}

/** A schedule has a handful of levels; more steps than this are none of it. */
const MOST_STEPS = 100

/** The changes to come, in order. Each step is a decision of its own, taken at the instant that the one before named. */
export function timelineFrom(facts: Facts): TimelineEntry[] {
  const entries: TimelineEntry[] = []
  let decision = decide(facts)
  for (let step = 0; step < MOST_STEPS && decision.nextChangeAt !== undefined; step++) {
    const at = decision.nextChangeAt
    const next = decide({ ...facts, now: at, memory: decision.memory })
    const changes = changesBetween(decision, next)
    if (changes.length > 0) entries.push({ at, changes })
    decision = next
  }
  return entries
}

/** What the end of the license has brought so far, in order; none while it is in force. */
export function stepsBefore(facts: Facts): TimelineEntry[] {
  const expiresAt = decide(facts).grant.license?.claims.expiresAt
  if (expiresAt === undefined || expiresAt > facts.now) return []
  return (
    timelineFrom({ ...facts, now: expiresAt - SECOND })
      .filter(({ at }) => at <= facts.now)
      // How many agents there were then is not known now.
      .map(({ at, changes }) => ({ at, changes: changes.filter(({ what }) => what !== 'admitted') }))
  )
}

/** `verdict: Valid → Expired`. */
export function changeText({ what, from, to }: Change): string {
  return `${what}: ${from} → ${to}`
}

function changesBetween(before: Decision, after: Decision): Change[] {
  const [was, is] = [summary(before), summary(after)]
  return (Object.keys(is) as Change['what'][])
    .filter((what) => was[what] !== is[what])
    .map((what) => ({ what, from: was[what], to: is[what] }))
}

function summary(decision: Decision): Record<Change['what'], string> {
  const { agents } = decision
  return {
    verdict: decision.verdict,
    plan: decision.grant.plan.name,
    expiring: decision.expiring ? 'yes' : 'no',
    degradation: decision.degradation.level,
    updates: decision.updates.enabled ? 'on' : 'off',
    guardian: decision.guardian.mode,
    growth: decision.gate.growth,
    'read-only': decision.degradation.readOnly ? 'yes' : 'no',
    admitted: String(agents.admitted.length),
  }
}
