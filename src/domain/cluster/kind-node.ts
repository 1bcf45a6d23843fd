// Does a node that says it is one of Kind look like one? Whoever owns a cluster can write a provider ID; what the kubelet
// reports, and the name under which it joined, he cannot.

import type { NodeFacts } from './node-facts.ts'
import { LOOKED_AFTER, PROVIDED_NODE_IP } from './signals.ts'

export interface KindClaim {
  /** The Kind cluster that the provider ID names. */
  readonly cluster: string
  /** What a kubelet reports, or what is fixed on the node, and cannot be so on a node of Kind: it is none. */
  readonly misfits: readonly string[]
  /** What anybody can set and is not so on a node of Kind: nobody knows what it is. */
  readonly oddities: readonly string[]
}

// As Kubernetes itself is built, from a release or from a checkout: no vendor's suffix.
const UPSTREAM_KUBELET =
  /^v(?<major>\d+)\.(?<minor>\d+)\.\d+(?:-(?:alpha|beta|rc)\.\d+)?(?:\.\d+|-\d+)?(?:\+[0-9a-f]{10,40}(?:-dirty)?)?$/
/** From this minor version on, the images of Kind's nodes are made from Debian; before, from Ubuntu. */
const DEBIAN_SINCE = 28

/** How cloud-provider-kind names its provider, and its type of machine. */
const KIND_PROVIDER = 'kind'
const CLOUD_PROVIDER_INSTANCE = 'kind-node'

/** Whether the provider ID is, or pretends to be, one of Kind. */
export function isKindId(providerId: string): boolean {
  return providerId.startsWith('kind://')
}

/** What the provider ID of Kind claims; undefined for a node that has none. */
export function kindClaimOf(node: NodeFacts): KindClaim | undefined {
  if (!isKindId(node.providerId)) return undefined
  const { provider, cluster, name, isWhole } = partsOf(node.providerId)
  const misfits: string[] = []
  if (provider === '' || cluster === '' || !isWhole) misfits.push('it has not the form of one')
  else if (name !== node.name) misfits.push('it names another node')
  else if (!isNodeName(name, cluster)) misfits.push('Kind gives its nodes other names')
  if (!isImage(node)) misfits.push('the OS image is none of Kind')
  if (node.runtime !== '' && !node.runtime.startsWith('containerd://')) {
    misfits.push('the container runtime is none of Kind')
  }
  if (node.kubeletVersion !== '' && !UPSTREAM_KUBELET.test(node.kubeletVersion)) {
    misfits.push('the kubelet is built by a vendor')
  }
  if (node.hasHardwareId) misfits.push('the machine ID is that of a real machine')
  if (node.hasExternalAddress) misfits.push('a cloud gave the node an external address')
  const oddities: string[] = []
  if (node.hasOtherHostname) oddities.push('the node has another host name by label')
  const hasCloudProvider = node.instanceType === CLOUD_PROVIDER_INSTANCE
  if (!hasCloudProvider && !/^(?:kind)?$/i.test(node.instanceType))
    oddities.push('the node has the instance type of a cloud by label')
  // A kubelet that waits for a cloud provider annotates its address: also for that of Kind.
  const marks = hasCloudProvider ? LOOKED_AFTER.filter((mark) => mark !== PROVIDED_NODE_IP) : LOOKED_AFTER
  if (marks.some((mark) => node.annotations.some((name) => name.startsWith(mark)))) {
    oddities.push('a controller of machines looks after the node by annotation')
  }
  return { cluster, misfits, oddities }
}

/** `kind://PROVIDER/CLUSTER/NODE`; where the kubelet gave none, cloud-provider-kind gives `kind://CLUSTER/kind/NODE`. */
function partsOf(providerId: string) {
  const [, , first = '', second = '', name = '', ...more] = providerId.split('/')
  const isOfCloudProvider = second === KIND_PROVIDER && !isNodeName(name, second) && isNodeName(name, first)
  const [provider, cluster] = isOfCloudProvider ? [second, first] : [first, second]
  return { provider, cluster, name, isWhole: more.length === 0 }
}

function isNodeName(name: string, cluster: string): boolean {
  return name.startsWith(`${cluster}-`) && /^(?:control-plane|worker)\d*$/.test(name.slice(cluster.length + 1))
}

function isImage({ osImage, kubeletVersion }: NodeFacts): boolean {
  if (osImage === '' || osImage.startsWith('Debian ')) return true
  if (!osImage.startsWith('Ubuntu ')) return false
  const { major = '0', minor = '0' } = UPSTREAM_KUBELET.exec(kubeletVersion)?.groups ?? {}
  return Number(major) === 1 && Number(minor) < DEBIAN_SINCE
}
