// Which nodes count, as the catalog has it, and what does not hide one.

import { describe, expect, test } from 'vitest'
import { projectNode } from '../../../../src/operator/observed/nodes.ts'
import { type NodePolicy } from '../../../../src/domain/catalog/schema.ts'
import { classifyNode } from '../../../../src/domain/cluster/node-class.ts'
import { countNodes } from '../../../../src/domain/cluster/node-count.ts'
import { tallyOf } from '../../../../src/domain/cluster/node-inventory.ts'
import { HOUR } from '../../../../src/domain/time.ts'
import { catalog, NOW } from '../../../support/builders.ts'
import { aNode, DISTRIBUTIONS, type RawNode } from '../../../support/nodes.ts'

const ago = (hours: number) => new Date(NOW - hours * HOUR).toISOString()
const eks = DISTRIBUTIONS.find(({ title }) => title === 'EKS with Amazon Linux')?.nodes[0] ?? aNode()
const meta = (node: RawNode, metadata: object): RawNode => ({ ...node, metadata: { ...node.metadata, ...metadata } })
const labelled = (node: RawNode, labels: object) => meta(node, { labels: { ...node.metadata.labels, ...labels } })
const annotated = (node: RawNode, annotations: object) =>
  meta(node, { annotations: { ...node.metadata.annotations, ...annotations } })
const notReady = (node: RawNode, since: string): RawNode => ({
  ...node,
  status: { ...node.status, conditions: [{ type: 'Ready', status: 'Unknown', lastTransitionTime: since }] },
})
const simulated = aNode({
  name: 'kwok',
  version: 'kwok-v0.7.0',
  os: '',
  ids: 'none',
  annotations: { 'kwok.x-k8s.io/node': 'fake' },
})
const virtual = aNode({ name: 'vk', version: 'v1.25.0-vk-azure-aci-1.6.2', os: '', ids: 'none' })

const count = (nodes: readonly unknown[], policy: NodePolicy = catalog.nodes, now = NOW) =>
  countNodes(tallyOf(nodes.map(projectNode)), policy, now)
const policy = (...uncountedClasses: NodePolicy['uncountedClasses']): NodePolicy => ({
  ...catalog.nodes,
  uncountedClasses,
})

