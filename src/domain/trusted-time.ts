// What time it is, when not everything that tells the time can be believed. A clock that is turned back gives no license
// more life, one reading of the far future ends none, and nobody is locked out by either.

import type { Concern } from './facts.ts'
import { formatInstant, HOUR, type Instant, MINUTE } from './instant.ts'

export interface TimeReadings {
  /** The clock of the operator's own node. */
  readonly clock: Instant
  /** What the API server says that the time is now. */
  readonly apiServer?: Instant | undefined
  /** What whoever renews a Lease says that the time is now. */
  readonly lease?: Instant | undefined
  /** The latest time that is known to have passed. */
  readonly passed: Instant
}

export interface TrustedTime {
  readonly now: Instant
  readonly concern?: Concern
}

/** Clocks that keep time differ by seconds; a difference beyond this is no longer one of them being a little off. */
const TOLERANCE = 5 * MINUTE
/** How long a time has to run on evenly before it counts as passed: a mistake of minutes leaves no mark. */
const SETTLING = HOUR

/**
 * The time that decisions go by. A time counts when two say it: with two readings that is the earlier one, with three
 * the middle one. It is never earlier than what has passed, where it stands still until the clocks have caught up.
 */
export function trustedTime({ clock, apiServer, lease, passed }: TimeReadings): TrustedTime {
  const readings = [clock, apiServer, lease].filter((reading) => reading !== undefined)
  const latestFirst = readings.toSorted((a, b) => b - a)
  const agreed = latestFirst[1] ?? clock
  // Among clocks that agree, the node's own is the one that runs without a gap.
  const now = Math.abs(clock - agreed) <= TOLERANCE ? clock : agreed
  if (now < passed - TOLERANCE) return { now: passed, concern: rolledBack(passed) }
  const effective = Math.max(now, passed)
  if (clock > now + TOLERANCE) return { now: effective, concern: ahead }
  if (clock < now - TOLERANCE || clock < (apiServer ?? clock) - TOLERANCE) return { now: effective, concern: behind }
  return { now: effective }
}

// A concern stands in a status for as long as it lasts: it names no time that moves.
function rolledBack(passed: Instant): Concern {
  return {
    about: 'clock',
    reason: 'ClockRolledBack',
    message: `the clock shows a time before ${formatInstant(passed)}, which has passed already; until it has caught up, licenses are judged as of then: set the clock right`,
  }
}

const behind: Concern = {
  about: 'clock',
  reason: 'ClockRolledBack',
  message:
    "the clock of the operator's node is behind the API server's; licenses are judged by the time that two clocks agree on: set the clock right",
}

const ahead: Concern = {
  about: 'clock',
  reason: 'ClockAhead',
  message:
    "the clock of the operator's node is ahead of the API server's, and nothing confirms it; licenses are judged by the time that two clocks agree on: set the clock right",
}

/** Watches over time as it passes. */
export interface TimeRecord {
  /** The latest time that is known to have passed. */
  readonly passed: Instant
  /** Since when time has run on evenly: then, and the reading of a clock that nobody can set. */
  readonly even?: { readonly since: Instant; readonly elapsed: number }
}

/**
 * The record after one more look at the time.
 * @param elapsed the reading of a clock that nobody can set, in ms from any beginning
 */
export function recordTime(record: TimeRecord, now: Instant, elapsed: number): TimeRecord {
  const { passed, even } = record
  const isEven = even !== undefined && Math.abs(now - even.since - (elapsed - even.elapsed)) <= TOLERANCE
  if (!isEven) return { passed, even: { since: now, elapsed } }
  return { passed: elapsed - even.elapsed >= SETTLING ? Math.max(passed, now) : passed, even }
}
