// Kind, which the free plan rests on: what proves it, and that nothing that a person can write makes another cluster Kind,
// or any cluster another type.

import { describe, expect, test } from 'vitest'
import { projectNode } from '../../../../src/operator/observed/nodes.ts'
import type { ClusterSignals } from '../../../../src/domain/cluster/cluster-signals.ts'
import type { ClusterType } from '../../../../src/domain/cluster/cluster-type.ts'
import { detectCluster } from '../../../../src/domain/cluster/detect.ts'
import { tallyOf } from '../../../../src/domain/cluster/node-inventory.ts'
import { SIGNALS } from '../../../../src/domain/cluster/signals.ts'
import { aNode, type Distribution, DISTRIBUTIONS, kindNodes, type RawNode } from '../../../support/nodes.ts'
import { NEEDS_NODES, NODES_ABSENT, publicClusters, publicNodes } from '../../../support/public-nodes.ts'

/** All that a cluster of Kind shows beside its nodes. */
const KIND_RECORDS = {
  kubeadm: { clusterName: 'kind', controlPlaneEndpoint: 'kind-control-plane:6443' },
  apiGroups: [],
  serverVersion: 'v1.35.2',
  publicAddresses: [],
} satisfies Omit<ClusterSignals, 'nodes'>

function look(nodes: readonly unknown[], records: Partial<ClusterSignals> = KIND_RECORDS): ClusterType {
  return detectCluster({ apiGroups: [], ...records, nodes: tallyOf(nodes.map(projectNode)) })
}

