// What counts of the cluster: not what one look at it shows, but what lasts.

import type { Catalog } from '../catalog/catalog.ts'
import { earliest, type Instant } from '../time.ts'
import type { ClusterType } from './cluster-type.ts'
import type { NodeCount } from './node-count.ts'
import { type NodePeaks, peakEndsAt, peaksAfter } from './node-peaks.ts'
import { type ClusterMemory, settle } from './stability.ts'

export interface Standing {
  readonly cluster: ClusterType
  readonly nodes: NodeCount
  readonly peaks: NodePeaks
  /** What the next look has to know of this one. */
  readonly memory: { readonly cluster?: ClusterMemory; readonly nodePeaks?: NodePeaks }
  /** When it changes, if nothing happens but time. */
  readonly changesAt?: Instant
}

/** What stands at `now`, after what is seen then. */
export function standingAt(
  seen: { readonly cluster: ClusterType; readonly nodes: NodeCount },
  before: Standing['memory'],
  catalog: Catalog,
  now: Instant,
): Standing {
  const { total } = seen.nodes
  const settled = settle(seen.cluster, total, before.cluster, now)
  // The operator runs on some node: an empty list is a mistake, and the last count stands.
  const counted = total === 0 ? (before.nodePeaks?.current ?? 0) : seen.nodes.counted
  const { peakDays } = catalog.nodes
  const peaks = peaksAfter(before.nodePeaks, counted, peakDays, now)
  const changesAt = earliest(settled.changesAt, seen.nodes.changesAt, peakEndsAt(peaks, peakDays))
  const isKnown = total > 0 || before.nodePeaks !== undefined
  return {
    cluster: settled.cluster,
    nodes: { ...seen.nodes, counted },
    peaks,
    memory: {
      ...(settled.memory === undefined ? {} : { cluster: settled.memory }),
      ...(isKnown ? { nodePeaks: peaks } : {}),
    },
    ...(changesAt === undefined ? {} : { changesAt }),
  }
}