describe('the rules of CTO', () => {
  test('every node counts but those on their way out, virtual kubelets and what KWOK simulates', () => {
    const going = meta(eks, { name: 'going', deletionTimestamp: ago(1) })
    expect(count([eks, going, virtual, simulated])).toEqual({
      counted: 1,
      total: 4,
      excluded: [
        { class: 'deleting', count: 1 },
        { class: 'simulated', count: 1 },
        { class: 'virtual', count: 1 },
      ],
      changesAt: NOW + 23 * HOUR,
    })
  })

  test.each<[string, RawNode]>([
    ['cordoned', { ...eks, spec: { ...eks.spec, unschedulable: true } }],
    ['tainted', { ...eks, spec: { ...eks.spec, taints: [{ key: 'x', effect: 'NoExecute' }] } }],
    [
      'with the taint of a virtual kubelet',
      { ...eks, spec: { ...eks.spec, taints: [{ key: 'virtual-kubelet.io/provider', effect: 'NoSchedule' }] } },
    ],
    ['with the label of a virtual kubelet', labelled(eks, { type: 'virtual-kubelet' })],
    ['with the annotation of KWOK', annotated(eks, { 'kwok.x-k8s.io/node': 'fake' })],
    ['with the role of a control plane', labelled(eks, { 'node-role.kubernetes.io/control-plane': '' })],
    ['left out of load balancers', labelled(eks, { 'node.kubernetes.io/exclude-from-external-load-balancers': '' })],
    ['not ready for a year', notReady(eks, ago(365 * 24))],
    [
      'with a deletion that a finalizer holds up for a day',
      meta(eks, { deletionTimestamp: ago(24), finalizers: ['a/b'] }),
    ],
    ['with the provider ID of a virtual node', { ...eks, spec: { providerID: 'ocid1.virtualnode.oc1.x' } }],
    ['a pod on Fargate', DISTRIBUTIONS.find(({ title }) => title === 'EKS with Fargate and Ubuntu')?.nodes[0] ?? eks],
    ['a thousand processors', eks],
  ])('a node counts, %s', (_what, node) => {
    expect(count([node])).toMatchObject({ counted: 1, total: 1 })
  })

  const unwritten = (node: RawNode) => meta(node, { managedFields: [{ manager: 'admin', subresource: '' }] })
  const pretending = {
    'as KWOK marks': annotated(eks, { 'kwok.x-k8s.io/node': 'fake' }),
    'as a virtual kubelet is labelled': labelled(eks, { type: 'virtual-kubelet' }),
    'as Liqo labels': labelled(eks, { type: 'virtual-node', 'liqo.io/type': 'virtual-node' }),
    'with the instance type of a super node': labelled(eks, { 'node.kubernetes.io/instance-type': 'eklet' }),
    'with the kubelet of a virtual node': {
      ...eks,
      status: { ...eks.status, nodeInfo: { ...eks.status.nodeInfo, kubeletVersion: 'v1.25.0-vk-azure-aci-1.6.2' } },
    },
  }
  const info =
    (nodeInfo: object) =>
    (node: RawNode): RawNode => ({ ...node, status: { ...node.status, nodeInfo: { ...nodeInfo } } })
  const bare = (node: RawNode): RawNode => ({ ...unwritten(info({ kubeletVersion: 'v1.35.2' })(node)), spec: {} })
  const traces: Readonly<Record<string, (node: RawNode) => RawNode>> = {
    'a boot ID': (node) => info({ bootID: 'x' })(bare(node)),
    'a machine ID': (node) => info({ machineID: 'x' })(bare(node)),
    'a UUID': (node) => info({ systemUUID: 'x' })(bare(node)),
    'the provider ID of a machine': (node) => ({
      ...bare(node),
      spec: { providerID: 'aws:///us-east-1a/i-0abcdef0123456789' },
    }),
    "kubeadm's annotation": (node) => annotated(bare(node), { 'kubeadm.alpha.kubernetes.io/cri-socket': 'unix:///x' }),
    'a kubelet that wrote to it': (node) =>
      meta(bare(node), { managedFields: [{ manager: 'kubelet', subresource: 'status' }] }),
  }

  test.each(Object.entries(pretending))(
    'one trace of a machine is enough for a node to count, marked %s',
    (_how, node) => {
      for (const [what, leaving] of Object.entries(traces)) expect(count([leaving(node)]).counted, what).toBe(1)
    },
  )

  test('without any it is what its marks say, unless it showed one before', () => {
    for (const [how, node] of Object.entries(pretending)) {
      if (how !== 'with the kubelet of a virtual node') expect(count([bare(node)]).counted, how).toBe(0)
      const tally = tallyOf([projectNode(node)])
      tally.change(projectNode(node), projectNode(bare(node)))
      expect(countNodes(tally, catalog.nodes, NOW).counted, how).toBe(1)
      tally.change(projectNode(bare(node)), undefined)
      tally.change(undefined, projectNode(bare(simulated)))
      expect(countNodes(tally, catalog.nodes, NOW), how).toMatchObject({ counted: 0, total: 1 })
    }
  })

  test.each<[string, RawNode]>([
    [
      'Liqo',
      aNode({
        name: 'milan',
        os: '',
        kernel: '',
        runtime: '',
        ids: 'none',
        labels: { type: 'virtual-node', 'liqo.io/type': 'virtual-node', 'liqo.io/remote-cluster-id': 'milan' },
        taints: ['virtual-node.liqo.io/not-allowed'],
      }),
    ],
    [
      'Liqo without its labels',
      aNode({ name: 'rome', os: '', ids: 'none', taints: ['virtual-node.liqo.io/not-allowed'] }),
    ],
    [
      'Tencent',
      aNode({
        name: 'eklet-subnet-lwuoeyn5-2k3tyz1x',
        version: 'v2.5.21',
        os: '',
        ids: 'none',
        labels: { 'node.kubernetes.io/instance-type': 'eklet' },
        taints: ['eks.tke.cloud.tencent.com/eklet'],
      }),
    ],
    ['Tencent, by its name', aNode({ name: 'eklet-subnet-lowt256k', version: 'v2.5.21', os: '', ids: 'none' })],
    ['interLink', aNode({ name: 'hpc', os: '', ids: 'none', taints: ['virtual-node.interlink/no-schedule'] })],
    [
      'KWOK, as Karpenter plays with it',
      aNode({ ids: 'none', providerID: 'kwok://x', annotations: { 'kwok.x-k8s.io/node': 'fake' } }),
    ],
  ])('a virtual node of %s does not count', (_whose, node) => {
    expect(
      count([meta(node, { managedFields: [{ manager: 'virtual-kubelet', subresource: 'status' }] })]).counted,
    ).toBe(0)
  })
})

