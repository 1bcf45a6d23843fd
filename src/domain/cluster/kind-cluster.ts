// Is this Kind, and would that stand in a dispute? The free plan rests on the answer, so it takes everything at once: every
// node is one of Kind, all are containers of one host, kubeadm's own record agrees, and nothing speaks for anything else.

import type { ClusterSignals } from './cluster-signals.ts'
import { type ClusterType, UNKNOWN } from './cluster-type.ts'
import { kindHostsOf } from './kind-hosts.ts'
import { namesOf } from './roster.ts'
import { KIND, KUBEADM } from './signals.ts'

/** What has been found on nodes that all say Kind. */
export interface KindFindings {
  readonly platform: string
  readonly evidence: readonly string[]
  readonly contradictions: readonly string[]
  /** With what is found already it cannot be Kind. */
  readonly impossible: readonly string[]
}

/** Judges a cluster whose nodes, without exception, look like nodes of Kind. */
export function judgeKind(
  { nodes, kubeadm, serverVersion, publicAddresses }: ClusterSignals,
  { platform, evidence, contradictions, impossible: found }: KindFindings,
): ClusterType {
  const [cluster = ''] = nodes.kindClusters.keys()
  const impossible = [...found]
  const hosts = kindHostsOf(nodes.kindNodes.values())
  if (nodes.kindClusters.size > 1) impossible.push('the provider IDs name different Kind clusters')
  if (hosts.impossible !== undefined) impossible.push(hosts.impossible)
  if (kubeadm !== undefined && kubeadm.clusterName !== cluster) {
    impossible.push("kubeadm's ConfigMap names another cluster than the provider IDs")
  } else if (kubeadm !== undefined && !isEndpoint(kubeadm.controlPlaneEndpoint, cluster)) {
    impossible.push("kubeadm's ConfigMap has the API server at a place that Kind gives it not")
  }
  const against = [...impossible, ...contradictions]
  if (publicAddresses !== undefined && publicAddresses.length > 0) {
    against.push(`a load balancer has a public address: ${publicAddresses.toSorted().slice(0, 3).join(', ')}`)
  }
  if (impossible.length > 0) {
    const type = kubeadm === undefined ? UNKNOWN : KUBEADM
    return { type, platform, proven: false, confidence: 'low', evidence, contradictions: against }
  }

  const missing: string[] = []
  if (hosts.withoutId.length > 0) missing.push(`not every node shows a boot ID: ${namesOf(hosts.withoutId)} does not`)
  if (kubeadm === undefined) missing.push("kubeadm's ConfigMap is not there")
  if (serverVersion === undefined) missing.push('the version of the API server is not known')
  if (publicAddresses === undefined) missing.push('the load balancers are not known')
  const proven = missing.length === 0 && against.length === 0
  const proof = [...evidence]
  if (hosts.withoutId.length === 0) {
    proof.push(`one boot ID on all nodes${hosts.silent.length > 0 ? ' that report' : ''}, set by the kubelet`)
  }
  if (kubeadm !== undefined) proof.push("kubeadm's ConfigMap agrees")
  return {
    type: KIND,
    platform,
    proven,
    confidence: proven ? 'high' : against.length === 0 ? 'medium' : 'low',
    evidence: [...proof, ...hosts.silent, ...missing.map((what) => `not proven: ${what}`)],
    contradictions: against,
  }
}

/** Kind names the node of the control plane, or the balancer before several; early versions gave an address. */
function isEndpoint(endpoint: string, cluster: string): boolean {
  const host = endpoint.replace(/:\d+$/, '')
  return host === '' || /^[\d.]+$|^\[?[\da-f:]+\]?$/.test(host) || host.startsWith(`${cluster}-`)
}
