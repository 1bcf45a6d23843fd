// What people and programs read: a Decision as the status of the Entitlement, the Licenses and the PlatformConfig. Pure.

import type { Circumstances } from './circumstances.ts'
import { type Condition, condition, conditionsAfter, type WantedCondition } from '../../../api/conditions.ts'
import type { EntitlementStatus, PublishedLimit } from '../../../api/entitlement.ts'
import type { LicenseStatus } from '../../../api/license.ts'
import type { PlatformConfigStatus } from '../../../api/platform-config.ts'
import type { AdmittedAgent } from '../../../domain/entitlement/agent-candidates.ts'
import type { Decision } from '../../../domain/entitlement/decision.ts'
import type { Concern } from '../../../domain/entitlement/facts.ts'
import type { LicenseDecision } from '../../../domain/entitlement/license-state.ts'
import { coveredUntil, isHardLimit, isWithin, limitOf } from '../../../domain/entitlement/grant.ts'
import { formatInstant, type Instant } from '../../../domain/time.ts'
import { amount, list } from '../../../domain/text.ts'
import type { HealthStatus } from '../../../api/health.ts'
import { healthOfDecision } from '../../../domain/health/health.ts'
import { withShortTexts } from './bounds.ts'
import { agentEntry, publishedAgents, refusedEntry, usage } from './published-agents.ts'
import { conditionsOf, healthCondition, publishedHealth, publishedMessages } from './published-health.ts'
import { publishedGate } from './published-gate.ts'

export interface Previous {
  readonly conditions?: readonly Condition[]
  readonly health?: HealthStatus
}

const MOST_KEYS = 32

export function entitlementStatus(
  decision: Decision,
  previous: Previous | undefined,
  generation: number,
  now: Instant,
  circumstances: Circumstances,
): EntitlementStatus {
  const { grant, degradation, nodes } = decision
  const claims = grant.license?.claims
  const until = coveredUntil(grant)
  const health = publishedHealth(healthOfDecision(decision, circumstances.findings), previous?.health, now)
  const status: Omit<EntitlementStatus, 'gate'> = {
    observedGeneration: generation,
    verdict: decision.verdict,
    reason: decision.reason,
    message: decision.message,
    plan: grant.plan.name,
    ...(claims === undefined
      ? {}
      : {
          organization: claims.organization,
          licenseId: claims.licenseId,
          expiresAt: formatInstant(claims.expiresAt),
        }),
    ...(until === undefined || until === claims?.expiresAt ? {} : { coveredUntil: formatInstant(until) }),
    degradation: degradation.level,
    readOnly: degradation.readOnly,
    cluster: {
      type: decision.cluster.type,
      platform: decision.cluster.platform,
      uid: decision.clusterUid,
      proven: decision.cluster.proven,
      confidence: decision.cluster.confidence,
      evidence: [...decision.cluster.evidence],
      contradictions: [...decision.cluster.contradictions],
      ...doubtOf(decision),
    },
    nodes: {
      counted: nodes.counted,
      total: nodes.total,
      limit: nodes.limit,
      excluded: nodes.excluded.map((excluded) => ({ ...excluded })),
      highest: nodes.peak,
      pastPeaks: (decision.memory.nodePeaks?.past ?? []).map(({ counted, until }) => ({
        counted,
        until: formatInstant(until),
      })),
      ...overageOf(decision),
    },
    agents: publishedAgents(decision),
    limits: publishedLimits(decision),
    deniedFeatures: deniedFeatures(decision),
    features: [...decision.features],
    addons: [...decision.addons],
    guardian: { mode: decision.guardian.mode },
    updates: { ...decision.updates },
    ...(circumstances.trustedKeys === undefined ? {} : { trustedKeys: circumstances.trustedKeys.slice(0, MOST_KEYS) }),
    violations: decision.violations.map(({ reason, message, firstSeen }) => ({
      reason,
      message,
      since: formatInstant(firstSeen),
    })),
    health,
    messages: publishedMessages(decision, health),
    ...(decision.nextChangeAt === undefined ? {} : { nextChangeAt: formatInstant(decision.nextChangeAt) }),
    conditions: conditionsAfter(
      previous?.conditions,
      [...entitlementConditions(decision, circumstances), healthCondition(health)],
      generation,
      formatInstant(now),
    ),
  }
  return { ...withShortTexts(status), gate: publishedGate(decision, circumstances) }
}

/** Also of the axes that the operator does not see: whoever measures them reads the limit here. */
function publishedLimits({ catalog, grant }: Decision): PublishedLimit[] {
  return Object.entries(catalog.meters).map(([axis, { unit, period, httpStatus }]) => {
    const limit = limitOf(grant, axis)
    return {
      axis,
      limit,
      unit,
      ...(period === undefined ? {} : { period }),
      enforcement: isHardLimit(catalog, axis, limit) ? 'hard' : 'soft',
      ...(httpStatus === undefined ? {} : { httpStatus }),
    }
  })
}

