// What the API server is told, so that it can refuse growth by itself and say why. It is bounded: what does not fit is refused
// where it cannot be judged, and nothing else is.

import { type AdmittedAgent } from './agent-candidates.ts'
import {
  type Admission,
  closingViolation,
  freeSlots,
  growthUnder,
  limitMessage,
  notInPlanMessage,
  permittedAgents,
} from './agent-admission.ts'
import type { Growth } from '../catalog/catalog.ts'
import { revokedMessage, type Situation, type Violation } from './checks.ts'
import { newAgentsBlockedFrom } from './degradation.ts'
import type { ConfigFacts } from './facts.ts'
import { type GateEntry, type GateWorkloads, gateWorkloads } from './gate-workloads.ts'
import { limitOf } from './grant.ts'
import { formatInstant, type Instant } from '../time.ts'
import { UNLIMITED } from '../limits.ts'
import { revocationOf } from './license-standing.ts'
import { title } from './grant.ts'
import { amount } from '../text.ts'

/** What the admission policies are told. They work from this alone while the operator is down. */
export interface Gate extends GateWorkloads {
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
  /** Agents by the controller that exists and makes their workloads, by `controllerKey`. */
  readonly controllers: Readonly<Record<string, string>>
  /** Whether an operator counts what starts. */
  readonly attended: boolean
  /** Where nobody counts: agents that may be created under their own name. */
  readonly mayCreate: readonly string[]
  /** Where the platform is read-only: the PlatformConfigs that may be made anew just so. */
  readonly frozen: readonly ConfigFacts[]
}

const MOST_CONTROLLERS = 200

export function gateFor(situation: Situation, violations: readonly Violation[], agents: Admission): Gate {
  const { facts, grant, degradation } = situation
  const closed = closingViolation(violations)
  const permitted = permittedAgents(grant, facts.catalog)
  const closesAt = creationEnd(situation)
  const entries = entriesFor(situation, violations, agents)
  return {
    growth: growthUnder(violations),
    message: closed?.message ?? '',
    anyAgent: permitted.any,
    agents: permitted.names,
    slots: freeSlots(agents),
    slotsMessage: limitMessage(facts.catalog, grant, agents.admitted.slice(0, 100).map(nameOf), agents.used),
    refusal: notInPlanMessage(facts.catalog, grant),
    ...(closesAt === undefined ? {} : { createUntil: closesAt.at }),
    createMessage: closesAt?.message ?? '',
    ...gateWorkloads(entries, degradation.readOnly),
    controllers: Object.fromEntries([...agents.controllers].slice(0, MOST_CONTROLLERS)),
    attended: true,
    mayCreate: [],
    frozen: degradation.readOnly ? facts.memory.frozen : [],
  }
}

/**
 * The gate when the operator stops. Nobody counts what starts until it is back, so that each free place is given to somebody
 * by name: first to workloads that rest, then to agents that are not there and are created under their own name.
 */
export function unattendedGate(gate: Gate, agents: Admission): Gate {
  if (gate.slots === UNLIMITED || gate.growth !== 'Open') return { ...gate, attended: false }
  const isPermitted = ({ agent }: AdmittedAgent) => gate.anyAgent || gate.agents.includes(agent)
  const tickets = agents.idle.filter(isPermitted).slice(0, gate.slots)
  const workloads = { ...gate.workloads }
  for (const { key, agent } of tickets) workloads[key] = `admitted ${agent}`
  const there = new Set([...agents.admitted, ...agents.refused, ...agents.held, ...agents.idle].map(nameOf))
  const left = gate.slots - tickets.length
  return {
    ...gate,
    workloads,
    attended: false,
    slots: 0,
    slotsMessage:
      gate.slots === 0
        ? gate.slotsMessage
        : 'the license operator is not running, so that nobody counts what starts; start it and try again',
    mayCreate: gate.agents.filter((name) => !there.has(name)).slice(0, left),
  }
}

function nameOf({ agent }: AdmittedAgent): string {
  return agent
}

/** What is known of each governed workload, those first that somebody is waiting for. */
function* entriesFor({ facts }: Situation, violations: readonly Violation[], agents: Admission): Generator<GateEntry> {
  const governed = new Set<string>()
  for (const { namespace, governedSince } of facts.workloads) if (governedSince !== undefined) governed.add(namespace)
  governed.add(facts.agentsNamespace)
  const isGoverned = ({ namespace }: AdmittedAgent) => governed.has(namespace)
  for (const agent of agents.admitted) {
    const expected = agents.toMake.has(agent.key)
    if (isGoverned(agent)) yield { ...entry(agent, 'admitted', agents.ran.get(agent.key)?.images), expected }
  }
  for (const agent of agents.refused) if (isGoverned(agent)) yield entry(agent, 'refused')
  for (const agent of agents.held) if (isGoverned(agent)) yield entry(agent, 'refused')
  const recovers = recoverable(agents, violations)
  for (const agent of agents.idle) {
    const ran = recovers.get(agent.key)
    yield entry(agent, ran === undefined ? 'stopped' : 'admitted', ran?.images)
    recovers.delete(agent.key)
  }
  for (const [key, { agent, images }] of recovers) {
    const [, namespace = ''] = key.split('/')
    if (governed.has(namespace)) yield { key, namespace, state: 'admitted', agent, images, expected: true }
  }
}

/** Those that may come back though growth is not open, as far as the limit has room. */
function recoverable(
  agents: Admission,
  violations: readonly Violation[],
): Map<string, { agent: string; images: string }> {
  if (growthUnder(violations) === 'Open' || violations.some(({ admitsNobody }) => admitsNobody)) return new Map()
  const room = freeSlots(agents)
  const all = [...agents.recovering]
  return new Map(room === UNLIMITED ? all : all.slice(0, room))
}

function entry({ key, namespace, agent }: AdmittedAgent, state: GateEntry['state'], images = ''): GateEntry {
  return { key, namespace, state, agent, images }
}

// The API server has a clock of its own on CREATE. It is told when creating ends, so that this holds without the operator.
function creationEnd({ facts, grant, overage }: Situation): { at: Instant; message: string } | undefined {
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
