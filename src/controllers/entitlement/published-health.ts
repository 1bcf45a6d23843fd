// What the controllers found, as conditions and as sentences.

import type { WantedCondition } from '../../api/conditions.ts'
import type { Decision } from '../../domain/decision.ts'
import type { Finding } from '../health-board.ts'

/** Conditions that say with True that something is wrong. */
const OF_TROUBLE: ReadonlySet<string> = new Set(['Contested'])
const MOST_MESSAGES = 40

/** One condition for each type: the worst that was found of it. */
export function conditionsOf(findings: readonly Finding[]): WantedCondition[] {
  const worst = new Map<string, Finding>()
  for (const finding of findings) {
    const known = worst.get(finding.type)
    if (known === undefined || (known.healthy && !finding.healthy)) worst.set(finding.type, finding)
  }
  return [...worst.values()]
    .toSorted((a, b) => a.type.localeCompare(b.type))
    .map(({ type, healthy, reason, message }) => ({
      type,
      status: healthy === OF_TROUBLE.has(type) ? 'False' : 'True',
      reason,
      message,
    }))
}

/** The decision's sentences, and one for each trouble. */
export function publishedMessages({ messages }: Decision, findings: readonly Finding[]): string[] {
  const all = [...messages, ...findings.filter(({ healthy }) => !healthy).map(({ message }) => message)]
  const more = all.length - MOST_MESSAGES
  return more > 0 ? [...all.slice(0, MOST_MESSAGES), `${more} more`] : all
}
