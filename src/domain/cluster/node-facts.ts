// What is kept of a Node: what some rule asks for, a few hundred bytes of some ten thousand.

import type { Instant } from '../time.ts'

/** What the decision needs to know of a Node; the rest of the object is dropped when it is read. */
export interface NodeFacts {
  readonly name: string
  readonly providerId: string
  readonly kubeletVersion: string
  readonly osImage: string
  readonly kernelVersion: string
  /** The container runtime with its version, such as `containerd://2.1.3`. */
  readonly runtime: string
  readonly bootId: string
  /** Names of the labels and annotations that a rule asks for; values only where one asks for those too. */
  readonly labels: readonly string[]
  readonly annotations: readonly string[]
  /** The label of that name: a cloud's type of machine. */
  readonly instanceType: string
  /** What the node is marked as by a label, annotation or taint. Anybody may set those. */
  readonly marked?: 'virtual' | 'simulated'
  /** Whether something shows a machine with a kubelet: what pretends to be a node shows nothing of that. */
  readonly hasMachine: boolean
  /** Whether its IDs come from hardware or a hypervisor. A container of Kind makes up its own. */
  readonly hasHardwareId: boolean
  /** Whether the label of its host name says another name than it has. */
  readonly hasOtherHostname: boolean
  /** Whether a cloud controller gave it an address for the world outside. */
  readonly hasExternalAddress: boolean
  readonly deletingSince?: Instant
  readonly notReadySince?: Instant
  /** Since when its kubelet has reported nothing, by the control plane: what it reported before may be of an earlier boot. */
  readonly silentSince?: Instant
  /** When its kubelet last reported. Kept of nodes that say Kind: on others nothing asks for it, and it changes all the time. */
  readonly heardAt?: Instant
}