describe('other rules', () => {
  const controlPlane = labelled(aNode({ name: 'cp' }), { 'node-role.kubernetes.io/control-plane': '' })
  const fargate = DISTRIBUTIONS.find(({ title }) => title === 'EKS with Fargate and Ubuntu')?.nodes[0] ?? eks

  test('each class that a catalog names does not count, and no other', () => {
    const lost = notReady(meta(eks, { name: 'lost' }), ago(25))
    const all = [
      eks,
      controlPlane,
      fargate,
      lost,
      virtual,
      simulated,
      meta(eks, { name: 'd', deletionTimestamp: ago(1) }),
    ]
    expect(count(all, policy()).counted).toBe(7)
    for (const name of ['controlPlane', 'fargate', 'lost', 'virtual', 'simulated', 'deleting'] as const) {
      expect(count(all, policy(name)), name).toMatchObject({ counted: 6, excluded: [{ class: name, count: 1 }] })
    }
  })

  test('a node is lost after the time that the catalog says, and the count knows when', () => {
    const rules = { ...policy('lost'), lostAfterHours: 10 }
    const node = notReady(eks, ago(4))
    expect(count([node], rules)).toEqual({ counted: 1, total: 1, excluded: [], changesAt: NOW + 6 * HOUR })
    expect(count([node], rules, NOW + 6 * HOUR)).toMatchObject({ counted: 0 })
    // Where such nodes count anyhow, time changes nothing.
    expect(count([node])).toEqual({ counted: 1, total: 1, excluded: [] })
  })

  test('each node has its class and the reason', () => {
    const of = (node: RawNode, rules = catalog.nodes as NodePolicy) => classifyNode(projectNode(node), rules, NOW)
    expect(of(eks)).toEqual({ class: 'worker', counts: true, reason: 'is a node like any other' })
    expect(of(controlPlane)).toEqual({
      class: 'controlPlane',
      counts: true,
      reason: 'is a control plane, by the label of its role',
    })
    expect(of(fargate)).toMatchObject({ class: 'fargate', counts: true })
    expect(of(simulated)).toMatchObject({ class: 'simulated', counts: false })
    expect(of(meta(eks, { deletionTimestamp: '2026-11-21T07:00:00Z' }))).toEqual({
      class: 'deleting',
      counts: false,
      reason: 'is being deleted, since 2026-11-21T07:00:00Z',
      changesAt: NOW + 23 * HOUR,
    })
    expect(of(meta(eks, { deletionTimestamp: ago(25) }))).toEqual({
      class: 'worker',
      counts: true,
      reason: 'has been on its way out since 2026-11-20T07:00:00Z, too long not to count',
    })
    // The class for which it does not count, before the one that says more of it.
    const both = meta(controlPlane, { deletionTimestamp: ago(1) })
    expect(of(both, policy('controlPlane'))).toMatchObject({ class: 'controlPlane', counts: false })
  })
})
