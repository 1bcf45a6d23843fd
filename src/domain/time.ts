// Points in time. The domain never asks for the time: an Instant is always handed in.

/** Milliseconds since the Unix epoch, UTC. */
export type Instant = number

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** RFC 3339 in UTC with whole seconds, as Kubernetes writes times: `2026-11-21T08:00:00Z`. */
export function formatInstant(instant: Instant): string {
  return new Date(instant).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

/** Reads an RFC 3339 time; undefined when the text is not one. */
export function parseInstant(text: string | undefined): Instant | undefined {
  if (text === undefined) return undefined
  const instant = Date.parse(text)
  return Number.isNaN(instant) ? undefined : instant
}

/** Whole days from one instant to a later one; negative when `to` lies before `from`. */
export function wholeDaysBetween(from: Instant, to: Instant): number {
  return Math.floor((to - from) / DAY)
}

/** The earliest of the instants that are known. */
export function earliest(...instants: readonly (Instant | undefined)[]): Instant | undefined {
  const known = instants.filter((instant) => instant !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