describe('the proof', () => {
  test('every node of Kind, one host, kubeadm agrees, nothing speaks against it', () => {
    expect(look(kindNodes())).toEqual({
      type: 'Kind',
      platform: 'local',
      proven: true,
      confidence: 'high',
      evidence: [
        'Kind by provider ID on 3 nodes, set once by kubelet or cloud',
        'Kubeadm by annotation on 3 nodes, anybody may set it',
        'one boot ID on all nodes, set by the kubelet',
        "kubeadm's ConfigMap agrees",
      ],
      contradictions: [],
    })
    const several = { ...KIND_RECORDS.kubeadm, controlPlaneEndpoint: 'kind-external-load-balancer:6443' }
    expect(look(kindNodes(), { ...KIND_RECORDS, kubeadm: several })).toMatchObject({ type: 'Kind', proven: true })
  })

  test.each<[string, Partial<ClusterSignals>, readonly RawNode[], string]>([
    ['the record of kubeadm', { kubeadm: undefined as never }, kindNodes(), "kubeadm's ConfigMap is not there"],
    ['a boot ID', {}, kindNodes('kind', 1, { ids: 'none' }), 'not every node shows a boot ID'],
    [
      'the version of the API server',
      { serverVersion: undefined as never },
      kindNodes(),
      'the version of the API server',
    ],
    ['the load balancers', { publicAddresses: undefined as never }, kindNodes(), 'the load balancers are not known'],
  ])('without %s it looks like Kind, and is not proven', (_what, missing, nodes, why) => {
    const answer = look(nodes, { ...KIND_RECORDS, ...missing })
    expect(answer).toMatchObject({ type: 'Kind', proven: false, confidence: 'medium', contradictions: [] })
    expect(answer.evidence.at(-1)).toContain(`not proven: ${why}`)
  })

  const [first = aNode(), ...others] = kindNodes()
  const changed = (change: (node: RawNode) => object) => [{ ...first, ...change(first) }, ...others]
  const label = (labels: object) =>
    changed(({ metadata }) => ({ metadata: { ...metadata, labels: { ...metadata.labels, ...labels } } }))
  const info = (nodeInfo: object) =>
    changed(({ status }) => ({ status: { ...status, nodeInfo: { ...status.nodeInfo, ...nodeInfo } } }))

  test.each<[string, readonly unknown[], Partial<ClusterSignals>, string]>([
    ['a boot ID of another host', info({ bootID: 'another' }), {}, 'Kubeadm'],
    [
      'IDs of a machine',
      info({ machineID: 'a'.repeat(32), systemUUID: 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa' }),
      {},
      'Mixed',
    ],
    ['the UUID of hardware', info({ systemUUID: '4c4c4544-0043-3510-8052-b9c04f4d3732' }), {}, 'Mixed'],
    ['the OS image of a machine', info({ osImage: 'Amazon Linux 2023' }), {}, 'Mixed'],
    ['Ubuntu, as Kind has not been since 1.28', info({ osImage: 'Ubuntu 24.04.3 LTS' }), {}, 'Mixed'],
    ['the runtime of others', info({ containerRuntimeVersion: 'cri-o://1.35.0' }), {}, 'Mixed'],
    ["a vendor's kubelet", info({ kubeletVersion: 'v1.35.2+vmware.1' }), {}, 'Mixed'],
    ['a kubelet of EKS', info({ kubeletVersion: 'v1.35.2-eks-113cf36' }), {}, 'Mixed'],
    [
      "a cloud's address",
      changed(({ status }) => ({ status: { ...status, addresses: [{ type: 'ExternalIP', address: '1' }] } })),
      {},
      'Mixed',
    ],
    [
      'a provider ID of another node',
      changed(({ spec }) => ({ spec: { ...spec, providerID: 'kind://docker/kind/kind-worker7' } })),
      {},
      'Mixed',
    ],
    [
      'a provider ID of another form',
      changed(({ spec }) => ({ spec: { ...spec, providerID: 'kind://docker/kind' } })),
      {},
      'Mixed',
    ],
    ['a provider ID of another Kind cluster', [first, ...kindNodes('other', 0)], {}, 'Kubeadm'],
    ['no provider ID on one node', changed(() => ({ spec: {} })), {}, 'Mixed'],
    ["a cloud's instance type, by label", label({ 'node.kubernetes.io/instance-type': 'm6i.large' }), {}, 'Mixed'],
    ['a label of EKS', label({ 'eks.amazonaws.com/nodegroup': 'x' }), {}, 'Mixed'],
    ['a label of its host that names another', label({ 'kubernetes.io/hostname': 'ip-10-0-0-1' }), {}, 'Mixed'],
    [
      'another cluster in the record of kubeadm',
      kindNodes(),
      { kubeadm: { clusterName: 'kubernetes', controlPlaneEndpoint: '' } },
      'Kubeadm',
    ],
    [
      'another place of the API server in that record',
      kindNodes(),
      { kubeadm: { clusterName: 'kind', controlPlaneEndpoint: 'api.example.com:6443' } },
      'Kubeadm',
    ],
    ['an API server of K3s', kindNodes(), { serverVersion: 'v1.35.2+k3s1' }, 'vcluster'],
    ['an API server of EKS', kindNodes(), { serverVersion: 'v1.35.2-eks-113cf36' }, 'Kubeadm'],
    ['a load balancer for the world', kindNodes(), { publicAddresses: ['a.elb.amazonaws.com'] }, 'Kind'],
    ['a node of EKS beside it', [...kindNodes(), ...eks()], {}, 'Mixed'],
    ['a node without a mark beside it', [...kindNodes(), aNode()], {}, 'Mixed'],
  ])('with %s it is not proven, and says so', (_what, nodes, records, type) => {
    const answer = look(nodes, { ...KIND_RECORDS, ...records })
    expect(answer).toMatchObject({ type, proven: false })
    expect(answer.type === 'vcluster' || answer.contradictions.length > 0).toBe(true)
  })

  const heard = (node: RawNode, status: string, lastHeartbeatTime: string): RawNode => ({
    ...node,
    status: {
      ...node.status,
      nodeInfo: { ...node.status.nodeInfo, bootID: 'an earlier boot' },
      conditions: [{ type: 'Ready', status, lastTransitionTime: '2026-11-20T08:00:00Z', lastHeartbeatTime } as never],
    },
  })
  const [controlPlane = aNode(), worker = aNode(), ...more] = kindNodes()
  const fresh = (node: RawNode) => ({
    ...heard(node, 'True', '2026-11-20T09:00:00Z'),
    status: { ...node.status, conditions: heard(node, 'True', '2026-11-20T09:00:00Z').status.conditions },
  })

  test.each<[string, RawNode]>([
    ['whose kubelet is not heard any more', heard(worker, 'Unknown', '2026-11-20T07:59:00Z')],
    ['whose last report is old, though nobody marks it', heard(worker, 'True', '2026-11-20T08:00:00Z')],
  ])('a node %s shows an earlier boot: that says nothing, and is told', (_what, silent) => {
    const answer = look([fresh(controlPlane), silent, ...more.map(fresh)])
    expect(answer).toMatchObject({ type: 'Kind', proven: true, contradictions: [] })
    expect(answer.evidence).toContain(
      'kind-worker: its kubelet has not reported since 2026-11-20T08:00:00Z, so that its boot ID says nothing',
    )
  })

  test('one that reports another boot is on another host, ready or not, and is named', () => {
    for (const status of ['True', 'False']) {
      const answer = look([fresh(controlPlane), heard(worker, status, '2026-11-20T08:59:00Z'), ...more.map(fresh)])
      expect(answer).toMatchObject({ type: 'Kubeadm', proven: false })
      expect(answer.contradictions[0]).toBe(
        '2 boot IDs, of kind-control-plane and kind-worker2; of kind-worker: the nodes are not containers of one host',
      )
    }
  })

  test('cloud-provider-kind gives its nodes a type and, where they have none, an ID of another form', () => {
    const labels = { 'node.kubernetes.io/instance-type': 'kind-node' }
    expect(look(kindNodes('kind', 2, { labels }))).toMatchObject({ type: 'Kind', proven: true })
    const annotations = { 'alpha.kubernetes.io/provided-node-ip': '172.18.0.3' }
    const records = { ...KIND_RECORDS, kubeadm: { clusterName: 'dev', controlPlaneEndpoint: 'dev-control-plane:6443' } }
    const named = kindNodes('dev', 2, { labels, annotations }).map((node) => ({
      ...node,
      spec: { providerID: `kind://dev/kind/${node.metadata.name}` },
    }))
    expect(look(named, records)).toMatchObject({ type: 'Kind', proven: true })
    expect(look(kindNodes('kind', 2, { annotations }))).toMatchObject({ proven: false })
  })

  test('machines that are hidden are seen beside made-up nodes of Kind', () => {
    const vms = ['alpha', 'beta'].map((name) =>
      aNode({ name, annotations: { 'kubeadm.alpha.kubernetes.io/cri-socket': 'x', 'kwok.x-k8s.io/node': 'fake' } }),
    )
    const hidden = vms.map((node) => ({
      ...node,
      metadata: { ...node.metadata, managedFields: [{ manager: 'admin' }] },
    }))
    expect(look([...kindNodes('kind', 1), ...hidden])).toMatchObject({ type: 'Mixed', proven: false })
    const unmarked = hidden.map(({ metadata, ...node }) => ({
      ...node,
      metadata: { ...metadata, annotations: { 'kwok.x-k8s.io/node': 'fake' } },
    }))
    const answer = look([...kindNodes('kind', 1), ...unmarked])
    expect(answer).toMatchObject({ type: 'Mixed', proven: false })
    expect(answer.contradictions[0]).toContain('nothing on alpha and beta')
  })

  test('simulated nodes beside it say nothing; alone, they prove nothing', () => {
    const simulated = (name: string) =>
      aNode({ name, ids: 'none', version: 'kwok-v0.7.0', os: '', annotations: { 'kwok.x-k8s.io/node': 'fake' } })
    expect(look([...kindNodes(), simulated('a')])).toMatchObject({ type: 'Kind', proven: true })
    expect(look([simulated('a')])).toMatchObject({ type: 'Unknown', proven: false })
    const disguised = kindNodes('kind', 2, { ids: 'none', annotations: { 'kwok.x-k8s.io/node': 'fake' } })
    expect(look(disguised)).toMatchObject({ type: 'Unknown', proven: false })
  })

  function eks(): readonly RawNode[] {
    return DISTRIBUTIONS.find(({ title }) => title === 'EKS with Bottlerocket')?.nodes ?? []
  }
})

const ROLE = (index: number) => (index === 0 ? 'control-plane' : `worker${index === 1 ? '' : index}`)
type Forgery = (node: RawNode, index: number) => RawNode
const withLabels = (node: RawNode, labels: object, annotations: object = {}): RawNode => ({
  ...node,
  metadata: {
    ...node.metadata,
    labels: { ...node.metadata.labels, ...labels },
    annotations: { ...node.metadata.annotations, ...annotations },
  },
})
const withProviderId = (node: RawNode, providerID: string): RawNode => ({ ...node, spec: { ...node.spec, providerID } })
const renamed = (node: RawNode, name: string): RawNode => ({ ...node, metadata: { ...node.metadata, name } })

const FORGERIES: Readonly<Record<string, Forgery>> = {
  'the label of an instance type': (node) => withLabels(node, { 'node.kubernetes.io/instance-type': 'kind' }),
  'labels as Kind gives its containers': (node, index) =>
    withLabels(node, { 'io.x-k8s.kind.cluster': 'kind', 'io.x-k8s.kind.role': ROLE(index) }),
  'the annotation of kubeadm': (node) => withLabels(node, {}, { 'kubeadm.alpha.kubernetes.io/cri-socket': 'x' }),
  'a provider ID with the name of the node': (node) => withProviderId(node, `kind://docker/kind/${node.metadata.name}`),
  'a provider ID with the names of Kind': (node, index) =>
    withProviderId(node, `kind://docker/kind/kind-${ROLE(index)}`),
  'the names of Kind': (node, index) => renamed(node, `kind-${ROLE(index)}`),
}
const ALL_AT_ONCE: Forgery = (node, index) =>
  Object.values(FORGERIES).reduce((forged, forge) => forge(forged, index), node)
const FOREIGN = DISTRIBUTIONS.filter(({ type, title }) => type !== 'Kind' && !title.includes('Kind'))

describe('never Kind', () => {
  describe.each(FOREIGN)('$title', ({ nodes, serverVersion = 'v1.35.2' }) => {
    test.each(Object.entries(FORGERIES))('with %s, and the record of kubeadm', (_what, forge) => {
      const forged = look(nodes.map(forge), { ...KIND_RECORDS, serverVersion })
      expect(forged.type).not.toBe('Kind')
      expect(forged.proven && forged.type === 'Kind').toBe(false)
    })

    test('with all of it at once', () => {
      const forged = look(nodes.map(ALL_AT_ONCE), { ...KIND_RECORDS, serverVersion })
      expect(forged.type).not.toBe('Kind')
      // It is seen, and said.
      expect([...forged.contradictions, ...forged.evidence].join('\n')).toMatch(/Kind by|different types|host cluster/)
    })
  })
})

test('a provider ID that is not the node’s own does not say where it runs', () => {
  const nodes = DISTRIBUTIONS.find(({ title }) => title === 'EKS with Amazon Linux')?.nodes ?? []
  const forge = FORGERIES['a provider ID with the names of Kind'] ?? ((node) => node)
  expect(look(nodes.map(forge), {})).toMatchObject({ type: 'EKS', platform: 'aws' })
})

describe('never another type', () => {
  const claims = SIGNALS.filter(({ field }) => field === 'labels' || field === 'annotations')
  const forgeries = claims.map(({ type, field, pattern }) => {
    const name = `${String(pattern)}${String(pattern).endsWith('/') ? 'x' : ''}`
    const forge: Forgery = (node) =>
      field === 'labels' ? withLabels(node, { [name]: 'x' }) : withLabels(node, {}, { [name]: 'x' })
    return { type, name, forge }
  })
  const answer = ({ nodes, serverVersion }: Distribution) =>
    look(nodes, serverVersion === undefined ? {} : { serverVersion })

  test.each(DISTRIBUTIONS.filter(({ type }) => type !== 'Unknown'))(
    '$title, with the labels of any other',
    (distribution) => {
      for (const { type, name, forge } of forgeries) {
        const forged = answer({ ...distribution, nodes: distribution.nodes.map(forge) })
        if (type === distribution.type) continue
        // Where a label is all there is, nobody knows; but nobody gets the type that he wants.
        expect([distribution.type, 'Unknown'], `${name} of ${type}`).toContain(forged.type)
      }
    },
  )

  test('one node with a label does not name the others', () => {
    const nodes = Array.from({ length: 5 }, (_, index) => aNode({ name: `n${index}` }))
    for (const { name, forge } of forgeries) {
      const [first = aNode(), ...others] = nodes
      expect(look([forge(first, 0), ...others], {}).type, name).toBe('Unknown')
    }
  })

  test('the syncer of a virtual cluster is not believed where the API server says otherwise', () => {
    const nodes = (DISTRIBUTIONS.find(({ title }) => title === 'EKS with Amazon Linux')?.nodes ?? []).map((node) =>
      withLabels(node, {}, { 'vcluster.loft.sh/object-name': 'x' }),
    )
    const answer = look(nodes, { serverVersion: 'v1.34.1-eks-113cf36' })
    expect(answer).toMatchObject({ type: 'EKS', proven: false })
    expect(answer.contradictions).toEqual(['vcluster by annotation or image on 1 node, anybody may set it'])
  })
})

describe.skipIf(NODES_ABSENT)(`real nodes with forged marks ${NODES_ABSENT ? NEEDS_NODES : ''}`, () => {
  test.each(Object.entries(FORGERIES))('%s makes none of them Kind', (_what, forge) => {
    for (const cluster of publicClusters().filter(({ expected }) => expected !== 'kind')) {
      const nodes = publicNodes(cluster) as RawNode[]
      const forged = nodes.map((node, index) => forge({ ...node, spec: node.spec ?? {} }, index))
      expect(look(forged).type, cluster.file).not.toBe('Kind')
    }
  })

  test('all of it at once proves none of them', () => {
    for (const cluster of publicClusters().filter(({ expected }) => expected !== 'kind')) {
      const nodes = publicNodes(cluster) as RawNode[]
      const forged = look(nodes.map((node, index) => ALL_AT_ONCE({ ...node, spec: node.spec ?? {} }, index)))
      expect(forged.proven && forged.type === 'Kind', cluster.file).toBe(false)
    }
  })
})
