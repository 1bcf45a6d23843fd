// Which agents may run. Deterministic: the PlatformConfig's order first, then age, then name.

import type { Catalog, Growth } from './catalog.ts'
import type { Violation } from './checks.ts'
import { type Facts, type WorkloadFacts, workloadKey } from './facts.ts'
import { type Grant, isWithin, limitOf } from './grant.ts'
import type { Instant } from './instant.ts'
import { UNLIMITED } from './license/claims.ts'
import type { Reason } from './reasons.ts'
import { amount, list, title } from './words.ts'

export interface AdmittedAgent {
  readonly key: string
  readonly agent: string
  readonly resource: string
  readonly kind: string
  readonly namespace: string
  readonly workload: string
}

export interface RefusedAgent extends AdmittedAgent {
  readonly reason: Reason
  readonly message: string
  /** For one that runs: when it is held. */
  readonly holdAt?: Instant
}

export interface HeldAgent extends RefusedAgent {
  readonly replicas: number
}

export interface Admission {
  readonly limit: number
  readonly admitted: readonly AdmittedAgent[]
  readonly refused: readonly RefusedAgent[]
  /** Scaled to zero by the operator, with the replicas to restore. */
  readonly held: readonly HeldAgent[]
  /** Workloads that have to be held now. */
  readonly toHold: ReadonlySet<string>
  /** Held workloads that may run again. */
  readonly toResume: ReadonlySet<string>
  /** Labelled workloads that want no replicas; they count nothing and may start when the sentence is empty. */
  readonly idle: ReadonlyMap<string, string>
}

interface Candidate extends AdmittedAgent {
  readonly workload: string
  readonly facts?: WorkloadFacts
}

interface Refusal {
  readonly reason: Reason
  readonly message: string
}

/** The agents that the plan admits by name; `any` when agents beyond the catalog are admitted too. */
export function permittedAgents(grant: Grant, catalog: Catalog): { readonly any: boolean; readonly names: string[] } {
  const everyone = catalog.allAgents !== undefined && grant.features.has(catalog.allAgents)
  const names = catalog.agents
    .filter((agent) => everyone || grant.plan.agents.includes(agent.name))
    .filter((agent) => agent.needsAnyOf?.some((feature) => grant.features.has(feature)) ?? true)
    .map((agent) => agent.name)
  return { any: catalog.customAgents !== undefined && grant.features.has(catalog.customAgents), names }
}

export function admitAgents(facts: Facts, grant: Grant, violations: readonly Violation[]): Admission {
  const limit = limitOf(grant, 'agents')
  const nobody = violations.find((violation) => violation.admitsNobody)
  const closed = closingViolation(violations)
  const admitted: Candidate[] = []
  const refused: (Candidate & Refusal)[] = []
  const { candidates, resting } = candidatesOf(facts)

  for (const candidate of candidates) {
    const refusal = refusalOf(candidate)
    if (refusal === undefined) admitted.push(candidate)
    else refused.push({ ...candidate, ...refusal })
  }

  function refusalOf(candidate: Candidate): Refusal | undefined {
    if (nobody !== undefined) return { reason: nobody.reason, message: sentence(candidate.agent, nobody.message) }
    const notPermitted = permissionRefusal(candidate.agent, facts.catalog, grant)
    if (notPermitted !== undefined) return notPermitted
    if (closed !== undefined && isNew(candidate, closed, facts.memory))
      return { reason: growthReason(closed), message: sentence(candidate.agent, closed.message) }
    if (candidate.facts === undefined && facts.namesTaken.has(candidate.agent)) {
      return { reason: 'NameTaken', message: nameTakenMessage(candidate) }
    }
    if (!isWithin(limit, admitted.length + 1)) {
      return { reason: 'AgentLimitReached', message: sentence(candidate.agent, limitMessage(grant, limit, admitted)) }
    }
    return undefined
  }

  const toHold = new Set<string>()
  const toResume = new Set<string>()
  const held: HeldAgent[] = []
  const stillRefused: RefusedAgent[] = []
  for (const candidate of refused) {
    const { facts: workload } = candidate
    if (workload?.held === true) {
      held.push({
        ...agentOf(candidate),
        reason: candidate.reason,
        message: candidate.message,
        replicas: workload.wants,
      })
      continue
    }
    const holdAt =
      workload === undefined || workload.wants === 0 || !workload.governed
        ? undefined
        : holdInstant(candidate.key, facts)
    stillRefused.push({
      ...agentOf(candidate),
      reason: candidate.reason,
      message: candidate.message,
      ...(holdAt === undefined ? {} : { holdAt }),
    })
    // No node is known: the cluster is not what it was, or we do not see it. Nobody is held on that.
    if (holdAt !== undefined && holdAt <= facts.now && facts.nodes.total > 0) toHold.add(candidate.key)
  }
  for (const candidate of admitted) if (candidate.facts?.held === true) toResume.add(candidate.key)

  const idle = new Map<string, string>()
  for (const candidate of resting) idle.set(candidate.key, refusalOf(candidate)?.message ?? '')

  return {
    limit,
    admitted: admitted.map(agentOf),
    refused: stillRefused,
    held,
    toHold,
    toResume,
    idle,
  }
}

