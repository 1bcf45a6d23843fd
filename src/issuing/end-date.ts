// The end of a license as people write it. "Until 31 December" means all of 31 December: a bare day is the last one, in UTC,
// and the license ends with its last moment. A date with a time is that instant, exactly.

import { DAY, formatInstant, type Instant } from '../domain/time.ts'

export interface EndDate {
  /** The first instant at which it is over. */
  readonly at: Instant
  /** The day whose first moment was written out as a time, wherever that was. */
  readonly startOf?: string
}

const BARE_DAY = /^\d{4}-\d{2}-\d{2}$/
const MIDNIGHT = /^(\d{4}-\d{2}-\d{2})T00:00:00(?:\.0+)?(?:Z|[+-]\d{2}:\d{2})$/

/** @param at the instant of the text, for a bare day its first one */
export function endDate(text: string, at: Instant): EndDate {
  if (BARE_DAY.test(text)) return { at: at + DAY }
  const startOf = MIDNIGHT.exec(text)?.[1]
  return startOf === undefined ? { at } : { at, startOf }
}

/** `2027-12-31T12:00:00Z`; of an end at midnight also the day before it, which is the last one. */
export function describeEnd(at: Instant): string {
  return at % DAY === 0 ? `${formatInstant(at)} (last day: ${lastDayOf(at)}, UTC)` : formatInstant(at)
}

function lastDayOf(at: Instant): string {
  return formatInstant(at - 1).slice(0, 10)
}
