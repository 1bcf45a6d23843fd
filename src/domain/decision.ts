// Facts in, Decision out. No clock, no I/O, no throw. Everything the operator does follows from a Decision.

import {
  admitAgents,
  type Admission,
  closingViolation,
  freeSlots,
  growthUnder,
  limitMessage,
  notInPlanMessage,
  permittedAgents,
} from './agent-admission.ts'
import type { DegradationLevel, Growth, GuardianMode } from './catalog.ts'
import { type Situation, type Violation, violationsIn } from './checks.ts'
import type { ClusterType } from './cluster-type.ts'
import { type Degradation, degradationAt, newAgentsBlockedFrom } from './degradation.ts'
import { type Facts, type LicenseFacts, type Memory, workloadKey } from './facts.ts'
import { addonKey, type Grant, grantFrom, isForThisCluster, limitOf } from './grant.ts'
import { guardianMode, mayChangeThings } from './guardian.ts'
import { DAY, earliest, formatInstant, HOUR, type Instant } from './instant.ts'
import { validityAt } from './license/validity.ts'
import { type NodeOverage, nodeOverageAt } from './node-overage.ts'
import type { Reason, Verdict } from './reasons.ts'
import { amount, list, title } from './words.ts'

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

export type LicenseState = Verdict | 'PendingActivation' | 'Superseded' | 'Future'

/** What is said of one License resource. */
export interface LicenseDecision {
  readonly name: string
  readonly state: LicenseState
  readonly reason: Reason
  readonly message: string
  readonly plan?: string
  readonly organization?: string
  readonly licenseId?: string
  readonly expiresAt?: Instant
  /** Whether the decision rests on this license. */
  readonly inUse: boolean
}

export interface Decision {
  readonly verdict: Verdict
  readonly reason: Reason
  readonly message: string
  readonly grant: Grant
  readonly degradation: Degradation
  readonly cluster: ClusterType
  readonly clusterUid: string
  readonly nodes: {
    readonly counted: number
    readonly total: number
    readonly limit: number
    readonly overage?: NodeOverage
  }
  readonly agents: Admission
  readonly features: readonly string[]
  readonly addons: readonly string[]
  readonly guardian: { readonly mode: GuardianMode; readonly mayChangeThings: boolean }
  readonly updates: { readonly enabled: boolean; readonly staged: boolean }
  readonly violations: readonly (Violation & { readonly firstSeen: Instant })[]
  /** What a person should know beside the verdict, each one sentence. */
  readonly messages: readonly string[]
  readonly expiring: boolean
  readonly licenses: readonly LicenseDecision[]
  readonly gate: Gate
  /** When the decision changes by itself; the next look is due then. */
  readonly nextChangeAt?: Instant
  /** What the next decision has to know of this one. */
  readonly memory: Memory
}

export function decide(facts: Facts): Decision {
  const { catalog, now } = facts
  const grant = grantFrom(facts)
  const expiresAt = grant.license?.claims.expiresAt
  const degradation = degradationAt(expiresAt ?? Number.POSITIVE_INFINITY, now, catalog)
  const overage = nodeOverageAt(grant, facts.nodes.counted, facts.memory.nodesOver, catalog, now)
  const situation: Situation = { facts, grant, degradation, overage }

  const violations = violationsIn(situation)
  const agents = admitAgents(facts, grant, violations)
  const mode = guardianMode(facts.wanted?.guardian ?? 'off', grant, degradation.guardianAtMost, catalog)
  const expiresSoonAt = expiresAt === undefined ? undefined : expiresAt - catalog.notice.expiryDays * DAY
  const expiring = expiresAt !== undefined && expiresSoonAt !== undefined && now >= expiresSoonAt && now < expiresAt
  const [first] = violations
  const firstSeen = (violation: Violation) => Math.min(facts.memory.violationSince.get(violation.reason) ?? now, now)

  return {
    verdict: first?.verdict ?? 'Valid',
    reason: first?.reason ?? (grant.license === undefined ? 'FreePlan' : 'Valid'),
    message: first?.message ?? validMessage(grant),
    grant,
    degradation,
    cluster: facts.cluster,
    clusterUid: facts.clusterUid,
    nodes: {
      counted: facts.nodes.counted,
      total: facts.nodes.total,
      limit: limitOf(grant, 'nodes'),
      ...(overage === undefined ? {} : { overage }),
    },
    agents,
    features: [...grant.features].toSorted(),
    addons: grant.addons,
    guardian: { mode, mayChangeThings: mayChangeThings(mode) },
    updates: updatesUnder(grant, degradation, facts),
    violations: violations.map((violation) => ({ ...violation, firstSeen: firstSeen(violation) })),
    messages: messagesFor(situation, expiring),
    expiring,
    licenses: facts.licenses.map((license) => licenseDecision(license, situation)),
    gate: gateFor(situation, violations, agents),
    ...optional('nextChangeAt', nextChange(situation, agents, expiresSoonAt)),
    memory: remember(agents, overage, violations, firstSeen),
  }
}