function agentOf({ key, agent, resource, kind, namespace, workload }: AdmittedAgent): AdmittedAgent {
  return { key, agent, resource, kind, namespace, workload }
}

// What runs, or ran until the operator held it, is not new: unless it appeared, never admitted, while nothing new was to.
function isNew(candidate: Candidate, closed: Violation, memory: Facts['memory']): boolean {
  const { facts: workload, key } = candidate
  if (workload === undefined || workload.wants === 0) return true
  return !memory.admitted.has(key) && closed.since !== undefined && workload.createdAt >= closed.since
}

/** Why an agent of this name may not run under the grant at all; undefined when it may. */
export function permissionRefusal(agent: string, catalog: Catalog, grant: Grant): Refusal | undefined {
  const permitted = permittedAgents(grant, catalog)
  if (permitted.any || permitted.names.includes(agent)) return undefined
  return { reason: 'AgentNotInPlan', message: sentence(agent, notInPlanMessage(catalog, grant)) }
}

/** `agent tess is not licensed: …`. The same words in status, Events and the API server's refusal. */
export function sentence(agent: string, why: string): string {
  return `agent ${agent} is not licensed: ${why}`
}

export function notInPlanMessage(catalog: Catalog, grant: Grant): string {
  const { names } = permittedAgents(grant, catalog)
  return `the ${title(grant)} admits ${list(names)} (at most ${amount(limitOf(grant, 'agents'), 'agent')})`
}

export function limitMessage(grant: Grant, limit: number, admitted: readonly AdmittedAgent[]): string {
  const names = admitted.map((agent) => agent.agent)
  if (names.length === 0) return `the ${title(grant)} admits at most ${amount(limit, 'agent')}`
  return `the ${title(grant)} admits at most ${amount(limit, 'agent')}, and ${list(names)} ${names.length === 1 ? 'is' : 'are'} there already`
}

/** The violation that keeps new agents from starting, the strictest first. */
export function closingViolation(violations: readonly Violation[]): Violation | undefined {
  return (
    violations.find((violation) => violation.growth === 'Closed') ??
    violations.find((violation) => violation.growth === 'ExistingOnly')
  )
}

/** How far everything together lets agents grow. */
export function growthUnder(violations: readonly Violation[]): Growth {
  return closingViolation(violations)?.growth ?? 'Open'
}

function growthReason(violation: Violation): Reason {
  if (violation.verdict !== 'Expired') return violation.reason
  return violation.growth === 'Closed' ? 'ReadOnly' : 'NewAgentsBlocked'
}

function nameTakenMessage({ agent, namespace, workload }: Candidate): string {
  return `agent ${agent} cannot be created: Deployment ${namespace}/${workload} exists and is not the operator's; rename or delete it`
}

/** Free slots under the limit; UNLIMITED without one. */
export function freeSlots(admission: Admission): number {
  return admission.limit === UNLIMITED ? UNLIMITED : Math.max(0, admission.limit - admission.admitted.length)
}

function holdInstant(key: string, { memory, now, holdNotice }: Facts): Instant {
  const remembered = memory.holdAt.get(key)
  const latest = memory.admitted.has(key) || remembered !== undefined ? now + holdNotice : now
  return Math.min(remembered ?? latest, latest)
}

function candidatesOf({ wanted, workloads, agentsNamespace }: Facts): {
  candidates: Candidate[]
  resting: Candidate[]
} {
  const left = new Map(workloads.map((workload) => [workloadKey(workload), workload]))
  const candidates: Candidate[] = []
  const resting: Candidate[] = []
  for (const agent of wanted?.agents ?? []) {
    const place = { resource: 'deployments', namespace: agentsNamespace, name: agent }
    const key = workloadKey(place)
    const facts = left.get(key)
    left.delete(key)
    candidates.push({
      key,
      agent,
      resource: 'deployments',
      kind: 'Deployment',
      namespace: agentsNamespace,
      workload: agent,
      ...(facts === undefined ? {} : { facts }),
    })
  }
  const others = [...left].toSorted(
    ([leftKey, a], [rightKey, b]) => a.createdAt - b.createdAt || (leftKey < rightKey ? -1 : 1),
  )
  for (const [key, facts] of others) {
    const { agent, resource, kind, namespace, name } = facts
    const candidate = { key, agent, resource, kind, namespace, workload: name, facts }
    if (facts.wants > 0) candidates.push(candidate)
    else resting.push(candidate)
  }
  return { candidates, resting }
}
