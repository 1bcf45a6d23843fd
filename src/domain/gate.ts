// What the API server is told, so that it can refuse growth by itself and say why.

import {
  type Admission,
  closingViolation,
  freeSlots,
  growthUnder,
  limitMessage,
  notInPlanMessage,
  permittedAgents,
} from './agent-admission.ts'
import type { Growth } from './catalog.ts'
import { revokedMessage, type Situation, type Violation } from './checks.ts'
import { newAgentsBlockedFrom } from './degradation.ts'
import { limitOf } from './grant.ts'
import { revocationOf } from './license-standing.ts'
import { formatInstant, type Instant } from './instant.ts'
import { amount, title } from './words.ts'

/** What the admission policy is told. It works from this alone while the operator is down. */
export interface Gate {
  readonly growth: Growth
  /** Why growth is not open. */
  readonly message: string
  /** Whether agents beyond `agents` are admitted too. */
  readonly anyAgent: boolean
  readonly agents: readonly string[]
  /** How many more agents may start; -1: any number. */
  readonly slots: number
  readonly slotsMessage: string
  /** Why an agent that is not in `agents` is refused. */
  readonly refusal: string
  /** From when the API server refuses to create agents, by its own clock. */
  readonly createUntil?: Instant
  readonly createMessage: string
  /** By workload: why it may not grow; empty when it may. */
  readonly workloads: Readonly<Record<string, string>>
}

export function gateFor(
  { facts, grant, overage }: Situation,
  violations: readonly Violation[],
  agents: Admission,
): Gate {
  const { noun } = facts.catalog.governed
  const closed = closingViolation(violations)
  const permitted = permittedAgents(grant, facts.catalog)
  const workloads: Record<string, string> = {}
  for (const agent of [...agents.refused, ...agents.held]) workloads[agent.key] = agent.message
  for (const [key, message] of agents.idle) workloads[key] = message
  for (const agent of agents.admitted) {
    workloads[agent.key] = closed?.growth === 'Closed' ? `${noun} ${agent.agent} may not grow: ${closed.message}` : ''
  }
  const closesAt = creationEnd({ facts, grant, overage })
  return {
    growth: growthUnder(violations),
    message: closed?.message ?? '',
    anyAgent: permitted.any,
    agents: permitted.names,
    slots: freeSlots(agents),
    slotsMessage: limitMessage(facts.catalog, grant, agents.admitted),
    refusal: notInPlanMessage(facts.catalog, grant),
    ...(closesAt === undefined ? {} : { createUntil: closesAt.at }),
    createMessage: closesAt?.message ?? '',
    workloads,
  }
}

// The API server has a clock of its own on CREATE. It is told when creating ends, so that this holds without the operator.
function creationEnd({
  facts,
  grant,
  overage,
}: Pick<Situation, 'facts' | 'grant' | 'overage'>): { at: Instant; message: string } | undefined {
  const ends: { at: Instant; message: string }[] = []
  if (grant.license !== undefined) {
    // A license that follows without a gap keeps the gate open, also when nobody is there to say so.
    const last = grant.coveredBy ?? grant.license.claims
    const { expiresAt } = last
    const blocked = newAgentsBlockedFrom(last, facts.catalog)
    const revocation = revocationOf(grant.license.claims, facts)
    if (revocation !== undefined) {
      ends.push({ at: revocation.effectiveAt, message: revokedMessage(grant) })
    }
    if (blocked !== undefined) {
      ends.push({
        at: blocked.at,
        message: `the ${title(grant)} expired on ${formatInstant(expiresAt)}, and from ${formatInstant(blocked.at)} no new ${facts.catalog.governed.noun} may start; renew the license to lift this`,
      })
    }
  }
  if (overage !== undefined) {
    ends.push({
      at: overage.graceEndsAt,
      message: `the ${title(grant)} allows ${amount(limitOf(grant, 'nodes'), 'node')} and the cluster has had more since ${formatInstant(overage.since)}; remove nodes or install a license for more`,
    })
  }
  return ends.toSorted((a, b) => a.at - b.at)[0]
}
