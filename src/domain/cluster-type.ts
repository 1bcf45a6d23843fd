// What kind of cluster is this? All nodes are asked, the answer carries its evidence, and nothing that a user can set makes it Kind.

/** What the decision needs to know of a Node; the rest of the object is dropped when it is read. */
export interface NodeFacts {
  readonly name: string
  readonly providerId: string
  readonly kubeletVersion: string
  readonly osImage: string
  readonly bootId: string
  /** Names of labels and annotations; their values are only kept where a rule asks for them. */
  readonly labels: readonly string[]
  readonly annotations: readonly string[]
  readonly instanceType: string
  /** A node that no kubelet of this cluster stands behind. */
  readonly class: 'real' | 'virtual' | 'simulated'
  readonly deleting: boolean
}

export interface ClusterSignals {
  readonly nodes: readonly NodeFacts[]
  /** `clusterName` of kubeadm's ConfigMap; undefined when there is no such ConfigMap. */
  readonly kubeadmClusterName: string | undefined
  readonly apiGroups: readonly string[]
}

export interface ClusterType {
  /** The best name for what is seen: `Kind`, `EKS`, …, `Unknown`. */
  readonly type: string
  /** Where it runs: `aws`, `gcp`, `azure`, …, `local`, `unknown`. */
  readonly platform: string
  /** Whether the answer would stand in a dispute. Only a proven Kind is Kind for the free plan. */
  readonly proven: boolean
  readonly confidence: 'high' | 'medium' | 'low'
  readonly evidence: readonly string[]
  readonly contradictions: readonly string[]
}

interface Signal {
  readonly type: string
  readonly says: string
  readonly shownBy: (node: NodeFacts) => boolean
}

const labelled = (prefix: string) => (node: NodeFacts) => node.labels.some((label) => label.startsWith(prefix))
const annotated = (prefix: string) => (node: NodeFacts) => node.annotations.some((name) => name.startsWith(prefix))
const kubelet = (pattern: RegExp) => (node: NodeFacts) => pattern.test(node.kubeletVersion)
const provider = (prefix: string) => (node: NodeFacts) => node.providerId.startsWith(prefix)
const osImage = (pattern: RegExp) => (node: NodeFacts) => pattern.test(node.osImage)
const anyOf =
  (...tests: readonly ((node: NodeFacts) => boolean)[]) =>
  (node: NodeFacts) =>
    tests.some((t) => t(node))