function deniedFeatures({ catalog, grant }: Decision): { name: string; httpStatus: number }[] {
  return Object.entries(catalog.featureRefusals)
    .filter(([name]) => !grant.features.has(name))
    .map(([name, httpStatus]) => ({ name, httpStatus }))
}

/** What is seen and differs from the type that counts, as far as the next decision has to know. */
function doubtOf({ memory }: Decision): Pick<EntitlementStatus['cluster'], 'changesAt' | 'steadySince'> {
  const patience = memory.cluster?.patience
  if (patience === undefined) return {}
  const { endsAt, restingSince } = patience
  return {
    changesAt: formatInstant(endsAt),
    ...(restingSince === undefined ? {} : { steadySince: formatInstant(restingSince) }),
  }
}

/** The last overage, also when it is past. */
function overageOf({
  memory,
}: Decision): Pick<EntitlementStatus['nodes'], 'peak' | 'overSince' | 'graceEndsAt' | 'overUntil'> {
  if (memory.nodesOver === undefined) return {}
  const { peak, since, grace } = memory.nodesOver
  return {
    peak,
    overSince: formatInstant(since),
    graceEndsAt: formatInstant(grace.endsAt),
    ...(grace.restingSince === undefined ? {} : { overUntil: formatInstant(grace.restingSince) }),
  }
}

// Ready means processed, whatever the license says: `helm install --wait` reads it. The license's state stands beside it.
function entitlementConditions(decision: Decision, { findings }: Circumstances): WantedCondition[] {
  const { grant, degradation, cluster, nodes } = decision
  const violated = (verdict: string) => decision.violations.find((violation) => violation.verdict === verdict)
  const notAuthentic = violated('InvalidSignature')
  const notAllowed = violated('ClusterTypeNotAllowed')
  const over = violated('NodeLimitExceeded')
  const inForce = grant.license === undefined || degradation.level === 'None'
  const overage = nodes.overage
  return [
    condition('Ready', true, 'Processed', 'the decision is published'),
    condition(
      'Authentic',
      notAuthentic === undefined,
      notAuthentic?.reason ?? decision.reason,
      notAuthentic?.message ?? 'no license is refused',
    ),
    condition('InForce', inForce, inForce ? 'InForce' : 'Expired', violated('Expired')?.message ?? decision.message),
    condition(
      'Expiring',
      decision.expiring,
      decision.expiring ? 'Expiring' : 'NotExpiring',
      decision.expiring ? 'the license ends soon' : 'no license ends soon',
    ),
    condition(
      'WithinNodeLimit',
      overage === undefined,
      over?.reason ?? (overage === undefined ? 'WithinLimit' : 'OverageInGrace'),
      over?.message ?? `${nodes.counted} of ${amount(nodes.limit, 'node')} ${nodes.counted === 1 ? 'is' : 'are'} used`,
    ),
    withinAgentLimit(decision),
    condition(
      'ClusterAllowed',
      notAllowed === undefined,
      notAllowed?.reason ?? 'ClusterAllowed',
      notAllowed?.message ?? `the plan may be used on ${cluster.type}`,
    ),
    condition(
      'Degraded',
      degradation.level !== 'None',
      degradation.level === 'None' ? 'NotDegraded' : degradation.level,
      violated('Expired')?.message ?? 'nothing is restricted because of an ended license',
    ),
    ...soundness(decision),
    ...conditionsOf(findings),
  ]
}

function withinAgentLimit({ agents, catalog }: Decision): WantedCondition {
  const { noun } = catalog.governed
  const refused = [...agents.refused, ...agents.held].filter((agent) => agent.reason === 'AgentLimitReached')
  const { used } = agents
  if (refused.length > 0) {
    const names = list(refused.map((agent) => agent.agent))
    const message = `${names} over the limit of ${amount(agents.limit, noun)}`
    return condition('WithinAgentLimit', false, 'AgentLimitReached', message)
  }
  const isWithinLimit = isWithin(agents.limit, used)
  const message = `${used} of ${amount(agents.limit, noun)} ${used === 1 ? 'is' : 'are'} used`
  return condition('WithinAgentLimit', isWithinLimit, isWithinLimit ? 'WithinLimit' : 'SoftLimitExceeded', message)
}

