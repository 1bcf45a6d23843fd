// What the cluster is and how many nodes count: the first look at 15,000 nodes, and a decision after an event of one node,
// which is to cost the same whatever the size of the cluster.

import { projectNode } from '../src/operator/observed/nodes.ts'
import { detectCluster } from '../src/domain/cluster/detect.ts'
import { countNodes } from '../src/domain/cluster/node-count.ts'
import type { NodeFacts } from '../src/domain/cluster/node-facts.ts'
import { NodeTally, tallyOf } from '../src/domain/cluster/node-inventory.ts'
import { decide } from '../src/domain/entitlement/decision.ts'
import { Store } from '../src/kube/store.ts'
import { facts, license } from '../test/support/builders.ts'
import { catalog } from '../test/support/operator.ts'
import { largeNode } from './large-node.ts'
import type { Row } from './table.ts'

const MANY = 15_000
const FEW = 100
const PAGE = 500
const ROUNDS = 15
const EVENTS = 500

/** A cluster of so many nodes, kept as the operator keeps it. */
interface Kept {
  readonly store: Store<NodeFacts>
  readonly tally: NodeTally
  version: number
}

export function detectionRows(): Row[] {
  const [many, firstLooks, parses] = firstLook()
  const few = keep(Array.from({ length: FEW }, (_, index) => projectNode(largeNode(index))))
  const event = { ours: [] as number[], baseline: [] as number[] }
  for (let round = 0; round < ROUNDS; round++) {
    // In turn, so that both meet the same weather.
    for (const cluster of round % 2 === 0 ? [many, few] : [few, many]) {
      const times = cluster === many ? event.ours : event.baseline
      times.push(microseconds(EVENTS, (index) => decideAfterEvent(cluster, index)))
    }
  }
  return [
    {
      what: `first look at ${MANY} nodes`,
      unit: 'ms',
      ours: firstLooks,
      baseline: parses,
      against: 'JSON.parse of them',
    },
    { what: `node event → decision, ${MANY} nodes`, unit: 'µs', ...event, against: `the same with ${FEW} nodes` },
  ]
}

/** The nodes as they come, in pages: read, projected, tallied, and decided on. Beside it, reading them alone. */
function firstLook(): [kept: Kept, ours: number[], baseline: number[]] {
  const pages = Array.from({ length: MANY / PAGE }, (_, page) =>
    JSON.stringify(Array.from({ length: PAGE }, (_, index) => largeNode(page * PAGE + index))),
  )
  const ours: number[] = []
  const baseline: number[] = []
  let nodes: NodeFacts[] = []
  for (let round = 0; round < 3; round++) {
    baseline.push(milliseconds(() => pages.forEach((page) => void JSON.parse(page))))
    ours.push(
      milliseconds(() => {
        nodes = pages.flatMap((page) => (JSON.parse(page) as unknown[]).map(projectNode))
        decideOn(tallyOf(nodes))
      }),
    )
  }
  return [keep(nodes), ours, baseline]
}

function keep(nodes: readonly NodeFacts[]): Kept {
  const store = new Store<NodeFacts>()
  const tally = new NodeTally()
  store.onChange((_name, before, after) => tally.change(before, after))
  store.restarted()
  for (const value of nodes) store.listed({ key: value.name, uid: value.name, resourceVersion: '1', value })
  store.syncedNow('1')
  return { store, tally, version: 1 }
}

/** A kubelet is upgraded and says so. */
function decideAfterEvent(cluster: Kept, index: number): void {
  const { store, tally } = cluster
  const node = largeNode(index % FEW)
  const { name } = node.metadata
  const value = { ...projectNode(node), kubeletVersion: `v1.34.${cluster.version % 9}-eks-113cf36` }
  store.applied({ key: name, uid: name, resourceVersion: String(++cluster.version), value })
  decideOn(tally)
}

function decideOn(nodes: NodeTally): void {
  const now = Date.now()
  const cluster = detectCluster({ nodes, apiGroups: [], serverVersion: 'v1.33.5-eks-113cf36', publicAddresses: [] })
  const decision = decide(
    facts({ now, cluster, nodes: countNodes(nodes, catalog.nodes, now), licenses: [license({ plan: 'enterprise' })] }),
  )
  if (decision.cluster.type !== 'EKS') throw new Error(`the nodes of EKS were taken for ${decision.cluster.type}`)
}

function milliseconds(work: () => void): number {
  const started = performance.now()
  work()
  return performance.now() - started
}

/** The time that each of several takes. */
function microseconds(times: number, work: (index: number) => void): number {
  return (milliseconds(() => Array.from({ length: times }, (_, index) => work(index))) / times) * 1000
}