// The first that a node shows names the node. Distributions built upon another one stand before it.
const SIGNALS: readonly Signal[] = [
  { type: 'vcluster', says: 'vcluster annotation', shownBy: annotated('vcluster.loft.sh/') },
  {
    type: 'OpenShift',
    says: 'OpenShift label or Red Hat CoreOS image',
    shownBy: anyOf(labelled('node.openshift.io/'), osImage(/^Red Hat Enterprise Linux CoreOS/)),
  },
  {
    type: 'RKE2',
    says: 'RKE2 kubelet, annotation or provider ID',
    shownBy: anyOf(kubelet(/[-+]rke2/), annotated('rke2.io/'), provider('rke2://')),
  },
  {
    type: 'DockerDesktop',
    says: 'Docker Desktop image or provider ID',
    shownBy: anyOf(osImage(/^Docker Desktop/), provider('kind://docker/desktop/')),
  },
  { type: 'Kind', says: 'Kind provider ID', shownBy: provider('kind://') },
  { type: 'Minikube', says: 'minikube label', shownBy: labelled('minikube.k8s.io/') },
  {
    type: 'K3d',
    says: 'K3s kubelet in a k3d container',
    shownBy: (node) => kubelet(/[-+]k3s/)(node) && node.name.startsWith('k3d-'),
  },
  {
    type: 'K3s',
    says: 'K3s kubelet, annotation or provider ID',
    shownBy: anyOf(kubelet(/[-+]k3s/), annotated('k3s.io/'), provider('k3s://')),
  },
  { type: 'k0s', says: 'k0s kubelet', shownBy: kubelet(/[-+]k0s/) },
  { type: 'MicroK8s', says: 'MicroK8s label', shownBy: labelled('microk8s.io/') },
  { type: 'Talos', says: 'Talos image', shownBy: osImage(/^Talos /) },
  { type: 'kOps', says: 'kOps label', shownBy: labelled('kops.k8s.io/') },
  {
    type: 'EKS',
    says: 'EKS label, kubelet or provider ID',
    shownBy: anyOf(labelled('eks.amazonaws.com/'), kubelet(/-eks/), provider('eks-hybrid://')),
  },
  {
    type: 'GKE',
    says: 'GKE label or kubelet',
    shownBy: anyOf(labelled('cloud.google.com/gke-'), kubelet(/-gke\./)),
  },
  {
    type: 'AKS',
    says: 'AKS label',
    shownBy: anyOf(
      labelled('kubernetes.azure.com/node-image-version'),
      labelled('kubernetes.azure.com/mode'),
      (node) => labelled('kubernetes.azure.com/')(node) && node.name.startsWith('aks'),
    ),
  },
  { type: 'DOKS', says: 'DOKS label', shownBy: labelled('doks.digitalocean.com/') },
  {
    type: 'LKE',
    says: 'LKE label or annotation',
    shownBy: anyOf(labelled('lke.linode.com/'), annotated('lke.linode.com/')),
  },
  { type: 'OKE', says: 'OKE label', shownBy: labelled('oke.oraclecloud.com/') },
  {
    type: 'IKS',
    says: 'IKS label or kubelet',
    shownBy: anyOf(labelled('ibm-cloud.kubernetes.io/'), kubelet(/\+IKS/)),
  },
  { type: 'ACK', says: 'ACK kubelet', shownBy: kubelet(/-aliyun/) },
  { type: 'TKE', says: 'TKE kubelet', shownBy: kubelet(/-tke/) },
  { type: 'CCE', says: 'CCE kubelet', shownBy: kubelet(/-CCE/) },
  { type: 'Kubeadm', says: 'kubeadm annotation', shownBy: annotated('kubeadm.alpha.kubernetes.io/') },
]

const PLATFORMS: readonly (readonly [prefix: string, platform: string])[] = [
  ['aws://', 'aws'],
  ['eks-hybrid://', 'on-prem'],
  ['gce://', 'gcp'],
  ['azure://', 'azure'],
  ['digitalocean://', 'digitalocean'],
  ['linode://', 'linode'],
  ['hcloud://', 'hetzner'],
  ['openstack://', 'openstack'],
  ['vsphere://', 'vsphere'],
  ['ocid1.', 'oracle'],
  ['ibm://', 'ibm'],
  ['qcloud://', 'tencent'],
  ['civo://', 'civo'],
  ['kind://', 'local'],
]

/** Names the cluster from all its nodes. Pure: the same signals always give the same answer. */
export function detectClusterType(signals: ClusterSignals): ClusterType {
  const real = signals.nodes.filter((node) => node.class === 'real' && !node.deleting)
  const platform = platformOf(real)
  if (real.length === 0) {
    return unknown(platform, signals.nodes.length === 0 ? 'no node is known' : 'no node that a kubelet stands behind')
  }
  if (signals.apiGroups.includes('config.openshift.io')) {
    return named('OpenShift', platform, 'high', ['the API group config.openshift.io is served'])
  }
  const votes = real.map((node) => SIGNALS.find((signal) => signal.shownBy(node)))
  const seen = new Set(votes.map((signal) => signal?.type).filter((type) => type !== undefined))
  // kubeadm is what many distributions are made with: it names a cluster only where nothing else does.
  if (seen.size > 1) seen.delete('Kubeadm')
  const evidence = evidenceOf(votes)

  if (seen.has('Kind')) return judgeKind(signals, real, platform, evidence, [...seen])
  if (seen.size > 1) return unknown(platform, `the nodes disagree: ${[...seen].toSorted().join(', ')}`, evidence)
  const [type] = seen
  if (type !== undefined) {
    const silent = votes.filter((signal) => signal === undefined).length
    return named(type, platform, silent === 0 ? 'high' : 'medium', evidence)
  }
  if (signals.kubeadmClusterName !== undefined) {
    return named('Kubeadm', platform, 'medium', ["kubeadm's ConfigMap is there and no node names a distribution"])
  }
  return unknown(platform, 'no node names its distribution')
}

