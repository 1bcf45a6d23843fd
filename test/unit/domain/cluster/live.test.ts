// What happens to the nodes of a cluster while it lives: they die, come back or not, join, are drained, upgraded, hidden, and
// are as a backup of etcd has them. None of it makes another cluster of it, or costs a proof.

import fc from 'fast-check'
import { expect, describe, test } from 'vitest'
import { projectNode } from '../../../../src/operator/observed/nodes.ts'
import { detectCluster } from '../../../../src/domain/cluster/detect.ts'
import { countNodes } from '../../../../src/domain/cluster/node-count.ts'
import type { NodeFacts } from '../../../../src/domain/cluster/node-facts.ts'
import { readNode } from '../../../../src/domain/cluster/node-detection.ts'
import { NodeTally } from '../../../../src/domain/cluster/node-inventory.ts'
import { standingAt, type Standing } from '../../../../src/domain/cluster/settled-cluster.ts'
import { MINUTE } from '../../../../src/domain/time.ts'
import { catalog, NOW } from '../../../support/builders.ts'
import { DISTRIBUTIONS, type Distribution, type RawNode } from '../../../support/nodes.ts'

const LIVES = 60

interface Life {
  readonly at: () => number
  /** What the API server has. */
  readonly nodes: Map<string, RawNode>
  /** Machines whose kubelet runs. */
  readonly alive: Set<string>
  /** Nodes as they were in the beginning, to join again. */
  readonly all: ReadonlyMap<string, RawNode>
  readonly boots: Map<string, string>
  /** Whether all nodes are containers of one host. */
  readonly isOneHost: boolean
  /** Whether any node names the type as well as another: the only one that does takes it with it. */
  readonly isUniform: boolean
}

type Deed = (life: Life, name: string) => void
const iso = (instant: number) => new Date(instant).toISOString()
const put = (life: Life, node: RawNode) => void life.nodes.set(node.metadata.name, node)

const DEEDS: Readonly<Record<string, Deed>> = {
  dies: ({ alive }, name) => void alive.delete(name),
  'comes back': ({ alive }, name) => void alive.add(name),
  // A host that is booted takes all of its containers with it, and not each of them comes back.
  reboots: (life, name) => {
    const names = life.isOneHost ? [...life.all.keys()] : [name]
    const boot = `boot at ${life.at()}`
    for (const one of names) life.boots.set(one, boot)
    if (names.length > 1) life.alive.delete(name)
  },
  leaves: (life, name) => {
    if (life.nodes.size < 2 || !life.isUniform) return
    life.alive.delete(name)
    life.nodes.delete(name)
  },
  joins: (life, name) => {
    const node = life.all.get(name)
    if (node === undefined || life.nodes.has(name)) return
    put(life, node)
    life.alive.add(name)
  },
  'is drained': (life, name) => {
    const node = life.nodes.get(name)
    if (node === undefined) return
    const taints = [...(node.spec.taints ?? []), { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }]
    put(life, { ...node, spec: { ...node.spec, unschedulable: true, taints } })
  },
  'is being deleted': (life, name) => {
    const node = life.nodes.get(name)
    if (node !== undefined) put(life, { ...node, metadata: { ...node.metadata, deletionTimestamp: iso(life.at()) } })
  },
  'is upgraded': (life, name) => {
    const node = life.nodes.get(name)
    if (node === undefined) return
    const { kubeletVersion = '', ...info } = node.status.nodeInfo
    const next = kubeletVersion.replace(
      /^(v1\.\d+\.)(\d+)/,
      (_all, minor: string, patch) => `${minor}${Number(patch) + 1}`,
    )
    put(life, { ...node, status: { ...node.status, nodeInfo: { ...info, kubeletVersion: next } } })
  },
  'is hidden': (life, name) => {
    const node = life.nodes.get(name)
    if (node === undefined || !projectNode(node).hasMachine) return
    const labels = { ...node.metadata.labels, type: 'virtual-kubelet' }
    const annotations = { ...node.metadata.annotations, 'kwok.x-k8s.io/node': 'fake' }
    put(life, { ...node, metadata: { ...node.metadata, labels, annotations, managedFields: [{ manager: 'admin' }] } })
  },
  'is as the backup has it': (life) => {
    for (const node of life.all.values()) put(life, node)
  },
}

