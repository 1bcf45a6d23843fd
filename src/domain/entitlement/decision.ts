// Facts in, Decision out. No clock, no I/O, no throw. Everything the operator does follows from a Decision.

import { admitAgents, type Admission } from './agent-admission.ts'
import type { Catalog, GuardianMode } from '../catalog/catalog.ts'
import { type Situation, traceOf, type Violation } from './checks.ts'
import type { ClusterType } from '../cluster/cluster-type.ts'
import { type NodeOverage, nodeOverageAt } from '../cluster/node-overage.ts'
import type { NodeCount } from '../cluster/node-count.ts'
import { standingAt } from '../cluster/settled-cluster.ts'
import { peakOf } from '../cluster/node-peaks.ts'
import { type Degradation, degradationAt } from './degradation.ts'
import type { Concern, ConfigFacts, Facts, Memory } from './facts.ts'
import { type Gate, gateFor } from './gate.ts'
import { coveredUntil, type Grant, grantFrom, isWithin, limitOf } from './grant.ts'
import { guardianMode, mayChangeThings } from './guardian.ts'
import { DAY, earliest, formatInstant, HOUR, type Instant } from '../time.ts'
import { type LicenseDecision, licenseDecision } from './license-state.ts'
import type { LicenseClaims } from '../license/claims.ts'
import { begunLicenses, revocationOf } from './license-standing.ts'
import { type Note, notesOn } from './notes.ts'
import type { Reason, Verdict } from './reasons.ts'
import { title } from './grant.ts'

export interface Decision {
  readonly verdict: Verdict
  readonly reason: Reason
  readonly message: string
  readonly grant: Grant
  readonly degradation: Degradation
  readonly cluster: ClusterType
  readonly clusterUid: string
  /** The rules that were applied. */
  readonly catalog: Catalog
  readonly concerns: readonly Concern[]
  readonly nodes: {
    readonly counted: number
    readonly total: number
    readonly limit: number
    readonly excluded: NodeCount['excluded']
    /** The highest count of the days over which the catalog keeps it. */
    readonly peak: number
    readonly overage?: NodeOverage
  }
  readonly agents: Admission
  readonly features: readonly string[]
  readonly addons: readonly string[]
  readonly guardian: { readonly mode: GuardianMode; readonly mayChangeThings: boolean }
  readonly updates: { readonly enabled: boolean; readonly staged: boolean }
  readonly violations: readonly (Violation & { readonly firstSeen: Instant })[]
  /** Every check in its order: what it demands, and what is wrong with it. */
  readonly trace: readonly { readonly demand: string; readonly violation?: Violation }[]
  /** What a person should know beside the verdict. */
  readonly notes: readonly Note[]
  readonly expiring: boolean
  readonly licenses: readonly LicenseDecision[]
  /** The licenses that are for here and have begun: what they replace stays replaced. */
  readonly begun: ReadonlySet<LicenseClaims>
  readonly gate: Gate
  /** When the decision changes by itself; the next look is due then. */
  readonly nextChangeAt?: Instant
  /** What the next decision has to know of this one. */
  readonly memory: Memory
}

const NEVER_ENDS = { expiresAt: Number.POSITIVE_INFINITY }

