// What an operator is told when it starts.

import type { Catalog } from '../domain/catalog/catalog.ts'
import type { OwnMachine } from '../domain/cluster/witness.ts'
import type { SignedCatalog } from '../domain/catalog/signed-catalog.ts'
import type { TrustedKeys } from '../domain/license/trusted-keys.ts'
import type { LeaseTiming } from '../kube/lease.ts'

export interface OperatorSettings {
  readonly catalog: Catalog
  /** The file that the catalog comes from; absent when it is built in. */
  readonly signedCatalog?: SignedCatalog
  /** Why the catalog is not the one that the operator was started with, as a sentence. Absent: it is. */
  readonly outdatedCatalog?: string
  readonly trustedKeys: TrustedKeys
  /** Why those are not the keys of the image, as a sentence. Absent: they are, as they always are in a pod. */
  readonly otherKeys?: string
  /** Where the operator lives, and a license Secret by the catalog's name is found without a License. */
  readonly namespace: string
  readonly agentsNamespace: string
  readonly agentImage: string
  /** In a pod: what it sees of the machine under it. */
  readonly machine?: OwnMachine
  /** `HOST:PORT` of the probes and metrics. */
  readonly listen: string
  /** Names under which people reach the status page. */
  readonly hostNames?: readonly string[]
  /** How long an agent that was admitted goes on before it is held, in ms. The catalog's notice is the longest. */
  readonly holdNotice?: number
  /** When the cluster is looked through for agents without the label, in ms; a minute after the start and once an hour. */
  readonly survey?: { readonly firstAfterMs: number; readonly passMs: number }
  /** By what this operator and any other of its product agree on the one that decides. */
  readonly election: {
    /** Who this one is: never the same for two that run at once. */
    readonly identity: string
    /** Whether a holder is known to have ended: nobody waits for his lease to run out. */
    readonly isGone?: (holder: string) => boolean
    readonly timing?: LeaseTiming
  }
}
