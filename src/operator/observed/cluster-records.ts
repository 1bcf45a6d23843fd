// What else in a cluster tells what it is: kubeadm's record of how it was made, and the addresses that a cloud gave to its
// load balancers.

import { parse } from 'yaml'
import type { KubeadmRecord } from '../../domain/cluster/cluster-signals.ts'

/** Where kubeadm writes down what it made. */
export const KUBEADM_CONFIG = { namespace: 'kube-system', name: 'kubeadm-config' } as const
/** The field selector of the Services that may have a load balancer. */
export const LOAD_BALANCERS = 'spec.type=LoadBalancer'

const NO_RECORD: KubeadmRecord = { clusterName: '', controlPlaneEndpoint: '' }

/** Reads kubeadm's ConfigMap. */
export function projectKubeadm(raw: unknown): KubeadmRecord {
  const { data } = raw as { data?: { ClusterConfiguration?: string } }
  try {
    const configuration = parse(data?.ClusterConfiguration ?? '') as Partial<Record<string, unknown>> | null
    const { clusterName, controlPlaneEndpoint } = configuration ?? {}
    return {
      clusterName: typeof clusterName === 'string' ? clusterName : '',
      controlPlaneEndpoint: typeof controlPlaneEndpoint === 'string' ? controlPlaneEndpoint : '',
    }
  } catch {
    // Whatever stands there, it is not kubeadm's record.
    return NO_RECORD
  }
}

/** The addresses of a Service's load balancer that the world can reach; undefined when it has none. */
export function publicAddressesOf(raw: unknown): readonly string[] | undefined {
  const { status } = raw as {
    status?: { loadBalancer?: { ingress?: readonly { hostname?: string; ip?: string }[] } }
  }
  const ingress = status?.loadBalancer?.ingress ?? []
  const addresses = ingress.flatMap(({ hostname, ip }) => {
    if (hostname !== undefined && hostname !== '') return isLocalName(hostname) ? [] : hostname
    return ip === undefined || isPrivate(ip) ? [] : ip
  })
  return addresses.length === 0 ? undefined : addresses
}

function isLocalName(hostname: string): boolean {
  return hostname === 'localhost' || /\.(?:local|localhost|internal|test|example)$/.test(hostname)
}

// What load balancers for Kind hand out is private, or at least nobody's: RFC 1918, carrier NAT, link-local, loopback, the
// ranges for documentation and benchmarks, and IPv6's local ones.
function isPrivate(ip: string): boolean {
  if (ip.includes(':')) return /^(?:::1$|f[cd]|fe[89ab]|2001:db8:)/i.test(ip)
  return /^(?:0\.|10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|192\.0\.2\.|198\.1[89]\.|198\.51\.100\.|203\.0\.113\.)/.test(
    ip,
  )
}
