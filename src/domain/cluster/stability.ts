// The type changes only on evidence that lasts. Nodes come and go, a cloud's controller is slow, an API group appears late,
// a list is empty for a moment: none of that changes what the cluster is called.

import { formatInstant, type Instant, MINUTE } from '../time.ts'
import { isOver, type Patience, patienceAt } from '../grace-budget.ts'
import { type ClusterType, UNKNOWN } from './cluster-type.ts'

/** How long what is seen has to differ before it counts. Longer than a node takes to start. */
export const TYPE_LASTS = 5 * MINUTE

const NO_NODES = 'no node is listed at the moment; what was known before stands'

/** What the next decision has to know of the type. */
export interface ClusterMemory {
  /** The type that counts. */
  readonly counts: ClusterType
  /** With what is seen and differs from it. */
  readonly patience?: Patience
  /** It comes from before a restart: what is proven now is more than that. */
  readonly recalled?: true
}

export interface SettledCluster {
  readonly cluster: ClusterType
  /** Absent: nothing has been seen that would be worth remembering. */
  readonly memory?: ClusterMemory
  /** When the type changes, if what is seen lasts. */
  readonly changesAt?: Instant
}

/**
 * The type that counts at `now`.
 * @param seen what the nodes show at this moment
 * @param nodes how many nodes there are at this moment; a list without any shows nothing
 */
export function settle(
  seen: ClusterType,
  nodes: number,
  before: ClusterMemory | undefined,
  now: Instant,
): SettledCluster {
  if (before === undefined) return nodes === 0 ? { cluster: seen } : accept(seen)
  const { counts, recalled } = before
  if (nodes === 0) {
    return { cluster: { ...counts, contradictions: [NO_NODES] }, memory: before }
  }
  const same = seen.type === counts.type && seen.proven === counts.proven
  if (!same && counts.contradictions.length === 0) {
    // Nothing was known before, or nothing but the proof was missing: that is as good as a first decision.
    if (counts.type === UNKNOWN || (seen.type === counts.type && seen.proven)) return accept(seen)
  }
  if (recalled === true && before.patience === undefined && seen.proven && !same) return accept(seen)
  const patience = patienceAt(!same, TYPE_LASTS, before.patience, now)
  const kept = patience === undefined ? {} : { patience }
  if (same) return { cluster: seen, memory: { counts: seen, ...kept } }
  if (patience === undefined || isOver(patience, now)) return accept(seen)
  const differs = `${seen.type}${seen.proven ? ', proven,' : ''} is seen now, and counts from ${formatInstant(patience.endsAt)} if that lasts`
  return {
    cluster: { ...counts, contradictions: [differs, ...seen.contradictions] },
    memory: { counts, ...kept },
    changesAt: patience.endsAt,
  }
}

function accept(seen: ClusterType): SettledCluster {
  return { cluster: seen, memory: { counts: seen } }
}
