// The highest count of the last days, for whoever settles accounts by it. Kept as the few counts that are still the highest
// since, so that a peak goes at its time and nothing has to be looked at every day.

import { DAY, type Instant } from '../time.ts'

/** A count that has not been reached again since. */
export interface PastPeak {
  readonly counted: number
  /** The last instant at which so many nodes were there. */
  readonly until: Instant
}

/** What is kept of the counts of the last days. */
export interface NodePeaks {
  readonly current: number
  /** The highest first, and so the oldest first. At most one for a day. */
  readonly past: readonly PastPeak[]
}

/** The peaks after `counted` nodes were counted at `now`. */
export function peaksAfter(before: NodePeaks | undefined, counted: number, days: number, now: Instant): NodePeaks {
  if (before === undefined) return { current: counted, past: [] }
  let past = before.past
  if (counted < before.current) {
    past = [...past.filter((peak) => peak.counted > before.current), { counted: before.current, until: now }]
  }
  past = past.filter((peak, index) => {
    const earlier = past[index - 1]
    const sameDay = earlier !== undefined && dayOf(earlier.until) === dayOf(peak.until)
    return peak.counted > counted && peak.until > now - days * DAY && !sameDay
  })
  return { current: counted, past }
}

/** The highest count of the last days. */
export function peakOf({ current, past }: NodePeaks): number {
  return past[0]?.counted ?? current
}

/** When the highest count is that no more, if nothing happens but time. */
export function peakEndsAt({ past }: NodePeaks, days: number): Instant | undefined {
  const [highest] = past
  return highest === undefined ? undefined : highest.until + days * DAY
}

function dayOf(instant: Instant): number {
  return Math.floor(instant / DAY)
}