function validMessage(grant: Grant): string {
  const until = grant.license === undefined ? '' : ` until ${formatInstant(grant.license.claims.expiresAt)}`
  return `the ${title(grant)} is in force${until}`
}

function updatesUnder(grant: Grant, degradation: Degradation, { catalog }: Facts): Decision['updates'] {
  const enabled = catalog.updates !== undefined && grant.features.has(catalog.updates.enabled) && degradation.updates
  return { enabled, staged: enabled && catalog.updates !== undefined && grant.features.has(catalog.updates.staged) }
}

function messagesFor({ facts, grant, overage, degradation }: Situation, expiring: boolean): string[] {
  const { wanted, catalog } = facts
  const messages: string[] = []
  if (grant.license === undefined && wanted?.activationKey === true) {
    messages.push('a license key is given but not activated; put a license file into a Secret and name it in a License')
  }
  for (const { name, problem } of facts.licenses) {
    if (problem !== undefined) messages.push(`License ${name}: ${problem.message}`)
  }
  if (grant.license !== undefined && expiring) {
    messages.push(`the ${title(grant)} ends on ${formatInstant(grant.license.claims.expiresAt)}; renew it before`)
  }
  if (degradation.until !== undefined && degradation.level !== 'None') {
    messages.push(`the next restriction begins on ${formatInstant(degradation.until)}`)
  }
  if (overage !== undefined && !overage.graceIsOver) {
    messages.push(
      `the ${title(grant)} allows ${amount(limitOf(grant, 'nodes'), 'node')} and the cluster has had up to ${overage.peak} since ${formatInstant(overage.since)}; growth is refused from ${formatInstant(overage.graceEndsAt)}`,
    )
  }
  if (wanted?.plan !== undefined && wanted.plan !== grant.plan.name) {
    messages.push(`the PlatformConfig expects the ${wanted.plan} plan, but the ${title(grant)} applies`)
  }
  const organization = grant.license?.claims.organization
  if (wanted?.organization !== undefined && organization !== undefined && wanted.organization !== organization) {
    messages.push(
      `the PlatformConfig expects a license of ${wanted.organization}, but the license is of ${organization}`,
    )
  }
  const missing = (wanted?.addons ?? []).filter(
    (addon) => !grant.addons.some((granted) => addonKey(granted) === addonKey(addon)),
  )
  for (const addon of missing) {
    const known = catalog.addons.find((candidate) => addonKey(candidate.name) === addonKey(addon))
    const offer = known?.offers[grant.plan.name]
    const how = offer === undefined ? `is not available for the ${grant.plan.title} plan` : 'is not part of the license'
    messages.push(`the add-on ${known?.title ?? addon} is asked for but ${how}`)
  }
  return messages
}

