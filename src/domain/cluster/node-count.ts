// Which nodes count against a license. The catalog decides by class; cordon, NotReady, taints and labels hide no node.

import type { Instant } from '../time.ts'
import { NODE_CLASSES } from '../catalog/schema.ts'
import { type NodePolicy } from '../catalog/schema.ts'
import { classifyNode, uncountedClass } from './node-class.ts'
import type { NodeTally } from './node-inventory.ts'

export interface NodeCount {
  readonly counted: number
  readonly total: number
  /** How many do not count, by class. */
  readonly excluded: readonly { readonly class: string; readonly count: number }[]
  /** When the count changes, if nothing happens but time. */
  readonly changesAt?: Instant
}

/** Counts the nodes at `now`. */
export function countNodes(nodes: NodeTally, policy: NodePolicy, now: Instant): NodeCount {
  const excluded = new Map<string, number>()
  const exclude = (name: string, count: number) => void excluded.set(name, (excluded.get(name) ?? 0) + count)
  let changesAt = Number.POSITIVE_INFINITY
  for (const { classes, count } of nodes.steady()) {
    const name = uncountedClass(classes, policy)
    if (name !== undefined) exclude(name, count)
  }
  for (const node of nodes.unsteady()) {
    const classified = classifyNode(node, policy, now)
    if (!classified.counts) exclude(classified.class, 1)
    changesAt = Math.min(changesAt, classified.changesAt ?? changesAt)
  }
  const list = NODE_CLASSES.flatMap((name) => {
    const count = excluded.get(name)
    return count === undefined ? [] : [{ class: name, count }]
  })
  return {
    counted: nodes.total - list.reduce((sum, { count }) => sum + count, 0),
    total: nodes.total,
    excluded: list,
    ...(changesAt === Number.POSITIVE_INFINITY ? {} : { changesAt }),
  }
}
