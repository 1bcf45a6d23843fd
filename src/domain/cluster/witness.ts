// The operator is a witness itself: what it sees of the machine that it runs on has to agree with what the Node says. Whoever
// makes up Nodes has it run on something else.

import type { ClusterType } from './cluster-type.ts'
import type { NodeFacts } from './node-facts.ts'

/** What a pod of the operator sees of the machine under it. */
export interface OwnMachine {
  /** The Node on which the pod runs, as Kubernetes told it; empty: it did not. */
  readonly nodeName: string
  /** Of the kernel; empty: it cannot be read. */
  readonly bootId: string
  readonly kernelVersion: string
  /** Whether it runs in a container that a kubelet made. */
  readonly isInContainer: boolean
}

/**
 * The type, and not proven where the operator sees something else than its Node shows.
 * @param machine absent: it runs in no pod, and is no witness
 * @param node the Node of that name; undefined: there is none
 */
export function witnessed(
  cluster: ClusterType,
  machine: OwnMachine | undefined,
  node: NodeFacts | undefined,
): ClusterType {
  const why = machine === undefined ? undefined : disagreement(machine, node)
  if (why === undefined) return cluster
  return { ...cluster, proven: false, confidence: 'low', contradictions: [why, ...cluster.contradictions] }
}

function disagreement(machine: OwnMachine, node: NodeFacts | undefined): string | undefined {
  const { nodeName, bootId, kernelVersion, isInContainer } = machine
  if (nodeName === '') {
    return 'the operator is not told on which node it runs: its pod needs the variable NODE_NAME, from spec.nodeName'
  }
  const where = `the operator runs on ${nodeName}`
  if (!isInContainer) return `${where}, it is said, but in no container of a kubelet`
  if (node === undefined) return `${where}, and there is no such Node`
  if (bootId === '') return `${where}, and cannot read the boot ID there`
  // A Node that shows none has no proof anyway, and one whose kubelet is silent shows that of an earlier boot.
  if (node.bootId !== '' && node.bootId !== bootId && node.silentSince === undefined) {
    return `${where}, whose kubelet reports another boot ID than the operator sees there`
  }
  if (node.kernelVersion !== '' && node.kernelVersion !== kernelVersion) {
    return `${where}, whose kubelet reports the kernel ${node.kernelVersion}, and the operator sees ${kernelVersion} there`
  }
  return undefined
}
