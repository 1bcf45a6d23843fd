// Which agents may run. Deterministic: what runs under a limit stays, and the rest come in the PlatformConfig's order, then
// by age, then by name.

import type { AdmittedAgent } from './agent-candidates.ts'
import { type Candidate, candidatesOf } from './agent-candidates.ts'
import type { Catalog, Growth } from '../catalog/catalog.ts'
import type { Violation } from './checks.ts'
import { hintAt } from '../closest-name.ts'
import { controllerKey, type Facts, type Failure, type Ran } from './facts.ts'
import { type Grant, isHardLimit, isWithin, limitOf } from './grant.ts'
import { type Instant, MINUTE } from '../time.ts'
import { UNLIMITED } from '../limits.ts'
import { noticesAfter } from './notice.ts'
import type { Patience } from '../grace-budget.ts'
import type { Reason } from './reasons.ts'
import { title } from './grant.ts'
import { amount, list } from '../text.ts'

export interface RefusedAgent extends AdmittedAgent {
  readonly reason: Reason
  readonly message: string
  /** For one that runs: when it is held. */
  readonly holdAt?: Instant
}

/** One that may run and does not. */
export interface FailingAgent extends AdmittedAgent {
  readonly failure: Failure
}

export interface HeldAgent extends RefusedAgent {
  readonly replicas: number
}

export interface Admission {
  readonly limit: number
  /** Whether the limit is enforced; one that is soft is only said. */
  readonly isHard: boolean
  /** How many agents run or may: all that belong to one controller are one. */
  readonly used: number
  /** How many of them are governed: nobody else takes a place from one who is. */
  readonly usedGoverned: number
  readonly admitted: readonly AdmittedAgent[]
  /** Those of them that do not run. */
  readonly failing: readonly FailingAgent[]
  readonly refused: readonly RefusedAgent[]
  /** Scaled to zero by the operator, with the replicas to restore. */
  readonly held: readonly HeldAgent[]
  /** Workloads that have to be held now. */
  readonly toHold: ReadonlySet<string>
  /** Admitted agents of a PlatformConfig that are not there yet. */
  readonly toMake: ReadonlySet<string>
  /** Held workloads that may run again. */
  readonly toResume: ReadonlySet<string>
  /** Governed workloads that want no replicas, the one that starts first in front. They count nothing. */
  readonly idle: readonly AdmittedAgent[]
  /** Workloads that stopped or vanished a moment ago and may come back though growth is not open. */
  readonly recovering: ReadonlyMap<string, Ran & { readonly until: Instant }>
  /** What is left of each notice. */
  readonly notices: ReadonlyMap<string, Patience>
  /** Of what is admitted: its agent and images, by `workloadKey`. */
  readonly ran: ReadonlyMap<string, Ran>
  /** Agents by the controller that makes their workloads, by `controllerKey`. */
  readonly controllers: ReadonlyMap<string, string>
}

interface Refusal {
  readonly reason: Reason
  readonly message: string
}

type RefusedCandidate = Candidate & Refusal

/** For how long what ran may come back as it was while nothing new may start. */
const RECOVERY = 60 * MINUTE
/** The latest are remembered: more than fall over at once, and few enough to be published. */
const MOST_RECOVERING = 200

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
  const { candidates, idle } = candidatesOf(facts)
  const judge = new Judge(facts, grant, violations)
  const admitted: Candidate[] = []
  const refused: RefusedCandidate[] = []
  for (const candidate of candidates) {
    const refusal = judge.refusalOf(candidate)
    if (refusal === undefined) admitted.push(candidate)
    else refused.push({ ...candidate, ...refusal })
  }
  const notices = noticesAfter(refused, facts)
  return {
    limit: judge.limit,
    isHard: judge.isHard,
    used: judge.used,
    usedGoverned: judge.usedGoverned,
    admitted: admitted.map(agentOf),
    failing: admitted.flatMap((candidate) => {
      const { wants = 0, failure } = candidate.facts ?? {}
      return failure === undefined || wants === 0 ? [] : [{ ...agentOf(candidate), failure }]
    }),
    ...whatHappensTo(refused, notices, facts),
    toMake: new Set(admitted.filter(({ facts: workload }) => workload === undefined).map(({ key }) => key)),
    toResume: new Set(admitted.filter(({ facts: workload }) => workload?.held === true).map(({ key }) => key)),
    idle: idle.map(agentOf),
    recovering: recoveringAfter(facts, admitted),
    notices,
    ran: new Map(admitted.map(({ key, agent, facts: workload }) => [key, { agent, images: workload?.images ?? '' }])),
    controllers: controllersOf(admitted),
  }
}

