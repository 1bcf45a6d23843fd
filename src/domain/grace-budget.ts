// Patience with what comes and goes. It is used up while something lasts and comes back, as fast as it went, while it does
// not: a moment's relief never begins it anew, and short spells far apart never use it up.

import type { Instant } from './time.ts'

export interface Patience {
  /** When it is at an end, if it goes on being used up. */
  readonly endsAt: Instant
  /** Since when it has been coming back; absent: it is being used up. */
  readonly restingSince?: Instant
}

/**
 * The patience from `now` on.
 * @param lasts whether what needs patience is there
 * @param whole all there can be of it, in ms
 */
export function patienceAt(
  lasts: boolean,
  whole: number,
  before: Patience | undefined,
  now: Instant,
): Patience | undefined {
  if (before === undefined) return lasts ? { endsAt: now + whole } : undefined
  // Nothing that is remembered gives more than there is, whatever the clock or whoever wrote it down says.
  const endsAt = Math.min(before.endsAt, (before.restingSince ?? now) + whole)
  if (!lasts) return { endsAt, restingSince: Math.min(before.restingSince ?? now, now) }
  if (before.restingSince === undefined) return { endsAt }
  const left = Math.max(0, endsAt - before.restingSince) + Math.max(0, now - before.restingSince)
  return { endsAt: now + Math.min(whole, left) }
}

/** Whether it is at an end. */
export function isOver({ endsAt, restingSince }: Patience, now: Instant): boolean {
  return restingSince === undefined && now >= endsAt
}

/** Whether it has come back wholly: then it is as if it had never been needed. */
export function isWhole({ endsAt, restingSince }: Patience, whole: number, now: Instant): boolean {
  return restingSince !== undefined && Math.max(0, endsAt - restingSince) + (now - restingSince) >= whole
}
