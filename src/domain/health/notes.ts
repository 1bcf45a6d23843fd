// What a person should know beside the verdict, each in one sentence.

import type { Admission } from './agent-admission.ts'
import type { Situation } from './checks.ts'
import { addonKey, coveredUntil, isWithin, limitOf } from './grant.ts'
import { formatInstant } from './instant.ts'
import { revocationOf } from './license-standing.ts'
import { licenseDecision, stayingLicense } from './license-state.ts'
import { differenceOf, isSameName } from './names.ts'
import { amount, title } from './words.ts'

export function messagesFor(situation: Situation, agents: Admission, expiring: boolean): string[] {
  const { facts, grant, overage, degradation } = situation
  const { wanted, catalog } = facts
  const messages: string[] = []
  if (grant.license === undefined && wanted?.activationKey === true) {
    messages.push('a license key is given but not activated; put a license file into a Secret and name it in a License')
  }
  for (const { name, problem } of facts.licenses) {
    if (problem !== undefined) messages.push(`License ${name}: ${problem.message}`)
  }
  messages.push(...stayingMessages(situation))
  messages.push(...facts.concerns.map((concern) => concern.message))
  if (grant.license !== undefined) {
    const { claims } = grant.license
    const until = coveredUntil(grant) ?? claims.expiresAt
    if (expiring) messages.push(`the ${title(grant)} ends on ${formatInstant(until)}; renew it before`)
    if (until > claims.expiresAt) {
      messages.push(
        `the ${title(grant)} ends on ${formatInstant(claims.expiresAt)}, and license ${grant.coveredBy?.licenseId} follows it until ${formatInstant(until)}`,
      )
    }
    const { keyExpiresAt } = grant.license
    const { name } = grant.license.facts
    if (keyExpiresAt !== undefined && keyExpiresAt < claims.expiresAt) {
      messages.push(
        `License ${name} is signed with a key that may be used until ${formatInstant(keyExpiresAt)}, before the license ends; ask your vendor for a new license file`,
      )
    }
    const revocation = revocationOf(claims, facts)
    if (revocation !== undefined && facts.now < revocation.effectiveAt) {
      messages.push(
        `the vendor has revoked the ${title(grant)}; it counts until ${formatInstant(revocation.effectiveAt)}; ask your vendor`,
      )
    }
  }
  if (degradation.until !== undefined && degradation.level !== 'None') {
    messages.push(`the next restriction begins on ${formatInstant(degradation.until)}`)
  }
  if (overage !== undefined && !overage.graceIsOver) {
    messages.push(
      `the ${title(grant)} allows ${amount(limitOf(grant, 'nodes'), 'node')} and the cluster has had up to ${overage.peak} since ${formatInstant(overage.since)}; growth is refused from ${formatInstant(overage.graceEndsAt)}`,
    )
  }
  if (!isWithin(agents.limit, agents.admitted.length)) {
    const { noun } = catalog.governed
    messages.push(
      `the ${title(grant)} is for ${amount(agents.limit, noun)}, and there are ${agents.admitted.length}; more are not refused, but ask your vendor for a larger license`,
    )
  }
  if (wanted?.plan !== undefined && wanted.plan !== grant.plan.name) {
    messages.push(`the PlatformConfig expects the ${wanted.plan} plan, but the ${title(grant)} applies`)
  }
  const organization = grant.license?.claims.organization
  if (
    wanted?.organization !== undefined &&
    organization !== undefined &&
    !isSameName(wanted.organization, organization)
  ) {
    const difference = differenceOf(wanted.organization, organization)
    messages.push(
      `the PlatformConfig expects a license of ${wanted.organization}, but the license is of ${organization}${difference}`,
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

/** A license goes on though another one stands in its place. One that follows it without a gap is nothing to look into. */
function stayingMessages(situation: Situation): string[] {
  const { facts, grant } = situation
  return facts.licenses
    .filter((license) => stayingLicense(license, grant) !== undefined)
    .filter(({ claims, problem }) => problem === undefined && claims !== grant.coveredBy)
    .map((license) => `License ${license.name}: ${licenseDecision(license, situation).message}`)
}
