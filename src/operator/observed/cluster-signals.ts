// What the operator knows of its cluster as a whole, as the detection asks for it.

import type { ClusterSignals } from '../../domain/cluster/cluster-signals.ts'
import type { ClusterIdentity } from './identity.ts'
import type { Stores } from './stores.ts'

export function clusterSignals(stores: Stores, identity: ClusterIdentity): ClusterSignals {
  const { nodeTally, kubeadm, loadBalancers } = stores
  const [record] = kubeadm.store.values()
  return {
    nodes: nodeTally,
    ...(record === undefined ? {} : { kubeadm: record }),
    apiGroups: identity.apiGroups,
    ...(identity.serverVersion === undefined ? {} : { serverVersion: identity.serverVersion }),
    ...(loadBalancers.store.synced ? { publicAddresses: loadBalancers.store.values().flat() } : {}),
  }
}
