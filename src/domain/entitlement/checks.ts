// THE RULE BOOK. Checks in order of precedence; each looks at the situation and finds a violation or none.
// All violations are reported, the first is the verdict.

import type { Growth } from '../catalog/catalog.ts'
import { allowsType, MIXED } from '../cluster/cluster-type.ts'
import type { NodeOverage } from '../cluster/node-overage.ts'
import { type Degradation, newAgentsBlockedFrom } from './degradation.ts'
import type { Facts } from './facts.ts'
import { type Grant, limitOf } from './grant.ts'
import { formatInstant, type Instant } from '../time.ts'
import { isForThisCluster, isRevoked, replacementOf } from './license-standing.ts'
import { isMissing, type Reason, type Verdict } from './reasons.ts'
import { title } from './grant.ts'
import { amount, list } from '../text.ts'

export interface Situation {
  readonly facts: Facts
  readonly grant: Grant
  readonly degradation: Degradation
  readonly overage: NodeOverage | undefined
}

export interface Violation {
  readonly verdict: Exclude<Verdict, 'Valid'>
  readonly reason: Reason
  /** One sentence: what is wrong, since when, what lifts it. No full stop, no time relative to now. */
  readonly message: string
  /** What may still start. */
  readonly growth: Growth
  /** From when nothing new may start; absent: it has nothing to do with time. */
  readonly since?: Instant
  /** Whether even agents that run lose their admission. */
  readonly admitsNobody: boolean
}

type Check = (situation: Situation) => Violation | undefined

const checks: readonly (readonly [demand: string, check: Check])[] = [
  // Only where no other license counts: a bad license affects itself alone.
  ['the license is authentic', licenseIsAuthentic],
  // The free plan needs a proven Kind.
  ['the cluster is of a type that the plan allows', clusterTypeIsAllowed],
  // After its end, the catalog's schedule.
  ['the license is in force', licenseIsInForce],
  // After the period of grace.
  ['the nodes are within the limit', nodesAreWithinLimit],
  ['the license is not revoked', licenseIsNotRevoked],
]

/** Every check in its order, with what it demands and the violation that it found. */
export function traceOf(situation: Situation): { readonly demand: string; readonly violation?: Violation }[] {
  return checks.map(([demand, check]) => {
    const violation = check(situation)
    return violation === undefined ? { demand } : { demand, violation }
  })
}

function licenseIsAuthentic({ facts, grant }: Situation): Violation | undefined {
  if (grant.license !== undefined) return undefined
  for (const license of facts.licenses) {
    if (license.claims !== undefined && !isForThisCluster(license.claims, facts.clusterUid)) {
      return notAuthentic('WrongCluster', `License ${license.name} is bound to another cluster`, grant)
    }
    const replacement = license.claims === undefined ? undefined : replacementOf(license.claims, facts)
    if (replacement !== undefined) {
      const what = `License ${license.name} has been replaced by license ${replacement.licenseId}`
      return notAuthentic('Replaced', `${what} and no longer counts`, grant)
    }
    if (license.problem !== undefined && !isMissing(license.problem.reason)) {
      return notAuthentic(
        license.problem.reason,
        `License ${license.name} is refused: ${license.problem.message}`,
        grant,
      )
    }
  }
  return undefined
}

function notAuthentic(reason: Reason, what: string, grant: Grant): Violation {
  return {
    verdict: 'InvalidSignature',
    reason,
    message: `${what}; the ${grant.plan.title} plan applies until a good license is installed`,
    growth: 'Open',
    admitsNobody: false,
  }
}

function clusterTypeIsAllowed({ facts, grant }: Situation): Violation | undefined {
  const { cluster } = facts
  const { clusterTypes } = grant
  if (clusterTypes === undefined) return undefined
  const allowed = allowsType(clusterTypes, cluster.type)
  const proven = cluster.type !== 'Kind' || cluster.proven || grant.license !== undefined
  if (allowed && proven) return undefined
  const what = allowed
    ? `this cluster looks like ${cluster.type} without proof (${list([...cluster.contradictions, ...cluster.evidence.toReversed()], 4)})`
    : cluster.type === 'Unknown'
      ? `the type of this cluster is not known (${list([...cluster.contradictions, ...cluster.evidence].slice(0, 2))})`
      : cluster.type === MIXED
        ? (cluster.contradictions[0] ?? 'the nodes are of different types')
        : `this cluster is ${cluster.type}`
  return {
    verdict: 'ClusterTypeNotAllowed',
    reason: 'ClusterTypeNotAllowed',
    message: `the ${title(grant)} is for ${list(clusterTypes)} clusters only, and ${what}; install a license that may be used here`,
    growth: 'Closed',
    admitsNobody: true,
  }
}

function licenseIsInForce({ facts, grant, degradation }: Situation): Violation | undefined {
  if (grant.license === undefined || degradation.level === 'None') return undefined
  const { claims } = grant.license
  const blocked = newAgentsBlockedFrom(claims, facts.catalog)
  return {
    verdict: 'Expired',
    reason: 'Expired',
    message: `the ${title(grant)} expired on ${formatInstant(claims.expiresAt)} (level ${degradation.level}): ${consequenceOf(degradation, facts.catalog.governed.noun)}; renew the license to lift this`,
    growth: degradation.growth,
    ...(blocked === undefined || degradation.growth === 'Open' ? {} : { since: blocked.at }),
    admitsNobody: false,
  }
}

function consequenceOf({ growth, updates, guardianAtMost }: Degradation, noun: string): string {
  if (growth === 'Closed')
    return `${noun}s may shrink, restart and be deleted, but not grow or change, and what runs keeps running`
  if (growth === 'ExistingOnly') return `no new ${noun} may start, and what runs keeps running`
  if (guardianAtMost !== 'full')
    return `updates are off and the guardian is ${guardianAtMost}, and ${noun}s are not restricted`
  return updates ? 'nothing is restricted yet' : `updates are off, and ${noun}s are not restricted`
}

function nodesAreWithinLimit({ facts, grant, overage }: Situation): Violation | undefined {
  if (overage === undefined || !overage.graceIsOver) return undefined
  const limit = limitOf(grant, 'nodes')
  return {
    verdict: 'NodeLimitExceeded',
    reason: 'NodeLimitExceeded',
    message: `the ${title(grant)} allows ${amount(limit, 'node')} and the cluster has had more since ${formatInstant(overage.since)}, now ${facts.nodes.counted}; remove nodes or install a license for more`,
    growth: 'Closed',
    since: overage.graceEndsAt,
    admitsNobody: false,
  }
}

function licenseIsNotRevoked({ facts, grant }: Situation): Violation | undefined {
  if (grant.license === undefined || !isRevoked(grant.license.claims, facts)) return undefined
  return {
    verdict: 'Revoked',
    reason: 'Revoked',
    message: revokedMessage(grant),
    growth: 'Closed',
    admitsNobody: true,
  }
}

/** Says it, too, to whoever asks the API server while the operator is down. */
export function revokedMessage(grant: Grant): string {
  return `the vendor has revoked the ${title(grant)}; ask your vendor`
}
