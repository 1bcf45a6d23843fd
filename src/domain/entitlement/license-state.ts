// What is said of each License: the one that is used, and why the others are not.

import type { Situation } from './checks.ts'
import { allowsType } from '../cluster/cluster-type.ts'
import type { Facts, KeptLicense, LicenseFacts } from './facts.ts'
import { type Grant, keptLicenses } from './grant.ts'
import { clusterTypesOf, isForThisCluster, isRevoked, replacementOf, revocationOf } from './license-standing.ts'
import { formatInstant, type Instant } from '../time.ts'
import type { LicenseClaims } from '../license/claims.ts'
import { validityAt } from '../license/validity.ts'
import { isMissing, type Reason, type Verdict } from './reasons.ts'
import { list } from '../text.ts'

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
  /** Of the licenses that were in its place before, those that go on. */
  readonly kept: readonly KeptLicense[]
}

/** The license behind the grant, where it was in the place of this one before and goes on. */
export function stayingLicense(license: LicenseFacts, grant: Grant): LicenseClaims | undefined {
  const used = grant.license
  return used?.facts.name === license.name && used.claims !== license.claims ? used.claims : undefined
}

export function licenseDecision(license: LicenseFacts, situation: Situation): LicenseDecision {
  const { facts, grant } = situation
  const { name, claims, problem } = license
  const about = {
    name,
    authentic: claims !== undefined && problem === undefined && isForThisCluster(claims, facts.clusterUid),
    inUse: claims !== undefined && grant.license?.facts.name === name && grant.license.claims === claims,
    kept: keptLicenses(license, facts),
  }
  const stays = stayingLicense(license, grant)
  const goesOn = stays === undefined ? '' : `; ${stayingSentence(stays, facts)}`
  if (problem !== undefined) {
    const before = claims === undefined ? '' : `; the license that was read before ${stayingWord(claims, facts)}`
    const state = isMissing(problem.reason) ? 'PendingActivation' : 'InvalidSignature'
    return {
      ...about,
      ...shown(claims),
      state,
      reason: problem.reason,
      message: `${problem.message}${goesOn || before}`,
    }
  }
  if (claims === undefined) {
    return { ...about, state: 'InvalidSignature', reason: 'MalformedLicense', message: 'the license could not be read' }
  }
  const [state, reason, message] = judge(claims, about.inUse, situation, stays)
  return { ...about, ...shown(claims), state, reason, message: `${message}${about.inUse ? '' : goesOn}` }
}

function shown(claims: LicenseClaims | undefined) {
  if (claims === undefined) return {}
  const { plan, organization, licenseId, issuedAt, expiresAt } = claims
  return { plan, organization, licenseId, issuedAt, expiresAt }
}

function stayingSentence(stays: LicenseClaims, facts: Facts): string {
  const until = isInForce(stays, facts) ? ` until ${formatInstant(endOf(stays, facts))}` : ''
  return `license ${stays.licenseId}, which was in its place before, ${stayingWord(stays, facts)}${until}`
}

function stayingWord(stays: LicenseClaims, facts: Facts): string {
  if (isInForce(stays, facts)) return 'stays in force'
  return isRevoked(stays, facts) ? 'is what counts, and is revoked' : 'is what counts'
}

function isInForce(claims: LicenseClaims, facts: Facts): boolean {
  return validityAt(claims, facts.now).kind === 'in-force' && !isRevoked(claims, facts)
}

function endOf(claims: LicenseClaims, facts: Facts): Instant {
  const { effectiveAt = claims.expiresAt } = revocationOf(claims, facts) ?? {}
  return Math.min(claims.expiresAt, effectiveAt)
}

type Judgement = readonly [state: LicenseState, reason: Reason, message: string]

function judge(
  claims: LicenseClaims,
  inUse: boolean,
  { facts, grant }: Situation,
  stays: LicenseClaims | undefined,
): Judgement {
  if (!isForThisCluster(claims, facts.clusterUid)) {
    const message = `the license is bound to cluster ${claims.cluster?.uid ?? ''} and this is ${facts.clusterUid}`
    return ['InvalidSignature', 'WrongCluster', message]
  }
  const validity = validityAt(claims, facts.now)
  if (validity.kind === 'future') {
    return ['Future', 'NotYetValid', `the license begins on ${formatInstant(validity.startsAt)}`]
  }
  const replacement = replacementOf(claims, facts)
  if (replacement !== undefined) {
    return ['Superseded', 'Replaced', `license ${replacement.licenseId} has replaced this one; it no longer counts`]
  }
  if (isRevoked(claims, facts)) return ['Revoked', 'Revoked', 'the vendor has revoked this license']
  const types = clusterTypesOf(claims, facts)
  if (!inUse && !allowsType(types, facts.cluster.type)) {
    const message = `the license is for ${list(types ?? [])} clusters only, and this one is ${facts.cluster.type}`
    return ['ClusterTypeNotAllowed', 'ClusterTypeNotAllowed', message]
  }
  if (!inUse && stays === undefined) {
    return ['Superseded', 'Superseded', `License ${grant.license?.facts.name ?? ''} is used instead`]
  }
  const ended = `the license ended on ${formatInstant(claims.expiresAt)}`
  if (validity.kind === 'expired') return ['Expired', 'Expired', inUse ? `${ended}; renew it` : ended]
  if (!inUse) return ['Superseded', 'Superseded', waits(claims, stays, facts)]
  const end = endOf(claims, facts)
  const why = end < claims.expiresAt ? '; the vendor has revoked it' : ''
  return ['Valid', 'Valid', `in force until ${formatInstant(end)}${why}`]
}

/** Of one that could be used, if what was in its place before did not allow more. */
function waits({ expiresAt }: LicenseClaims, stays: LicenseClaims | undefined, facts: Facts): string {
  const what = 'the license before it allows more, or as much for longer'
  if (stays === undefined || expiresAt <= endOf(stays, facts)) return what
  return `${what}; this one is used from ${formatInstant(endOf(stays, facts))} on`
}