/** Judges one candidate after the other: how many came before decides about a limit. */
class Judge {
  readonly limit: number
  readonly isHard: boolean
  used = 0
  usedGoverned = 0
  readonly #facts: Facts
  readonly #grant: Grant
  readonly #nobody: Violation | undefined
  readonly #closed: Violation | undefined
  readonly #names: string[] = []
  readonly #controllers = new Set<string>()
  readonly #permitted: (agent: string) => boolean

  constructor(facts: Facts, grant: Grant, violations: readonly Violation[]) {
    const { axis } = facts.catalog.governed
    this.limit = limitOf(grant, axis)
    this.isHard = isHardLimit(facts.catalog, axis, this.limit)
    this.#facts = facts
    this.#grant = grant
    this.#nobody = violations.find((violation) => violation.admitsNobody)
    this.#closed = closingViolation(violations)
    const { any, names } = permittedAgents(grant, facts.catalog)
    this.#permitted = (agent) => any || names.includes(agent)
  }

  refusalOf(candidate: Candidate): Refusal | undefined {
    const { agent, facts: workload } = candidate
    const group = workload?.controller === undefined ? undefined : `${workload.controller}/${agent}`
    const refusal = this.#ruledOut(candidate)
    if (refusal !== undefined) return refusal
    if (group !== undefined && this.#controllers.has(group)) return undefined
    if (this.isHard && !isWithin(this.limit, this.used + 1)) return this.#overLimit(agent)
    if (group !== undefined) this.#controllers.add(group)
    this.used++
    if (candidate.governed) this.usedGoverned++
    // A few names are said; thousands need not be kept for that.
    if (this.#names.length < 100) this.#names.push(agent)
    return undefined
  }

  #ruledOut(candidate: Candidate): Refusal | undefined {
    const { agent, facts: workload } = candidate
    const { catalog, namesTaken } = this.#facts
    const { noun } = catalog.governed
    if (this.#nobody !== undefined) {
      return { reason: this.#nobody.reason, message: sentence(noun, agent, this.#nobody.message) }
    }
    if (!this.#permitted(agent)) {
      const why = notInPlanMessage(catalog, this.#grant) + hintAt(agent, namesIn(catalog))
      return { reason: 'AgentNotInPlan', message: sentence(noun, agent, why) }
    }
    const closed = this.#closed
    if (closed !== undefined && isNew(candidate, closed, this.#facts)) {
      return { reason: growthReason(closed), message: sentence(noun, agent, closed.message) }
    }
    if (workload === undefined && namesTaken.has(agent)) {
      return { reason: 'NameTaken', message: nameTakenMessage(noun, candidate) }
    }
    return undefined
  }

  #overLimit(agent: string): Refusal {
    const { catalog } = this.#facts
    const why = limitMessage(catalog, this.#grant, this.#names, this.used)
    return { reason: 'AgentLimitReached', message: sentence(catalog.governed.noun, agent, why) }
  }
}

/** Of those that are refused: who is held already, who has to be, and who will be when. */
function whatHappensTo(
  candidates: readonly RefusedCandidate[],
  notices: ReadonlyMap<string, Patience>,
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
    } else if (workload === undefined || workload.wants === 0 || !candidate.governed) {
      refused.push(agent)
    } else if (!workload.holdable) {
      refused.push({ ...agent, message: `${message}; ${cannotBeHeld(agent)}` })
    } else {
      const holdAt = notices.get(candidate.key)?.endsAt ?? facts.now
      refused.push({ ...agent, holdAt })
      // No node is known: the cluster is not what it was, or we do not see it. Nobody is held on that.
      if (holdAt <= facts.now && facts.nodes.total > 0) toHold.add(candidate.key)
    }
  }
  return { refused, held, toHold }
}

function cannotBeHeld({ kind, workload }: AdmittedAgent): string {
  return `${kind} ${workload} goes on running, because the operator cannot scale it to 0; delete it or license the agent`
}

/**
 * What was admitted and stopped or vanished: for an hour it may come back under its key. Who makes a workload anew
 * (`helm upgrade --force`, a wrong delete) takes nothing that he did not have.
 */
function recoveringAfter(facts: Facts, admitted: readonly Candidate[]): Admission['recovering'] {
  const { memory, now } = facts
  const there = new Set(admitted.map(({ key }) => key))
  const recovering = new Map<string, Ran & { readonly until: Instant }>()
  for (const [key, ran] of memory.admitted) if (!there.has(key)) recovering.set(key, { ...ran, until: now + RECOVERY })
  for (const [key, ran] of memory.recovering) {
    if (!there.has(key) && ran.until > now) recovering.set(key, ran)
  }
  // Those that run and are refused now have a notice, and nothing to recover.
  for (const { wants, resource, namespace, name } of facts.workloads) {
    if (recovering.size === 0) break
    if (wants > 0) recovering.delete(`${resource}/${namespace}/${name}`)
  }
  if (recovering.size <= MOST_RECOVERING) return recovering
  return new Map([...recovering].toSorted(([, a], [, b]) => b.until - a.until).slice(0, MOST_RECOVERING))
}

function controllersOf(admitted: readonly Candidate[]): Map<string, string> {
  const controllers = new Map<string, string>()
  for (const { facts: workload, agent, resource } of admitted) {
    if (workload === undefined || workload.wants === 0) continue
    if (workload.controller !== undefined) controllers.set(workload.controller, agent)
    // A person may make a Job of a CronJob that runs.
    if (resource === 'cronjobs' && !workload.held) controllers.set(controllerKey(workload.kind, workload.uid), agent)
  }
  return controllers
}

function agentOf({ key, agent, resource, kind, namespace, workload }: AdmittedAgent): AdmittedAgent {
  return { key, agent, resource, kind, namespace, workload }
}

// What runs, or ran until the operator held it or it was deleted, is not new: unless it appeared, never admitted, while
// nothing new was to.
function isNew({ key, facts: workload }: Candidate, closed: Violation, { memory, now }: Facts): boolean {
  if (memory.admitted.has(key)) return false
  if ((memory.recovering.get(key)?.until ?? now) > now) return false
  if (workload === undefined || workload.wants === 0) return true
  return closed.since !== undefined && workload.createdAt >= closed.since
}

/** `agent tess is not licensed: …`. The same words in status, Events and the API server's refusal. */
function sentence(noun: string, agent: string, why: string): string {
  return `${noun} ${agent} is not licensed: ${why}`
}

function namesIn({ agents }: Catalog): string[] {
  return agents.map(({ name }) => name)
}

export function notInPlanMessage(catalog: Catalog, grant: Grant): string {
  const { names } = permittedAgents(grant, catalog)
  const { axis, noun } = catalog.governed
  return `the ${title(grant)} admits ${list(names)} (at most ${amount(limitOf(grant, axis), noun)})`
}

/**
 * Why no more may start.
 * @param names agents that are admitted, or the first of them
 * @param used how many there are
 */
export function limitMessage(catalog: Catalog, grant: Grant, names: readonly string[], used = names.length): string {
  const { axis, noun } = catalog.governed
  const most = amount(limitOf(grant, axis), noun)
  if (names.length === 0) return `the ${title(grant)} admits at most ${most}`
  const there = used > names.length ? amount(used, noun) : list(names)
  return `the ${title(grant)} admits at most ${most}, and ${there} ${used === 1 ? 'is' : 'are'} there already`
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
export function freeSlots({ limit, isHard, usedGoverned }: Admission): number {
  return limit === UNLIMITED || !isHard ? UNLIMITED : Math.max(0, limit - usedGoverned)
}