// Whoever owns a cluster can set a label, a name, a provider ID and a ConfigMap. The free plan therefore asks for all of
// it at once: every node says Kind, all are containers of one host (one boot ID), kubeadm's own record names the same
// cluster, and nothing on any node speaks for a cloud or another distribution.
function judgeKind(
  signals: ClusterSignals,
  real: readonly NodeFacts[],
  platform: string,
  evidence: readonly string[],
  seen: readonly string[],
): ClusterType {
  const contradictions: string[] = []
  const gaps: string[] = []
  const ofKind = real.filter((node) => node.providerId.startsWith('kind://'))
  const names = new Set(ofKind.map((node) => node.providerId.split('/')[3] ?? ''))
  const others = real.length - ofKind.length
  if (others > 0) contradictions.push(`${others} of ${real.length} nodes have no Kind provider ID`)
  for (const signal of SIGNALS) {
    if (signal.type === 'Kind' || signal.type === 'Kubeadm') continue
    const count = real.filter((node) => signal.shownBy(node)).length
    if (count > 0) contradictions.push(`${signal.says} on ${nodes(count)}`)
  }
  const clouds = real.filter((node) => node.instanceType !== '' && !/^kind$/i.test(node.instanceType)).length
  if (clouds > 0) contradictions.push(`a cloud's instance type on ${nodes(clouds)}`)
  const boots = new Set(real.map((node) => node.bootId))
  if (boots.size > 1) contradictions.push(`${boots.size} different boot IDs: the nodes are not containers of one host`)
  if (boots.has('')) gaps.push('a node shows no boot ID')
  const [clusterName] = names
  if (names.size > 1) contradictions.push('the provider IDs name different Kind clusters')
  if (signals.kubeadmClusterName === undefined) gaps.push("kubeadm's ConfigMap is not there")
  else if (signals.kubeadmClusterName !== clusterName) {
    contradictions.push("kubeadm's ConfigMap names another cluster than the provider IDs")
  }

  if (contradictions.length === 0 && gaps.length === 0) {
    const proof = [...evidence, 'one boot ID on all nodes', "kubeadm's ConfigMap agrees"]
    return { ...named('Kind', platform, 'high', proof), proven: true }
  }
  if (contradictions.length === 0) return named('Kind', platform, 'medium', [...evidence, ...gaps])
  const other = seen.filter((type) => type !== 'Kind')
  const type = other.length === 1 ? (other[0] ?? 'Unknown') : 'Unknown'
  return { ...named(type, platform, 'low', evidence), contradictions }
}

function platformOf(real: readonly NodeFacts[]): string {
  const platforms = new Set(
    real.map((node) => PLATFORMS.find(([prefix]) => node.providerId.startsWith(prefix))?.[1] ?? 'unknown'),
  )
  const [platform] = platforms
  return platforms.size === 1 && platform !== undefined ? platform : platforms.size === 0 ? 'unknown' : 'mixed'
}

function evidenceOf(votes: readonly (Signal | undefined)[]): string[] {
  const counts = new Map<string, number>()
  for (const signal of votes) {
    if (signal !== undefined) counts.set(signal.says, (counts.get(signal.says) ?? 0) + 1)
  }
  return [...counts].map(([says, count]) => `${says} on ${nodes(count)}`).toSorted()
}

function nodes(count: number): string {
  return count === 1 ? '1 node' : `${count} nodes`
}

function named(
  type: string,
  platform: string,
  confidence: ClusterType['confidence'],
  evidence: readonly string[],
): ClusterType {
  return { type, platform, proven: type !== 'Kind' && confidence === 'high', confidence, evidence, contradictions: [] }
}

function unknown(platform: string, why: string, evidence: readonly string[] = []): ClusterType {
  return {
    type: 'Unknown',
    platform,
    proven: false,
    confidence: 'low',
    evidence: [...evidence, why],
    contradictions: [],
  }
}
