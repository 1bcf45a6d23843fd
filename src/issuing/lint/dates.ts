// Whether the dates of a license are those that somebody means.

import { DAY, formatInstant } from '../../domain/time.ts'
import type { Check, Draft, Findings } from './draft.ts'

const YEAR = 365.25 * DAY
const LONGEST_TERM_YEARS = 5

export const dateChecks: readonly Check[] = [
  endsAfterItBegins,
  endsInTheFuture,
  isNotForEver,
  endIsNotADayEarly,
  hardEndHasAnEffect,
]

function endsAfterItBegins({ claims }: Draft): Findings {
  const { issuedAt, notBefore, expiresAt } = claims
  const end = formatInstant(expiresAt)
  if (notBefore !== undefined && notBefore >= expiresAt) {
    return { problems: [`the license would end (${end}) before it begins (${formatInstant(notBefore)})`] }
  }
  if (issuedAt >= expiresAt) {
    return { problems: [`the license would end (${end}) before it is issued (${formatInstant(issuedAt)})`] }
  }
  return {}
}

function endsInTheFuture({ claims, now, isBackdated }: Draft): Findings {
  if (claims.expiresAt > now || claims.expiresAt <= claims.issuedAt) return {}
  const end = formatInstant(claims.expiresAt)
  if (isBackdated) return { warnings: [`this license ended on ${end} already`] }
  return { problems: [`the license would have ended on ${end} already; if that is meant, give its --issued-at too`] }
}

function isNotForEver({ claims }: Draft): Findings {
  const { issuedAt, notBefore = issuedAt, expiresAt } = claims
  const years = (expiresAt - notBefore) / YEAR
  if (years <= LONGEST_TERM_YEARS + 1 / 365) return {}
  const term = `the license runs for ${years.toFixed(1)} years, until ${formatInstant(expiresAt)}`
  return {
    warnings: [`${term}; nobody can end it sooner but by a revocation, which an offline customer may not apply`],
  }
}

/** "Until 31 December" means all of that day. Who writes its midnight ends the license a day early. */
function endIsNotADayEarly({ endsWithTheStartOf: day }: Draft): Findings {
  if (day === undefined || !isLastOfMonth(day)) return {}
  return {
    warnings: [`the license ends with the first moment of ${day}, so not on that day; for all of it, write ${day}`],
  }
}

function isLastOfMonth(day: string): boolean {
  return new Date(Date.parse(day) + DAY).getUTCDate() === 1
}

function hardEndHasAnEffect({ claims, catalog }: Draft): Findings {
  if (claims.hardEndsAt === undefined) return {}
  const last = catalog.degradation.at(-1)
  if (last === undefined) {
    return { warnings: [`the hard end changes nothing: ${catalog.title} restricts nothing after the end of a license`] }
  }
  const scheduled = claims.expiresAt + last.fromDay * DAY
  if (claims.hardEndsAt <= scheduled) return {}
  const [hard, plain] = [formatInstant(claims.hardEndsAt), formatInstant(scheduled)]
  return {
    warnings: [`the hard end (${hard}) puts off the level ${last.level}, which would begin on ${plain} without it`],
  }
}
