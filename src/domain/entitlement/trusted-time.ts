// The time that licenses are judged by, worked out from clocks of which one or two may be wrong. A clock that is turned back gives no license
// more life, one reading of the far future ends none, and nobody is locked out by either.

import type { Concern } from './facts.ts'
import { formatInstant, HOUR, type Instant, MINUTE } from '../time.ts'

export interface TimeReadings {
  /** The clock of the operator's own node. */
  readonly clock: Instant
  /** What the API server says that the time is now. */
  readonly apiServer?: Instant | undefined
  /** What whoever renews a Lease says that the time is now. */
  readonly lease?: Instant | undefined
  /** The reading of a clock that nobody can set, in ms from any beginning. */
  readonly elapsed: number
}

export interface TrustedTime {
  readonly now: Instant
  readonly concern?: Concern
  /** Set while a time later than the one that the others say is still to be believed or not. */
  readonly contest?: Contest
}

/** A later time that the API server, or both others against it, have said for a while. */
export interface Contest {
  /** What that time was when it was said first. */
  readonly since: Instant
  /** The time that it stands against; missing after a restart, like the last reading. */
  readonly earlier?: Instant
  /** The last reading of the later one. */
  readonly last?: Mark
}

/** A time, and the reading of a clock that nobody can set, of one moment. */
interface Mark {
  readonly at: Instant
  readonly elapsed: number
}

/** What is known of the time that has passed. */
export interface TimeRecord {
  /** The latest time that is known to have passed. */
  readonly passed: Instant
  /** The latest time that ran on evenly here, uncontested: there has been an operator at work then. */
  readonly settled?: Instant
  /** Since when time has run on evenly. */
  readonly even?: Mark & { readonly isContested: boolean }
  /** The last contest, until the clocks have agreed for long enough. */
  readonly contest?: Contest
}

/** Clocks that keep time differ by seconds; a difference beyond this is no longer one of them being a little off. */
export const TOLERANCE = 5 * MINUTE
/** How long a time has to run on evenly before it counts as passed: a mistake of minutes leaves no mark. */
const SETTLING = HOUR
/** How long a contested time is not believed: one wrong clock is seen and set right before it ends a license. */
const PATIENCE = 72 * HOUR

/**
 * The time that decisions go by. A clock that shows what has passed already says nothing. Where the node's clock and the
 * API server's differ, the API server's decides. Contested is a later time against an earlier one: that of the API server
 * alone, or that of the two others against it. The earlier one counts for as long as one wrong clock may take to be set
 * right, and after that the later one: two clocks that are set back give a license no more life than that. Where no operator
 * has been at work yet nothing can be cut short, so the later one counts at once. The time is never earlier than what has
 * passed, where it stands still until the clocks have caught up.
 */
export function trustedTime(readings: TimeReadings, record: TimeRecord): TrustedTime {
  const { passed } = record
  const standing = (reading: Instant | undefined) =>
    reading !== undefined && reading >= passed - TOLERANCE ? reading : undefined
  const [clock, apiServer, lease] = [readings.clock, readings.apiServer, readings.lease].map(standing)
  // A Lease alone is anybody's word.
  if (clock === undefined && apiServer === undefined) return { now: passed, concern: rolledBack(passed) }
  const latestFirst = [clock, apiServer, lease].filter((reading) => reading !== undefined).toSorted((a, b) => b - a)
  const agreed = latestFirst[1] ?? latestFirst[0] ?? passed
  const [earlier = agreed, later = agreed] = [agreed, apiServer ?? agreed].toSorted((a, b) => a - b)
  const contest =
    later - earlier > TOLERANCE ? contestAfter(record.contest, { earlier, later }, readings.elapsed) : undefined
  const isBelieved = record.settled === undefined || contest === undefined || later - contest.since >= PATIENCE
  const decided = isBelieved ? later : earlier
  // Among clocks that agree, the node's own is the one that runs without a gap.
  const now = Math.abs(readings.clock - decided) <= TOLERANCE ? readings.clock : decided
  const concern = differenceOf(readings.clock, apiServer ?? decided)
  return {
    now: Math.max(now, passed),
    ...(concern === undefined ? {} : { concern }),
    ...(contest === undefined ? {} : { contest }),
  }
}

/** A time that jumps is another one: it is not believed for how long the one before has been said. */
function contestAfter(
  before: Contest | undefined,
  { earlier, later }: { readonly earlier: Instant; readonly later: Instant },
  elapsed: number,
): Contest {
  const goesOn =
    before !== undefined && later >= before.since && (before.last === undefined || isEven(before.last, later, elapsed))
  return { since: goesOn ? before.since : later, earlier, last: { at: later, elapsed } }
}

function isEven(from: Mark, now: Instant, elapsed: number): boolean {
  return Math.abs(now - from.at - (elapsed - from.elapsed)) <= TOLERANCE
}

function differenceOf(clock: Instant, other: Instant): Concern | undefined {
  if (clock > other + TOLERANCE) return ahead
  return clock < other - TOLERANCE ? behind : undefined
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
    "the clock of the operator's node is behind the API server's; licenses are judged by the API server's time, after 72 hours at the latest: set the clocks right",
}

const ahead: Concern = {
  about: 'clock',
  reason: 'ClockAhead',
  message:
    "the clock of the operator's node is ahead of the API server's; licenses are judged by the API server's time, unless a Lease confirms the node's for 72 hours: set the clocks right",
}

/**
 * The record after one more look at the time. Of a time that is contested, the earlier one is recorded, and of that only what
 * follows on from a time that was not.
 * @param elapsed the reading of a clock that nobody can set, in ms from any beginning
 */
export function recordTime(record: TimeRecord, { now, contest }: TrustedTime, elapsed: number): TimeRecord {
  const { even, ...rest } = contest === undefined ? record : { ...record, contest }
  const isContested = contest !== undefined
  if (isContested && record.settled === undefined) return rest
  const at = contest?.earlier ?? now
  const goesOn = even !== undefined && even.isContested === isContested && isEven(even, at, elapsed)
  if (!goesOn) return { ...rest, even: { at, elapsed, isContested } }
  if (elapsed - even.elapsed < SETTLING) return { ...rest, even }
  const settled = Math.max(record.settled ?? 0, at)
  const { contest: last, ...after } = { ...rest, passed: Math.max(record.passed, at), settled, even }
  // Clocks that agree for a moment end no contest: it would begin anew each time.
  return isContested && last !== undefined ? { ...after, contest: last } : after
}