/** What the decision rests on beside the licenses, and whether a person should look into it. */
function soundness({ concerns }: Decision): WantedCondition[] {
  const sound = (type: string, about: Concern['about'], reason: string, message: string) => {
    const concern = concerns.find((one) => one.about === about)
    return condition(type, concern === undefined, concern?.reason ?? reason, concern?.message ?? message)
  }
  return [
    sound('ClockTrusted', 'clock', 'ClocksAgree', 'the clock agrees with the API server and has not been turned back'),
    sound('RevocationsCurrent', 'revocations', 'NothingNewer', 'no revocation list is refused'),
  ]
}

export function licenseStatus(
  license: LicenseDecision,
  decision: Decision,
  previous: Previous | undefined,
  generation: number,
  now: Instant,
): LicenseStatus {
  const inForce = license.state === 'Valid'
  return {
    observedGeneration: generation,
    product: decision.catalog.product,
    state: license.state,
    reason: license.reason,
    message: license.message,
    ...(license.plan === undefined ? {} : { plan: license.plan }),
    ...(license.organization === undefined ? {} : { organization: license.organization }),
    ...(license.licenseId === undefined ? {} : { licenseId: license.licenseId }),
    ...(license.issuedAt === undefined ? {} : { issuedAt: formatInstant(license.issuedAt) }),
    ...(license.expiresAt === undefined ? {} : { expiresAt: formatInstant(license.expiresAt) }),
    ...(license.inUse
      ? {
          nodes: usage(decision.nodes.counted, decision.nodes.limit),
          agents: usage(decision.agents.used, decision.agents.limit),
        }
      : {}),
    conditions: conditionsAfter(
      previous?.conditions,
      [
        condition('Ready', true, 'Processed', 'the license was read and judged'),
        condition('Authentic', license.authentic, license.reason, license.message),
        condition('InForce', inForce, license.reason, license.message),
        condition('InUse', license.inUse, license.inUse ? 'InUse' : 'NotInUse', license.message),
      ],
      generation,
      formatInstant(now),
    ),
  }
}

/** What a PlatformConfig says of its product while it should name one. @param unnamed why it should */
export function productConditions(unnamed: string | undefined): WantedCondition[] {
  return unnamed === undefined ? [] : [condition('ProductNamed', false, 'SeveralProducts', unnamed)]
}

export interface ConfigCircumstances {
  /** As it is published in the Entitlement. */
  readonly health: HealthStatus
  /** The agents that it asks for, by `workloadKey`; none where it does not count. */
  readonly wanted: readonly string[]
  /** What a person has to mend before it counts. */
  readonly stalled?: string | undefined
  readonly previous?: Previous | undefined
  readonly generation: number
  readonly now: Instant
}

export function platformConfigStatus(decision: Decision, circumstances: ConfigCircumstances): PlatformConfigStatus {
  const { health, wanted, stalled, previous, generation, now } = circumstances
  const { agents } = decision
  // Under the same name, somebody may have a workload of his own in another namespace.
  const mine = ({ key }: AdmittedAgent) => wanted.includes(key)
  const admitted = agents.admitted.filter(mine)
  const refused = agents.refused.filter(mine)
  const held = agents.held.filter(mine)
  const left = [...refused, ...held].map((agent) => agent.agent)
  const missing = admitted.filter(({ key }) => agents.toMake.has(key) || agents.failing.some((one) => one.key === key))
  return {
    observedGeneration: generation,
    verdict: decision.verdict,
    plan: decision.grant.plan.name,
    message: decision.message,
    cluster: decision.cluster.type,
    agents: {
      summary: `${admitted.length - missing.length}/${wanted.length}`,
      admitted: admitted.map(agentEntry),
      refused: refused.map(refusedEntry),
      held: held.map((agent) => ({ ...refusedEntry(agent), replicas: agent.replicas })),
    },
    conditions: conditionsAfter(
      previous?.conditions,
      [
        condition('Ready', true, 'Processed', 'the configuration was processed'),
        ...(stalled === undefined ? [] : [condition('Stalled', true, 'NotInUse', stalled)]),
        condition('Licensed', decision.verdict === 'Valid', decision.reason, decision.message),
        condition(
          'AgentsAdmitted',
          left.length === 0,
          left.length === 0 ? 'Admitted' : 'AgentsRefused',
          left.length === 0
            ? 'every agent is admitted'
            : `${list(left)} ${left.length === 1 ? 'is' : 'are'} not admitted`,
        ),
        condition(
          'AgentsAvailable',
          missing.length === 0,
          missing.length === 0 ? 'Available' : 'AgentsMissing',
          missing.length === 0
            ? 'every agent that is admitted is there'
            : `${list(missing.map(({ agent }) => agent))} ${missing.length === 1 ? 'is' : 'are'} admitted, and not there or without pods`,
        ),
        stalled === undefined ? healthCondition(health) : condition('Healthy', false, 'ConfigNotUsed', stalled),
      ],
      generation,
      formatInstant(now),
    ),
  }
}
