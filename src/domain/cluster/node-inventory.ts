// All nodes as numbers, kept up to date by each change: what is asked of them costs the same for 100 and for 15,000.

import { Counter } from './counter.ts'
import { type NodeClass } from '../catalog/schema.ts'
import { isReal, isUnsteady, lastingClasses } from './node-class.ts'
import type { NodeFacts } from './node-facts.ts'
import { type NodeReading, readNode } from './node-detection.ts'
import { Roster } from './roster.ts'
import type { Signal, Trust } from './signal.ts'

export class NodeTally {
  #total = 0
  /** How many nodes are of which classes that they keep, by those classes. Unsteady nodes are not among them. */
  readonly #steady = new Counter<string>()
  readonly #unsteady = new Map<string, NodeFacts>()

  /** Nodes that showed a machine before, and hide it now. */
  readonly #unmasked = new Map<string, NodeFacts>()

  /** Nodes with a kubelet and a machine; all that follows is about them. */
  #real = 0
  #copies = 0
  /** By type: nodes that name it, at each trust. */
  readonly #types: Readonly<Record<Trust, Counter<string>>> = {
    1: new Counter(),
    2: new Counter(),
    3: new Counter(),
  }
  readonly shown = new Counter<Signal>()
  readonly against = new Counter<Signal>()
  readonly doubts = new Roster()
  /** Nodes that name no type, by name. */
  readonly unnamed = new Set<string>()
  readonly platforms = new Counter<string>()
  readonly kindClusters = new Counter<string>()
  /** Nodes that say Kind, by name. */
  readonly kindNodes = new Map<string, NodeFacts>()

  get total(): number {
    return this.#total
  }

  get real(): number {
    return this.#real
  }

  /** Nodes that are shown to a virtual cluster by its host. */
  get copies(): number {
    return this.#copies
  }

  /** By type: how many nodes name it. */
  types(): Map<string, number> {
    const types = new Map<string, number>()
    for (const counter of Object.values(this.#types)) {
      for (const [type, count] of counter.entries()) types.set(type, (types.get(type) ?? 0) + count)
    }
    return types
  }

  /** How many nodes name the type by a signal of that trust, and by none better. */
  namedAt(trust: Trust, type: string): number {
    return this.#types[trust].of(type)
  }

  /** Nodes that are neither going nor NotReady, by the classes that they keep. */
  steady(): { readonly classes: readonly NodeClass[]; readonly count: number }[] {
    return this.#steady.entries().map(([key, count]) => ({ classes: classesOf(key), count }))
  }

  /** Nodes that are going or NotReady: time matters to them. */
  unsteady(): Iterable<NodeFacts> {
    return this.#unsteady.values()
  }

  /** A node appeared (no `before`), changed, or is gone (no `after`). */
  change(before: NodeFacts | undefined, after: NodeFacts | undefined): void {
    const known = before && (this.#unmasked.get(before.name) ?? before)
    const next = after && unmasked(known, after)
    if (known !== undefined) this.#add(known, -1)
    if (next !== undefined) this.#add(next, 1)
    if (next !== after && next !== undefined) this.#unmasked.set(next.name, next)
    else if (known !== undefined) this.#unmasked.delete(known.name)
  }

  #add(node: NodeFacts, by: 1 | -1): void {
    this.#total += by
    if (!isUnsteady(node)) this.#steady.add(keyOf(lastingClasses(node)), by)
    else if (by === 1) this.#unsteady.set(node.name, node)
    else this.#unsteady.delete(node.name)
    if (isReal(node)) this.#read(readNode(node), node, by)
  }

  #read(reading: NodeReading, node: NodeFacts, by: 1 | -1): void {
    this.#real += by
    if (reading.isCopy) this.#copies += by
    if (reading.type !== undefined) this.#types[reading.trust ?? 1].add(reading.type, by)
    else if (by === 1) this.unnamed.add(node.name)
    else this.unnamed.delete(node.name)
    for (const signal of reading.shown) this.shown.add(signal, by)
    for (const signal of reading.against) this.against.add(signal, by)
    for (const doubt of reading.doubts) this.doubts.add(doubt, node.name, by)
    this.platforms.add(reading.platform, by)
    if (reading.kindCluster === undefined) return
    this.kindClusters.add(reading.kindCluster, by)
    if (by === 1) this.kindNodes.set(node.name, node)
    else this.kindNodes.delete(node.name)
  }
}

// A kubelet reports every few minutes. Who wipes out each of its reports at once hides nothing that was seen.
function unmasked(before: NodeFacts | undefined, after: NodeFacts): NodeFacts {
  return before?.hasMachine === true && !after.hasMachine ? { ...after, hasMachine: true } : after
}

/** The tally of a list of nodes. */
export function tallyOf(nodes: Iterable<NodeFacts>): NodeTally {
  const tally = new NodeTally()
  for (const node of nodes) tally.change(undefined, node)
  return tally
}

function keyOf(classes: readonly NodeClass[]): string {
  return classes.join(' ')
}

function classesOf(key: string): readonly NodeClass[] {
  return key === '' ? [] : (key.split(' ') as NodeClass[])
}
