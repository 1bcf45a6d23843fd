// More nodes than licensed are tolerated for a while: a rolling upgrade's surge is no violation. A moment within the limit
// does not begin that while anew.

import type { Catalog } from '../catalog/catalog.ts'
import { HOUR, type Instant } from '../time.ts'
import { isOver, isWhole, type Patience, patienceAt } from '../grace-budget.ts'

export interface NodeOverage {
  readonly since: Instant
  /** The most nodes that were counted since. */
  readonly peak: number
  readonly graceEndsAt: Instant
  readonly graceIsOver: boolean
}

/** The last overage, also when it is past: what is left of the grace comes back only with time. */
export interface OverageMemory {
  readonly since: Instant
  readonly peak: number
  readonly grace: Patience
}

/**
 * The overage at `now`, and what has to be remembered of it. It ends the moment the count is back.
 * @param isOverLimit whether more nodes are counted than licensed
 */
export function nodeOverageAt(
  isOverLimit: boolean,
  counted: number,
  remembered: OverageMemory | undefined,
  catalog: Catalog,
  now: Instant,
): { readonly overage?: NodeOverage; readonly memory?: OverageMemory } {
  const whole = catalog.notice.nodeOverageHours * HOUR
  const grace = patienceAt(isOverLimit, whole, remembered?.grace, now)
  if (grace === undefined) return {}
  const isNew = remembered === undefined || (isOverLimit && isWhole(remembered.grace, whole, now))
  const since = Math.min(isNew ? now : remembered.since, now)
  if (!isOverLimit) return { memory: { since, peak: remembered?.peak ?? 0, grace } }
  const peak = Math.max(isNew ? 0 : remembered.peak, counted)
  return {
    overage: { since, peak, graceEndsAt: grace.endsAt, graceIsOver: isOver(grace, now) },
    memory: { since, peak, grace },
  }
}
