// Events: only when something changed, past tense, with the name of the thing. A restart that changes nothing says nothing.

import type { EntitlementStatus } from '../../../api/entitlement.ts'
import type { LicenseStatus } from '../../../api/license.ts'
import { type EventReason, publishedReason } from '../../../domain/entitlement/reasons.ts'

export interface Transition {
  readonly type: 'Normal' | 'Warning'
  readonly reason: EventReason
  readonly note: string
}

/** Conditions that nothing else tells of. */
const OF_CONCERN: ReadonlySet<string> = new Set(['ClockTrusted', 'RevocationsCurrent'])

/** What happened between two published decisions. Nothing is said of a first one that is as it should be. */
export function entitlementTransitions(before: EntitlementStatus | undefined, after: EntitlementStatus): Transition[] {
  const transitions: Transition[] = []
  if (before?.verdict !== after.verdict && (before !== undefined || after.verdict !== 'Valid')) {
    transitions.push({
      type: after.verdict === 'Valid' ? 'Normal' : 'Warning',
      reason: publishedReason(after.reason),
      note: after.message,
    })
  }
  const plan = before?.plan
  if (plan !== undefined && plan !== after.plan) {
    transitions.push({ type: 'Normal', reason: 'PlanChanged', note: `the plan changed from ${plan} to ${after.plan}` })
  }
  const level = before?.degradation ?? 'None'
  if (level !== 'None' && after.degradation === 'None') {
    const note = 'every restriction after the end of the license was lifted'
    transitions.push({ type: 'Normal', reason: 'RestrictionsLifted', note })
    // The first level begins with the end of the license, and that has been said.
  } else if (level !== after.degradation && transitions.every(({ note }) => note !== after.message)) {
    transitions.push({ type: 'Warning', reason: publishedReason(after.degradation), note: after.message })
  }
  for (const { type, status, reason, message } of after.conditions) {
    const was = before?.conditions.find((condition) => condition.type === type)
    if (!OF_CONCERN.has(type) || status !== 'False' || was?.reason === reason) continue
    transitions.push({ type: 'Warning', reason: publishedReason(reason), note: message })
  }
  const known = new Set([...(before?.agents.refused ?? []), ...(before?.agents.held ?? [])].map(identity))
  for (const agent of after.agents.refused) {
    if (agent.reason === undefined || known.has(identity(agent))) continue
    const hold = agent.holdAt === undefined ? '' : `; it will be held at ${agent.holdAt}`
    const reason = publishedReason(agent.reason)
    transitions.push({ type: 'Warning', reason, note: `${agent.message ?? ''}${hold}` })
  }
  return transitions
}

export function licenseTransitions(before: LicenseStatus | undefined, after: LicenseStatus): Transition[] {
  if (before?.state === after.state && before.reason === after.reason) return []
  const good = after.state === 'Valid' || after.state === 'Superseded' || after.state === 'Future'
  return [{ type: good ? 'Normal' : 'Warning', reason: publishedReason(after.reason), note: after.message }]
}

function identity(agent: { kind?: string; namespace?: string; workload?: string; reason?: string }): string {
  return `${agent.kind}/${agent.namespace}/${agent.workload}/${agent.reason}`
}
