// What an operator is told when it starts.

import type { Catalog } from './domain/catalog.ts'
import type { OwnMachine } from './domain/cluster/witness.ts'
import type { TrustedKeys } from './domain/license/trusted-keys.ts'
import type { LeaseTiming } from './kube/lease.ts'

export interface OperatorSettings {
  readonly catalog: Catalog
  readonly trustedKeys: TrustedKeys
  /** In a pod: why those are not the keys of its image, as a sentence. Absent: they are. */
  readonly otherKeys?: string
  /** Where the operator lives, and a license Secret by the catalog's name is found without a License. */
  readonly namespace: string
  readonly agentsNamespace: string
  readonly agentImage: string
  /** In a pod: what it sees of the machine under it. */
  readonly machine?: OwnMachine
  /** `HOST:PORT` of the probes and metrics. */
  readonly listen: string
  /** How long an agent that was admitted goes on before it is held, in ms. The catalog's notice is the longest. */
  readonly holdNotice?: number
  /** With it, this is one of several replicas, of which one writes. Without, it is the only one. */
  readonly election?: {
    /** Who this replica is: never the same for two that run at once. */
    readonly identity: string
    readonly timing?: LeaseTiming
  }
}
