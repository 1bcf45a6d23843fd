// More nodes than licensed are tolerated for a while: a rolling upgrade's surge is no violation.

import type { Catalog } from './catalog.ts'
import { type Grant, isWithin, limitOf } from './grant.ts'
import { HOUR, type Instant } from './instant.ts'

export interface NodeOverage {
  readonly since: Instant
  /** The most nodes that were counted since. */
  readonly peak: number
  readonly graceEndsAt: Instant
  readonly graceIsOver: boolean
}

/** The overage at `now`; undefined while the count is within the limit. It ends the moment the count is back. */
export function nodeOverageAt(
  grant: Grant,
  counted: number,
  remembered: { readonly since: Instant; readonly peak: number } | undefined,
  catalog: Catalog,
  now: Instant,
): NodeOverage | undefined {
  if (isWithin(limitOf(grant, 'nodes'), counted)) return undefined
  const since = Math.min(remembered?.since ?? now, now)
  const graceEndsAt = since + catalog.notice.nodeOverageHours * HOUR
  return { since, peak: Math.max(remembered?.peak ?? 0, counted), graceEndsAt, graceIsOver: now >= graceEndsAt }
}
