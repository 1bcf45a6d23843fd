// Whether a license fits what the ledger says of the licenses before it. Those of one organization are told apart by their
// names alone, so the name has to be the same each time.

import { formatInstant } from '../../domain/time.ts'
import type { LicenseClaims } from '../../domain/license/claims.ts'
import { replaces } from '../../domain/entitlement/license-standing.ts'
import { characterName, differenceOf, isSameName, normalName, unseenCharacter } from '../../domain/names.ts'
import type { Check, Draft, Findings } from './draft.ts'

export const historyChecks: readonly Check[] = [
  organizationIsPlain,
  idsArePlain,
  organizationIsSpelledAsBefore,
  idIsNew,
  serialGoesUp,
  serialIsKept,
  replacedLicensesAreReplaced,
]

/** A name is typed again by people and compared by programs: it is made of what both see. */
function organizationIsPlain({ claims: { organization } }: Draft): Findings {
  const unseen = unseenIn('the organization', organization)
  if (unseen !== undefined) return { problems: [`${unseen}; write the name without it`] }
  if (organization !== organization.trim()) {
    return { problems: [`the organization ${JSON.stringify(organization)} has a space at its beginning or end`] }
  }
  if (organization === organization.normalize('NFC')) return {}
  const what = `the organization ${organization} is written with letters and accents apart (not in the Unicode form NFC)`
  return { warnings: [`${what}; to the operator that is the same name, but other programs may not find it`] }
}

/** An ID is compared as it is: with a character too many it names something else, and looks the same. */
function idsArePlain({ claims: { licenseId, supersedes = [], cluster } }: Draft): Findings {
  const problems = [
    unseenIn('the license ID', licenseId),
    ...supersedes.map((id) => unseenIn('the ID of a license that this one supersedes', id)),
    unseenIn('the UID of the cluster', cluster?.uid ?? ''),
  ].filter((problem) => problem !== undefined)
  return { problems: problems.map((problem) => `${problem}; write it without`) }
}

function unseenIn(what: string, text: string): string | undefined {
  const unseen = unseenCharacter(text)
  if (unseen === undefined) return undefined
  const place = Array.from(text).indexOf(unseen) + 1
  return `${what} has the character ${characterName(unseen)} in place ${place}, which nobody can see`
}

function organizationIsSpelledAsBefore({ claims: { organization }, issued }: Draft): Findings {
  const names = issued.map((license) => license.organization)
  const other = names.find((name) => bare(name) === bare(organization))
  if (other === undefined || names.some((name) => isSameName(name, organization))) return {}
  const what = `licenses were issued to "${other}" before, and this one is for "${organization}"`
  return { warnings: [`${what}${differenceOf(other, organization)}; it replaces none of theirs`] }
}

function bare(name: string): string {
  return normalName(name)
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
}

function idIsNew({ claims: { licenseId }, issued }: Draft): Findings {
  const before = issued.find((license) => license.licenseId === licenseId)
  if (before === undefined) return {}
  const what = `the license ID ${licenseId} was given to ${before.organization} on ${formatInstant(before.issuedAt)}`
  return { problems: [`${what}; give the license another one`] }
}

function serialGoesUp({ claims, issued }: Draft): Findings {
  const last = lastSerial(claims, issued)
  if (claims.serial === undefined || last === undefined || claims.serial > last) return {}
  const what = `the serial number ${claims.serial} is not above ${last}, the last one of ${claims.organization}`
  return { problems: [`${what}, so the operator would take the license for an old one; use ${last + 1}`] }
}

function serialIsKept({ claims, issued }: Draft): Findings {
  const last = lastSerial(claims, issued)
  if (claims.serial !== undefined || last === undefined) return {}
  const what = `${claims.organization} has a license with the serial number ${last}, and this one has none`
  return {
    warnings: [`${what}, so it replaces nothing; give it the serial number ${last + 1} if it renews that license`],
  }
}

function lastSerial(claims: LicenseClaims, issued: readonly LicenseClaims[]): number | undefined {
  const serials = issued
    .filter(({ organization, product }) => product === claims.product && isSameName(organization, claims.organization))
    .flatMap(({ serial }) => serial ?? [])
  return serials.length === 0 ? undefined : Math.max(...serials)
}

function replacedLicensesAreReplaced({ claims, issued }: Draft): Findings {
  const problems: string[] = []
  const warnings: string[] = []
  for (const id of claims.supersedes ?? []) {
    const old = issued.find((license) => license.licenseId === id)
    if (id === claims.licenseId) problems.push(`the license ${id} cannot supersede itself`)
    else if (old === undefined) warnings.push(`the license ${id}, which this one supersedes, is not in the ledger`)
    else if (!replaces(claims, old)) {
      const dates = `issued on ${formatInstant(old.issuedAt)}, and this one on ${formatInstant(claims.issuedAt)}`
      problems.push(`the license ${id} cannot be superseded by one that is not issued later (it was ${dates})`)
    } else if (!isSameName(old.organization, claims.organization)) {
      warnings.push(`the license ${id}, which this one supersedes, is of ${old.organization}`)
    }
  }
  return { problems, warnings }
}
