// Which nodes count against a license.

import type { Catalog } from './catalog.ts'
import type { NodeFacts } from './cluster-type.ts'

export interface NodeCount {
  readonly counted: number
  readonly total: number
  readonly excluded: readonly { readonly name: string; readonly reason: string }[]
}

/**
 * Every node counts unless it is being deleted or the catalog leaves its class out. Cordon, NotReady, role and labels
 * do not hide one.
 */
export function countNodes(nodes: readonly NodeFacts[], catalog: Catalog): NodeCount {
  const excluded: { name: string; reason: string }[] = []
  for (const node of nodes) {
    if (node.deleting) excluded.push({ name: node.name, reason: 'is being deleted' })
    else if (node.class !== 'real' && catalog.nodes.uncountedClasses.includes(node.class)) {
      excluded.push({ name: node.name, reason: `is ${node.class}` })
    }
  }
  return { counted: nodes.length - excluded.length, total: nodes.length, excluded }
}
