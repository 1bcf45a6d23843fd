// What names a cluster, and what cannot make it Kind.

import { expect, test } from 'vitest'
import { type ClusterSignals, detectClusterType, type NodeFacts } from '../../../src/domain/cluster-type.ts'
import { countNodes } from '../../../src/domain/node-count.ts'
import { catalog } from '../../support/builders.ts'

const node = (overrides: Partial<NodeFacts> = {}): NodeFacts => ({
  name: 'node-1',
  providerId: '',
  kubeletVersion: 'v1.36.3',
  osImage: 'Debian GNU/Linux 12 (bookworm)',
  bootId: 'boot-1',
  labels: [],
  annotations: [],
  instanceType: '',
  class: 'real',
  deleting: false,
  ...overrides,
})
const kindNode = (name: string, overrides: Partial<NodeFacts> = {}) =>
  node({ name, providerId: `kind://docker/kind/${name}`, ...overrides })
const detect = (nodes: readonly NodeFacts[], overrides: Partial<ClusterSignals> = {}) =>
  detectClusterType({ nodes, kubeadmClusterName: 'kind', apiGroups: [], ...overrides })

test('Kind: every node says so, on one host, and kubeadm agrees', () => {
  const kind = detect([kindNode('kind-control-plane'), kindNode('kind-worker')])
  expect(kind).toMatchObject({ type: 'Kind', proven: true, confidence: 'high', platform: 'local', contradictions: [] })
  expect(kind.evidence).toContain('Kind provider ID on 2 nodes')
})

test.each([
  ['no record of kubeadm', [kindNode('a')], { kubeadmClusterName: undefined }, 'Kind'],
  ['another cluster in that record', [kindNode('a')], { kubeadmClusterName: 'prod' }, 'Unknown'],
  ['two hosts', [kindNode('a'), kindNode('b', { bootId: 'boot-2' })], {}, 'Unknown'],
  ['a node without the provider ID', [kindNode('a'), node({ name: 'b' })], {}, 'Unknown'],
  ['a label of EKS', [kindNode('a', { labels: ['eks.amazonaws.com/nodegroup'] })], {}, 'Unknown'],
  ['a kubelet of K3s', [kindNode('a', { kubeletVersion: 'v1.33.1+k3s1' })], {}, 'Unknown'],
  ["a cloud's instance type", [kindNode('a', { instanceType: 'm7i.large' })], {}, 'Unknown'],
  [
    'a node of EKS beside it',
    [kindNode('a'), node({ name: 'b', providerId: 'aws:///x/i-1', kubeletVersion: 'v1.33.5-eks-1' })],
    {},
    'EKS',
  ],
  ['the API of OpenShift', [kindNode('a')], { apiGroups: ['config.openshift.io'] }, 'OpenShift'],
] as const)('with %s it is not proven', (_what, nodes, overrides, type) => {
  const answer = detect(nodes, overrides)
  expect(answer).toMatchObject({ type })
  expect(answer.type === 'Kind' && answer.proven).toBe(false)
})

test.each([
  ['EKS', { labels: ['eks.amazonaws.com/nodegroup'], providerId: 'aws:///us-west-2a/i-1' }, 'aws'],
  ['GKE', { kubeletVersion: 'v1.33.1-gke.100', providerId: 'gce://project/zone/name' }, 'gcp'],
  ['AKS', { labels: ['kubernetes.azure.com/node-image-version'], providerId: 'azure:///subscriptions/x' }, 'azure'],
  ['K3s', { kubeletVersion: 'v1.33.1+k3s1', providerId: 'k3s://n' }, 'unknown'],
  ['K3d', { name: 'k3d-x-server-0', kubeletVersion: 'v1.33.1+k3s1' }, 'unknown'],
  ['RKE2', { kubeletVersion: 'v1.33.1+rke2r1' }, 'unknown'],
  ['Talos', { osImage: 'Talos (v1.11.0)', providerId: 'aws:///x/i-1' }, 'aws'],
  [
    'Minikube',
    { labels: ['minikube.k8s.io/name'], annotations: ['kubeadm.alpha.kubernetes.io/cri-socket'] },
    'unknown',
  ],
  ['OpenShift', { labels: ['node.openshift.io/os_id'], providerId: 'azure:///x' }, 'azure'],
  ['DockerDesktop', { osImage: 'Docker Desktop' }, 'unknown'],
  ['Kubeadm', {}, 'unknown'],
] as const)('%s', (type, overrides, platform) => {
  expect(detect([node(overrides)])).toMatchObject({ type, platform })
})

test('nodes that disagree, and no nodes, are Unknown; simulated ones say nothing', () => {
  const eks = node({ name: 'a', kubeletVersion: 'v1.33.5-eks-1' })
  const gke = node({ name: 'b', kubeletVersion: 'v1.33.1-gke.1' })
  expect(detect([eks, gke])).toMatchObject({
    type: 'Unknown',
    evidence: expect.arrayContaining(['the nodes disagree: EKS, GKE']) as unknown,
  })
  expect(detect([])).toMatchObject({ type: 'Unknown', evidence: ['no node is known'] })
  expect(detect([kindNode('a', { class: 'simulated' })])).toMatchObject({ type: 'Unknown' })
})

test('the order of the nodes does not matter', () => {
  const nodes = [kindNode('a'), node({ name: 'b', kubeletVersion: 'v1.33.5-eks-1' }), node({ name: 'c' })]
  expect(detect(nodes.toReversed())).toEqual(detect(nodes))
})

test('every node counts, but those that are going or that nobody stands behind', () => {
  const count = countNodes(
    [
      node(),
      node({ name: 'b', deleting: true }),
      node({ name: 'c', class: 'virtual' }),
      node({ name: 'd', class: 'simulated' }),
    ],
    catalog,
  )
  expect(count).toEqual({
    counted: 1,
    total: 4,
    excluded: [
      { name: 'b', reason: 'is being deleted' },
      { name: 'c', reason: 'is virtual' },
      { name: 'd', reason: 'is simulated' },
    ],
  })
})
