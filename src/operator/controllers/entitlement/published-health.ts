// How it stands, as it is published: the health with its problems, and a condition for each type of finding.

import { condition, type WantedCondition } from '../../../api/conditions.ts'
import type { HealthStatus, PublishedProblem } from '../../../api/health.ts'
import type { Decision } from '../../../domain/entitlement/decision.ts'
import { type Finding, FINDING_TYPES } from '../../../domain/health/finding.ts'
import type { Health } from '../../../domain/health/health.ts'
import { formatInstant, type Instant } from '../../../domain/time.ts'
import { shortText } from './bounds.ts'

/** Conditions that say with True that something is wrong. */
const OF_TROUBLE: ReadonlySet<string> = new Set(['Contested'])
const MOST_PROBLEMS = 40
const MOST_MESSAGES = 40

/**
 * A problem that is said again keeps the time at which it was said first.
 * @param before what was published last
 */
export function publishedHealth(health: Health, before: HealthStatus | undefined, now: Instant): HealthStatus {
  const { level, headline, problems } = health
  const more = problems.length - MOST_PROBLEMS
  return {
    level,
    headline,
    problems: problems.slice(0, MOST_PROBLEMS).map((one): PublishedProblem => {
      const message = shortText(one.message)
      const earlier = before?.problems.find((was) => was.reason === one.reason && was.message === message)
      return {
        reason: one.reason,
        severity: one.severity,
        source: one.source,
        message,
        since: one.since === undefined ? (earlier?.since ?? formatInstant(now)) : formatInstant(one.since),
        ...(one.pending === true ? { pending: true } : {}),
      }
    }),
    ...(more > 0 ? { more } : {}),
  }
}

/** What is good to know beside the verdict and the agents, as sentences: notes, and what became of carrying out. */
export function publishedMessages({ notes }: Decision, { problems }: HealthStatus): string[] {
  const operation = problems.filter(({ source, pending }) => source === 'operation' && pending !== true)
  const all = [...notes, ...operation].map(({ message }) => message)
  const more = all.length - MOST_MESSAGES
  return more > 0 ? [...all.slice(0, MOST_MESSAGES), `${more} more`] : all
}

/** The condition that stands for all of it. */
export function healthCondition({ level, headline, problems: [first] }: HealthStatus): WantedCondition {
  const isHealthy = level === 'Healthy'
  return condition(
    'Healthy',
    isHealthy,
    isHealthy ? 'InOrder' : (first?.reason ?? level),
    first === undefined || isHealthy ? headline : `${headline}: ${first.message}`,
  )
}

/** One condition for each type: the worst that was found of it. */
export function conditionsOf(findings: readonly Finding[]): WantedCondition[] {
  const worst = new Map<string, Finding>()
  for (const finding of findings) {
    const known = worst.get(finding.type)
    if (known === undefined || (known.healthy && !finding.healthy)) worst.set(finding.type, finding)
  }
  return [...worst.values()]
    .toSorted((a, b) => FINDING_TYPES.indexOf(a.type) - FINDING_TYPES.indexOf(b.type))
    .map(({ type, healthy, pending, reason, message }) => ({
      type,
      status: pending === true ? 'Unknown' : healthy === OF_TROUBLE.has(type) ? 'False' : 'True',
      reason,
      message,
    }))
}
