// The notes beside the verdict: things that a person should know, each in one sentence and with a reason.

import type { Admission } from './agent-admission.ts'
import type { Situation } from './checks.ts'
import { addonKey, coveredUntil, isWithin, limitOf } from './grant.ts'
import { formatInstant } from '../time.ts'
import { revocationOf } from './license-standing.ts'
import { licenseDecision, stayingLicense } from './license-state.ts'
import { hintAt } from '../closest-name.ts'
import { differenceOf, isSameName } from '../names.ts'
import type { Reason } from './reasons.ts'
import { title } from './grant.ts'
import { amount, list } from '../text.ts'

export interface Note {
  readonly reason: Reason
  /** One sentence without a full stop. */
  readonly message: string
}

export function notesOn(situation: Situation, agents: Admission, expiring: boolean): Note[] {
  const { facts } = situation
  return [
    ...unreadLicenses(situation),
    ...stayingLicenses(situation),
    ...facts.concerns.map(({ reason, message }) => ({ reason, message })),
    ...endOfLicense(situation, expiring),
    ...limits(situation, agents),
    ...expectations(situation),
    ...missingAddons(situation),
    ...unusedConfigs(situation),
    ...unknownAgents(situation, agents),
  ]
}

function unreadLicenses({ facts, grant }: Situation): Note[] {
  const notActivated =
    'a license key is given but not activated; put a license file into a Secret and name it in a License'
  return [
    ...(grant.license === undefined && facts.wanted?.activationKey === true
      ? [{ reason: 'PendingActivation' as const, message: notActivated }]
      : []),
    ...facts.licenses.flatMap(({ name, problem }) =>
      problem === undefined ? [] : [{ reason: problem.reason, message: `License ${name}: ${problem.message}` }],
    ),
  ]
}

/** A license goes on though another one stands in its place. One that follows it without a gap is nothing to look into. */
function stayingLicenses(situation: Situation): Note[] {
  const { facts, grant } = situation
  return facts.licenses
    .filter((license) => stayingLicense(license, grant) !== undefined)
    .filter(({ claims, problem }) => problem === undefined && claims !== grant.coveredBy)
    .map((license) => ({
      reason: 'LicenseStays' as const,
      message: `License ${license.name}: ${licenseDecision(license, situation).message}`,
    }))
}

function endOfLicense({ facts, grant, degradation }: Situation, expiring: boolean): Note[] {
  const notes: Note[] = []
  if (grant.license !== undefined) {
    const { claims, keyExpiresAt, facts: source } = grant.license
    const until = coveredUntil(grant) ?? claims.expiresAt
    if (expiring) {
      const message = `the ${title(grant)} ends on ${formatInstant(until)}; renew it before`
      notes.push({ reason: 'Expiring', message })
    }
    if (until > claims.expiresAt) {
      const message = `the ${title(grant)} ends on ${formatInstant(claims.expiresAt)}, and license ${grant.coveredBy?.licenseId} follows it until ${formatInstant(until)}`
      notes.push({ reason: 'Followed', message })
    }
    if (keyExpiresAt !== undefined && keyExpiresAt < claims.expiresAt) {
      const message = `License ${source.name} is signed with a key that may be used until ${formatInstant(keyExpiresAt)}, before the license ends; ask your vendor for a new license file`
      notes.push({ reason: 'KeyEndsEarlier', message })
    }
    const revocation = revocationOf(claims, facts)
    if (revocation !== undefined && facts.now < revocation.effectiveAt) {
      const message = `the vendor has revoked the ${title(grant)}; it counts until ${formatInstant(revocation.effectiveAt)}; ask your vendor`
      notes.push({ reason: 'RevocationAnnounced', message })
    }
  }
  if (degradation.until !== undefined && degradation.level !== 'None') {
    const message = `the next restriction begins on ${formatInstant(degradation.until)}`
    notes.push({ reason: 'NextRestriction', message })
  }
  return notes
}

function limits({ facts, grant, overage }: Situation, agents: Admission): Note[] {
  const notes: Note[] = []
  if (overage !== undefined && !overage.graceIsOver) {
    const message = `the ${title(grant)} allows ${amount(limitOf(grant, 'nodes'), 'node')} and the cluster has had up to ${overage.peak} since ${formatInstant(overage.since)}; growth is refused from ${formatInstant(overage.graceEndsAt)}`
    notes.push({ reason: 'OverageInGrace', message })
  }
  if (!isWithin(agents.limit, agents.admitted.length)) {
    const { noun } = facts.catalog.governed
    const message = `the ${title(grant)} is for ${amount(agents.limit, noun)}, and there are ${agents.admitted.length}; more are not refused, but ask your vendor for a larger license`
    notes.push({ reason: 'SoftLimitExceeded', message })
  }
  return notes
}

/** Where the license is not what the PlatformConfig expects. */
function expectations({ facts: { wanted }, grant }: Situation): Note[] {
  const notes: Note[] = []
  if (wanted?.plan !== undefined && wanted.plan !== grant.plan.name) {
    const message = `the PlatformConfig expects the ${wanted.plan} plan, but the ${title(grant)} applies`
    notes.push({ reason: 'OtherPlan', message })
  }
  const organization = grant.license?.claims.organization
  const expected = wanted?.organization
  if (expected !== undefined && organization !== undefined && !isSameName(expected, organization)) {
    const difference = differenceOf(expected, organization)
    const message = `the PlatformConfig expects a license of ${expected}, but the license is of ${organization}${difference}`
    notes.push({ reason: 'OtherOrganization', message })
  }
  return notes
}

function missingAddons({ facts: { wanted, catalog }, grant }: Situation): Note[] {
  return (wanted?.addons ?? [])
    .filter((addon) => !grant.addons.some((granted) => addonKey(granted) === addonKey(addon)))
    .map((addon) => {
      const known = catalog.addons.find((candidate) => addonKey(candidate.name) === addonKey(addon))
      const isOffered = known?.offers[grant.plan.name] !== undefined
      const how = isOffered ? 'is not part of the license' : `is not available for the ${grant.plan.title} plan`
      return {
        reason: 'AddonNotLicensed' as const,
        message: `the add-on ${known?.title ?? addon} is asked for but ${how}`,
      }
    })
}

/** Of several PlatformConfigs one alone counts. */
function unusedConfigs({ facts: { configs, activeConfig } }: Situation): Note[] {
  const unused = configs.map(({ name }) => name).filter((name) => name !== activeConfig)
  if (activeConfig === undefined || unused.length === 0) return []
  const [subject, verb] = unused.length === 1 ? ['PlatformConfig', 'is'] : ['PlatformConfigs', 'are']
  const message = `${subject} ${list(unused)} ${verb} not used: ${activeConfig} is older, and one alone counts; delete what is not needed`
  return [{ reason: 'ConfigNotUsed', message }]
}

/** Agents that are left out and that the product does not know: perhaps their label is misspelt. */
function unknownAgents({ facts: { catalog } }: Situation, { refused, held }: Admission): Note[] {
  const known = catalog.agents.map(({ name }) => name)
  if (known.length === 0) return []
  return [...refused, ...held]
    .flatMap(({ agent, kind, namespace, workload }) => {
      const hint = hintAt(agent, known)
      if (hint === '') return []
      const message = `${kind} ${namespace}/${workload} is labelled ${agent}, and there is no such ${catalog.governed.noun}${hint}`
      return [{ reason: 'UnknownAgent' as const, message }]
    })
    .slice(0, MOST_MISSPELT)
}

const MOST_MISSPELT = 10