/** What the kubelets and the control plane make of it within a minute. */
function settleDown(life: Life): void {
  for (const [name, node] of life.nodes) {
    const isAlive = life.alive.has(name)
    const [ready] = node.status.conditions
    const status = isAlive ? 'True' : 'Unknown'
    const { nodeInfo } = node.status
    const bootID = isAlive && (nodeInfo['bootID'] ?? '') !== '' ? (life.boots.get(name) ?? '') : nodeInfo['bootID']
    const condition = {
      type: 'Ready',
      status,
      lastTransitionTime: ready?.status === status ? ready.lastTransitionTime : iso(life.at()),
      lastHeartbeatTime: isAlive ? iso(life.at()) : (ready as { lastHeartbeatTime?: string }).lastHeartbeatTime,
    }
    put(life, {
      ...node,
      status: { ...node.status, nodeInfo: { ...nodeInfo, bootID: bootID ?? '' }, conditions: [condition] },
    })
  }
}

/** A new member for each cluster of Kind; any other has what it has. */
function withNewcomer({ nodes }: Distribution): readonly RawNode[] {
  const [first] = nodes
  const [, , provider, cluster] =
    first?.spec.providerID?.startsWith('kind:') === true ? first.spec.providerID.split('/') : []
  if (first === undefined || cluster === undefined) return nodes
  const name = `${cluster}-worker9`
  const labels = { ...first.metadata.labels, 'kubernetes.io/hostname': name }
  return [
    ...nodes,
    {
      ...first,
      metadata: { ...first.metadata, name, labels },
      spec: { providerID: `kind://${provider}/${cluster}/${name}` },
    },
  ]
}

/** The life of a cluster, minute by minute: what is seen and what counts. */
function* live(distribution: Distribution, deeds: readonly (readonly [deed: string, who: number])[]) {
  const { serverVersion = 'v1.35.2', nodes } = distribution
  const all = new Map(withNewcomer(distribution).map((node) => [node.metadata.name, node]))
  const names = [...all.keys()]
  let minute = 0
  const life: Life = {
    at: () => NOW + minute * MINUTE,
    all,
    nodes: new Map(nodes.map((node) => [node.metadata.name, node])),
    alive: new Set(nodes.map(({ metadata }) => metadata.name)),
    boots: new Map([...all].map(([name, { status }]) => [name, status.nodeInfo['bootID'] ?? ''])),
    isUniform: new Set(nodes.map((node) => readNode(projectNode(node)).type)).size === 1,
    isOneHost: all.size > 1 && nodes.every(({ spec }) => spec.providerID?.startsWith('kind:') === true),
  }
  const cluster = nodes[0]?.spec.providerID?.split('/')[3] ?? ''
  const kubeadm = { clusterName: cluster, controlPlaneEndpoint: `${cluster}-control-plane:6443` }
  const records = { apiGroups: [], publicAddresses: [], serverVersion, ...(life.isOneHost ? { kubeadm } : {}) }
  const tally = new NodeTally()
  const known = new Map<string, NodeFacts>()
  let before: Standing['memory'] = {}
  const look = () => {
    for (const name of new Set([...known.keys(), ...life.nodes.keys()])) {
      const node = life.nodes.get(name)
      const after = node && projectNode(node)
      tally.change(known.get(name), after)
      if (after === undefined) known.delete(name)
      else known.set(name, after)
    }
    const seen = detectCluster({ ...records, nodes: tally })
    const standing = standingAt(
      { cluster: seen, nodes: countNodes(tally, catalog.nodes, life.at()) },
      before,
      catalog,
      life.at(),
    )
    before = standing.memory
    return { seen, counts: standing.cluster }
  }
  yield { what: 'the beginning', isSettled: true, ...look() }
  for (const [deed, who] of deeds) {
    const began = minute
    const name = names[who % names.length] ?? ''
    DEEDS[deed]?.(life, name)
    const what = `${name} ${deed}`
    yield { what, isSettled: false, ...look() }
    for (const passed of [1, 7, 15]) {
      minute = began + passed
      settleDown(life)
      yield { what: `${what}, ${passed} min ago`, isSettled: true, ...look() }
    }
  }
}

const someDeeds = fc.array(fc.tuple(fc.constantFrom(...Object.keys(DEEDS)), fc.nat(6)), { minLength: 1, maxLength: 12 })

describe.each(DISTRIBUTIONS)(`${LIVES} lives of $title`, (distribution) => {
  test('its name and its proof stay', () => {
    fc.assert(
      fc.property(someDeeds, (deeds) => {
        let first: { type: string; proven: boolean } | undefined
        for (const { what, isSettled, seen, counts } of live(distribution, deeds)) {
          const { type, proven } = (first ??= seen)
          expect(counts, what).toMatchObject({ type, proven })
          // Nor does it rest on what was known before, but for the minute in which the nodes report one by one.
          if (isSettled) expect(seen, what).toMatchObject({ type, proven })
        }
      }),
      { numRuns: LIVES, seed: 13 },
    )
  })
})
