// Which agents may run. Deterministic: the PlatformConfig's order first, then age, then name.

import type { Catalog, Growth } from './catalog.ts'
import type { Violation } from './checks.ts'
import { type Facts, type WorkloadFacts, workloadKey } from './facts.ts'
import { type Grant, isHardLimit, isWithin, limitOf } from './grant.ts'
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
  /** Whether the limit is enforced; one that is soft is only said. */
  readonly isHard: boolean
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

type RefusedCandidate = Candidate & Refusal

/** The agents that the plan admits by name; `any` when agents beyond the catalog are admitted too. */
export function permittedAgents(grant: Grant, catalog: Catalog): { readonly any: boolean; readonly names: string[] } {
  const everyone = catalog.allAgents !== undefined && grant.features.has(catalog.allAgents)
  const names = catalog.agents
    .filter((agent) => everyone || grant.plan.agents.includes(agent.name))
    .filter((agent) => agent.needsAnyOf?.some((feature) => grant.features.has(feature)) ?? true)
    .map((agent) => agent.name)
  // A catalog that knows no names governs how many there are, and not which.
  const any =
    catalog.agents.length === 0 || (catalog.customAgents !== undefined && grant.features.has(catalog.customAgents))
  return { any, names }
}

export function admitAgents(facts: Facts, grant: Grant, violations: readonly Violation[]): Admission {
  const { governed } = facts.catalog
  const limit = limitOf(grant, governed.axis)
  const isHard = isHardLimit(facts.catalog, governed.axis, limit)
  const say = (agent: string, why: string) => sentence(governed.noun, agent, why)
  const { candidates, resting } = candidatesOf(facts)
  const admitted: Candidate[] = []
  const refused: RefusedCandidate[] = []
  for (const candidate of candidates) {
    const refusal = refusalOf(candidate, admitted)
    if (refusal === undefined) admitted.push(candidate)
    else refused.push({ ...candidate, ...refusal })
  }

  function refusalOf(candidate: Candidate, before: readonly Candidate[]): Refusal | undefined {
    const { agent } = candidate
    const nobody = violations.find((violation) => violation.admitsNobody)
    if (nobody !== undefined) return { reason: nobody.reason, message: say(agent, nobody.message) }
    if (!isPermitted(agent, facts.catalog, grant)) {
      return { reason: 'AgentNotInPlan', message: say(agent, notInPlanMessage(facts.catalog, grant)) }
    }
    const closed = closingViolation(violations)
    if (closed !== undefined && isNew(candidate, closed, facts.memory)) {
      return { reason: growthReason(closed), message: say(agent, closed.message) }
    }
    if (candidate.facts === undefined && facts.namesTaken.has(agent)) {
      return { reason: 'NameTaken', message: nameTakenMessage(governed.noun, candidate) }
    }
    if (isHard && !isWithin(limit, before.length + 1)) {
      return { reason: 'AgentLimitReached', message: say(agent, limitMessage(facts.catalog, grant, before)) }
    }
    return undefined
  }

  return {
    limit,
    isHard,
    admitted: admitted.map(agentOf),
    ...whatHappensTo(refused, facts),
    toResume: new Set(admitted.filter((candidate) => candidate.facts?.held === true).map(({ key }) => key)),
    idle: new Map(resting.map((candidate) => [candidate.key, refusalOf(candidate, admitted)?.message ?? ''])),
  }
}

/** Of those that are refused: who is held already, who has to be, and who will be when. */
function whatHappensTo(
  candidates: readonly RefusedCandidate[],
  facts: Facts,
): Pick<Admission, 'refused' | 'held' | 'toHold'> {
  const refused: RefusedAgent[] = []
  const held: HeldAgent[] = []
  const toHold = new Set<string>()
  for (const candidate of candidates) {
    const { facts: workload, reason, message } = candidate
    const agent = { ...agentOf(candidate), reason, message }
    if (workload?.held === true) {
      held.push({ ...agent, replicas: workload.wants })
    } else if (workload === undefined || workload.wants === 0 || !workload.governed) {
      refused.push(agent)
    } else {
      const holdAt = holdInstant(candidate.key, facts)
      refused.push({ ...agent, holdAt })
      // No node is known: the cluster is not what it was, or we do not see it. Nobody is held on that.
      if (holdAt <= facts.now && facts.nodes.total > 0) toHold.add(candidate.key)
    }
  }
  return { refused, held, toHold }
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

/** Whether the plan admits an agent of this name at all. */
export function isPermitted(agent: string, catalog: Catalog, grant: Grant): boolean {
  const permitted = permittedAgents(grant, catalog)
  return permitted.any || permitted.names.includes(agent)
}

/** `agent tess is not licensed: …`. The same words in status, Events and the API server's refusal. */
function sentence(noun: string, agent: string, why: string): string {
  return `${noun} ${agent} is not licensed: ${why}`
}

export function notInPlanMessage(catalog: Catalog, grant: Grant): string {
  const { names } = permittedAgents(grant, catalog)
  const { axis, noun } = catalog.governed
  return `the ${title(grant)} admits ${list(names)} (at most ${amount(limitOf(grant, axis), noun)})`
}

export function limitMessage(catalog: Catalog, grant: Grant, admitted: readonly AdmittedAgent[]): string {
  const { axis, noun } = catalog.governed
  const most = amount(limitOf(grant, axis), noun)
  const names = admitted.map((agent) => agent.agent)
  if (names.length === 0) return `the ${title(grant)} admits at most ${most}`
  return `the ${title(grant)} admits at most ${most}, and ${list(names)} ${names.length === 1 ? 'is' : 'are'} there already`
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

function nameTakenMessage(noun: string, { agent, namespace, workload }: Candidate): string {
  return `${noun} ${agent} cannot be created: Deployment ${namespace}/${workload} exists and is not the operator's; rename or delete it`
}

/** Free slots under the limit; UNLIMITED without one, or with one that is soft. */
export function freeSlots(admission: Admission): number {
  return admission.limit === UNLIMITED || !admission.isHard
    ? UNLIMITED
    : Math.max(0, admission.limit - admission.admitted.length)
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
      // What runs under the name counts as what its label says.
      agent: facts?.agent ?? agent,
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