function licenseDecision(license: LicenseFacts, { facts, grant }: Situation): LicenseDecision {
  const { claims, problem } = license
  const inUse = grant.license?.facts.name === license.name
  const about =
    claims === undefined
      ? { name: license.name, inUse }
      : {
          name: license.name,
          inUse,
          plan: claims.plan,
          organization: claims.organization,
          licenseId: claims.licenseId,
          expiresAt: claims.expiresAt,
        }
  const say = (state: LicenseState, reason: Reason, message: string): LicenseDecision => ({
    ...about,
    state,
    reason,
    message,
  })

  if (problem !== undefined) {
    const kept = claims === undefined ? '' : '; the license that was read before stays in force'
    const state = problem.reason === 'PendingActivation' ? 'PendingActivation' : 'InvalidSignature'
    return say(state, problem.reason, `${problem.message}${kept}`)
  }
  if (claims === undefined) return say('InvalidSignature', 'MalformedLicense', 'the license could not be read')
  if (!isForThisCluster(claims, facts.clusterUid)) {
    return say(
      'InvalidSignature',
      'WrongCluster',
      `the license is bound to cluster ${claims.cluster?.uid ?? ''} and this is ${facts.clusterUid}`,
    )
  }
  const validity = validityAt(claims, facts.now)
  if (validity.kind === 'future') {
    return say('Future', 'NotYetValid', `the license begins on ${formatInstant(validity.startsAt)}`)
  }
  if (license.revoked === true) return say('Revoked', 'Revoked', 'the vendor has revoked this license')
  if (!inUse) return say('Superseded', 'Superseded', `License ${grant.license?.facts.name ?? ''} is used instead`)
  if (validity.kind === 'expired') {
    return say('Expired', 'Expired', `the license ended on ${formatInstant(claims.expiresAt)}; renew it`)
  }
  return say('Valid', 'Valid', `in force until ${formatInstant(claims.expiresAt)}`)
}

function gateFor({ facts, grant, overage }: Situation, violations: readonly Violation[], agents: Admission): Gate {
  const closed = closingViolation(violations)
  const permitted = permittedAgents(grant, facts.catalog)
  const workloads: Record<string, string> = {}
  for (const agent of [...agents.refused, ...agents.held]) workloads[agent.key] = agent.message
  for (const [key, message] of agents.idle) workloads[key] = message
  for (const agent of agents.admitted) {
    workloads[agent.key] = closed?.growth === 'Closed' ? `agent ${agent.agent} may not grow: ${closed.message}` : ''
  }
  const closesAt = creationEnd({ facts, grant, overage })
  return {
    growth: growthUnder(violations),
    message: closed?.message ?? '',
    anyAgent: permitted.any,
    agents: permitted.names,
    slots: freeSlots(agents),
    slotsMessage: limitMessage(grant, agents.limit, agents.admitted),
    refusal: notInPlanMessage(facts.catalog, grant),
    ...optional('createUntil', closesAt?.at),
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
    const { expiresAt } = grant.license.claims
    const blocked = newAgentsBlockedFrom(expiresAt, facts.catalog)
    if (blocked !== undefined) {
      ends.push({
        at: blocked.at,
        message: `the ${title(grant)} expired on ${formatInstant(expiresAt)}, and from ${formatInstant(blocked.at)} no new agent may start; renew the license to lift this`,
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

function nextChange(
  { facts, degradation, grant, overage }: Situation,
  agents: Admission,
  expiresSoonAt: Instant | undefined,
): Instant | undefined {
  const { now, licenses, catalog } = facts
  const instants: (Instant | undefined)[] = [degradation.until, overage?.graceEndsAt, expiresSoonAt]
  if (grant.license !== undefined) instants.push(grant.license.claims.expiresAt)
  for (const agent of agents.refused) instants.push(agent.holdAt)
  for (const { claims, problem } of licenses) {
    instants.push(claims?.notBefore, claims?.expiresAt)
    if (claims !== undefined && problem !== undefined)
      instants.push(problem.since + catalog.notice.lastKnownGoodHours * HOUR)
  }
  return earliest(...instants.filter((instant) => instant !== undefined && instant > now))
}

function remember(
  agents: Admission,
  overage: NodeOverage | undefined,
  violations: readonly Violation[],
  firstSeen: (violation: Violation) => Instant,
): Memory {
  return {
    admitted: new Set(agents.admitted.map((agent) => agent.key)),
    holdAt: new Map(agents.refused.flatMap((agent) => (agent.holdAt === undefined ? [] : [[agent.key, agent.holdAt]]))),
    ...(overage === undefined ? {} : { nodesOver: { since: overage.since, peak: overage.peak } }),
    violationSince: new Map(violations.map((violation) => [violation.reason, firstSeen(violation)])),
  }
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [key in K]: V })
}

export type { DegradationLevel }
export { list, workloadKey }
