// What is known of a cluster as a whole: its nodes, and what its API server says and holds.

import type { NodeTally } from './node-inventory.ts'

export interface ClusterSignals {
  readonly nodes: NodeTally
  /** kubeadm's own record of the cluster; undefined: there is none. */
  readonly kubeadm?: KubeadmRecord
  /** The groups of the API; anybody who may create a CRD can add one. */
  readonly apiGroups: readonly string[]
  /** The version of the API server as it says itself. */
  readonly serverVersion?: string
  /** Addresses for the world outside that load balancers have been given; undefined: it is not known. */
  readonly publicAddresses?: readonly string[]
}

/** What kubeadm wrote down when it made the cluster. */
export interface KubeadmRecord {
  readonly clusterName: string
  /** Where the API server is to be found, as `HOST:PORT`; may be empty. */
  readonly controlPlaneEndpoint: string
}
