// What is said of each License: the one that is used, and why the others are not.

import type { Situation } from './checks.ts'
import type { LicenseFacts } from './facts.ts'
import { isForThisCluster, isRevoked, replacementOf, revocationOf } from './license-standing.ts'
import { formatInstant, type Instant } from './instant.ts'
import { validityAt } from './license/validity.ts'
import { isMissing, type Reason, type Verdict } from './reasons.ts'

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
  readonly issuedAt?: Instant
  readonly expiresAt?: Instant
  /** Whether it can be read now and is believed. */
  readonly authentic: boolean
  /** Whether the decision rests on this license. */
  readonly inUse: boolean
}

export function licenseDecision(license: LicenseFacts, { facts, grant }: Situation): LicenseDecision {
  const { claims, problem } = license
  const inUse = grant.license?.facts.name === license.name
  const authentic = claims !== undefined && problem === undefined && isForThisCluster(claims, facts.clusterUid)
  const about =
    claims === undefined
      ? { name: license.name, authentic, inUse }
      : {
          name: license.name,
          authentic,
          inUse,
          plan: claims.plan,
          organization: claims.organization,
          licenseId: claims.licenseId,
          issuedAt: claims.issuedAt,
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
    const state = isMissing(problem.reason) ? 'PendingActivation' : 'InvalidSignature'
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
  const replacement = replacementOf(claims, facts)
  if (replacement !== undefined) {
    return say('Superseded', 'Replaced', `license ${replacement.licenseId} has replaced this one; it no longer counts`)
  }
  if (isRevoked(claims, facts)) return say('Revoked', 'Revoked', 'the vendor has revoked this license')
  if (!inUse) return say('Superseded', 'Superseded', `License ${grant.license?.facts.name ?? ''} is used instead`)
  if (validity.kind === 'expired') {
    return say('Expired', 'Expired', `the license ended on ${formatInstant(claims.expiresAt)}; renew it`)
  }
  const revocation = revocationOf(claims, facts)
  const end = revocation === undefined ? claims.expiresAt : Math.min(claims.expiresAt, revocation.effectiveAt)
  const why = end < claims.expiresAt ? '; the vendor has revoked it' : ''
  return say('Valid', 'Valid', `in force until ${formatInstant(end)}${why}`)
}