export function decide(seen: Facts): Decision {
  const { catalog, now, memory } = seen
  const standing = standingAt(seen, memory, catalog, now)
  const facts = { ...seen, cluster: standing.cluster, nodes: standing.nodes }
  const grant = grantFrom(facts)
  const degradation = degradationAt(grant.license?.claims ?? NEVER_ENDS, now, catalog)
  const limit = limitOf(grant, 'nodes')
  const { counted } = facts.nodes
  const over = nodeOverageAt(!isWithin(limit, counted), counted, memory.nodesOver, catalog, now)
  const { overage } = over
  const situation: Situation = { facts, grant, degradation, overage }

  const trace = traceOf(situation)
  const violations = trace.map(({ violation }) => violation).filter((violation) => violation !== undefined)
  const agents = admitAgents(facts, grant, violations)
  const mode = guardianMode(facts.wanted?.guardian ?? 'off', grant, degradation.guardianAtMost, catalog)
  const until = coveredUntil(grant)
  const expiresSoonAt = until === undefined ? undefined : until - catalog.notice.expiryDays * DAY
  const expiring = until !== undefined && expiresSoonAt !== undefined && now >= expiresSoonAt && now < until
  const [first] = violations
  const nextChangeAt = nextChange(situation, agents, [expiresSoonAt, standing.changesAt])
  const frozen = frozenConfigs(facts, degradation)
  const firstSeen = (violation: Violation) => Math.min(memory.violationSince.get(violation.reason) ?? now, now)

  return {
    verdict: first?.verdict ?? 'Valid',
    reason: first?.reason ?? (grant.license === undefined ? 'FreePlan' : 'Valid'),
    message: first?.message ?? validMessage(grant),
    grant,
    degradation,
    cluster: facts.cluster,
    clusterUid: facts.clusterUid,
    catalog,
    concerns: facts.concerns,
    nodes: {
      counted,
      total: facts.nodes.total,
      limit,
      excluded: facts.nodes.excluded,
      peak: peakOf(standing.peaks),
      ...(overage === undefined ? {} : { overage }),
    },
    agents,
    features: [...grant.features].toSorted(),
    addons: grant.addons,
    guardian: { mode, mayChangeThings: mayChangeThings(mode) },
    updates: updatesUnder(grant, degradation, facts),
    violations: violations.map((violation) => ({ ...violation, firstSeen: firstSeen(violation) })),
    trace,
    notes: notesOn(situation, agents, expiring),
    expiring,
    licenses: facts.licenses.map((license) => licenseDecision(license, situation)),
    begun: new Set(begunLicenses(facts)),
    gate: gateFor({ ...situation, facts: { ...facts, memory: { ...memory, frozen } } }, violations, agents),
    ...(nextChangeAt === undefined ? {} : { nextChangeAt }),
    memory: {
      ...remember(agents, violations, firstSeen),
      frozen,
      ...standing.memory,
      ...(over.memory === undefined ? {} : { nodesOver: over.memory }),
    },
  }
}

/** The PlatformConfigs as they are while the platform is read-only, also those that were deleted since it became so. */
function frozenConfigs({ configs, memory }: Facts, { readOnly }: Degradation): readonly ConfigFacts[] {
  if (!readOnly) return []
  const names = new Set(configs.map(({ name }) => name))
  return [...configs, ...memory.frozen.filter(({ name }) => !names.has(name))].slice(0, MOST_FROZEN)
}

/** One PlatformConfig counts; a few more may be there by mistake. */
const MOST_FROZEN = 8

function validMessage(grant: Grant): string {
  const end = coveredUntil(grant)
  const until = end === undefined ? '' : ` until ${formatInstant(end)}`
  return `the ${title(grant)} is in force${until}`
}

function updatesUnder(grant: Grant, degradation: Degradation, { catalog }: Facts): Decision['updates'] {
  const enabled = catalog.updates !== undefined && grant.features.has(catalog.updates.enabled) && degradation.updates
  return { enabled, staged: enabled && catalog.updates !== undefined && grant.features.has(catalog.updates.staged) }
}

function nextChange(
  { facts, degradation, overage }: Situation,
  agents: Admission,
  others: readonly (Instant | undefined)[],
): Instant | undefined {
  const { now, licenses, catalog } = facts
  const instants: (Instant | undefined)[] = [degradation.until, overage?.graceEndsAt, ...others]
  for (const agent of agents.refused) instants.push(agent.holdAt)
  for (const { claims, problem, keyExpiresAt, kept = [] } of licenses) {
    const known = [...(claims === undefined ? [] : [{ claims, keyExpiresAt }]), ...kept]
    for (const one of known) {
      const { notBefore, expiresAt } = one.claims
      instants.push(notBefore, expiresAt, one.keyExpiresAt, revocationOf(one.claims, facts)?.effectiveAt)
    }
    if (known.length > 0 && problem !== undefined)
      instants.push(problem.since + catalog.notice.lastKnownGoodHours * HOUR)
  }
  return earliest(...instants.filter((instant) => instant !== undefined && instant > now))
}

function remember(
  agents: Admission,
  violations: readonly Violation[],
  firstSeen: (violation: Violation) => Instant,
): Omit<Memory, 'frozen'> {
  return {
    admitted: agents.ran,
    recovering: agents.recovering,
    notices: agents.notices,
    violationSince: new Map(violations.map((violation) => [violation.reason, firstSeen(violation)])),
  }
}
