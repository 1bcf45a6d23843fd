// Everything a decision may look at. Gathered in one place, decided in another: the core has no other way to the world.

import type { Catalog, GuardianMode } from './catalog.ts'
import type { ClusterType } from './cluster/cluster-type.ts'
import type { NodeCount } from './cluster/node-count.ts'
import type { OverageMemory } from './cluster/node-overage.ts'
import type { NodePeaks } from './cluster/node-peaks.ts'
import type { ClusterMemory } from './cluster/stability.ts'
import type { Instant } from './instant.ts'
import type { LicenseClaims } from './license/claims.ts'
import type { RevocationList } from './license/revocation-list.ts'
import type { Reason } from './reasons.ts'

/** What is known of one License resource. */
export interface LicenseFacts {
  /** Name of the License resource. */
  readonly name: string
  /** Claims that were verified. With `unconfirmed`, they are the last that were read and believed. */
  readonly claims?: LicenseClaims
  /** From when on the key that signed it may no longer be used, and the license is not believed. */
  readonly keyExpiresAt?: Instant
  /** Why the license cannot be read or believed now. */
  readonly problem?: { readonly reason: Reason; readonly message: string; readonly since: Instant }
}

/** A workload that carries the agent label. */
export interface WorkloadFacts {
  /** Kubernetes' plural of its kind: `deployments`, `statefulsets`, … */
  readonly resource: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly agent: string
  /** Replicas wanted; for a held workload, those to restore. 0: it does not want to run. */
  readonly wants: number
  readonly held: boolean
  readonly createdAt: Instant
  /** Whether its namespace is one that the gate covers. */
  readonly governed: boolean
}

/** Something that a person should look into; the decision holds all the same. */
export interface Concern {
  readonly about: 'clock' | 'revocations'
  readonly reason: Reason
  /** One sentence. */
  readonly message: string
}

/** What the customer asks for. */
export interface WantedFacts {
  readonly plan?: string
  readonly organization?: string
  /** Whether an activation key is given. The key itself is nothing that a decision needs. */
  readonly activationKey: boolean
  readonly agents: readonly string[]
  readonly addons: readonly string[]
  readonly guardian: GuardianMode
}

/** What an earlier decision said that this one depends on. It survives a restart in the Entitlement's status. */
export interface Memory {
  /** Workloads that were admitted, by `workloadKey`. */
  readonly admitted: ReadonlySet<string>
  /** When workloads that lost their admission will be held, by `workloadKey`. */
  readonly holdAt: ReadonlyMap<string, Instant>
  /** The type of cluster that counts. */
  readonly cluster?: ClusterMemory
  readonly nodesOver?: OverageMemory
  readonly nodePeaks?: NodePeaks
  /** Since when each violation has been there, by reason. */
  readonly violationSince: ReadonlyMap<string, Instant>
}

export const NO_MEMORY: Memory = { admitted: new Set(), holdAt: new Map(), violationSince: new Map() }

export interface Facts {
  readonly now: Instant
  readonly catalog: Catalog
  /** What the nodes show at this moment. What counts is what lasts. */
  readonly cluster: ClusterType
  /** UID of the namespace kube-system: the cluster's identity. */
  readonly clusterUid: string
  readonly nodes: NodeCount
  readonly licenses: readonly LicenseFacts[]
  /** Licenses that were believed once and are gone: what they replaced stays replaced. */
  readonly formerLicenses: readonly LicenseClaims[]
  /** The newest list of the vendor that was ever believed. */
  readonly revocations?: RevocationList
  /** What is wrong about what the decision rests on beside the licenses: a revocation list, the clock. */
  readonly concerns: readonly Concern[]
  readonly wanted?: WantedFacts
  /** Where the agents of a PlatformConfig live. */
  readonly agentsNamespace: string
  readonly workloads: readonly WorkloadFacts[]
  /** Agents of the PlatformConfig whose name belongs to a Deployment that the operator did not create. */
  readonly namesTaken: ReadonlySet<string>
  readonly memory: Memory
  /** How long an agent that was admitted goes on before it is held, in ms; never longer than the catalog's notice. */
  readonly holdNotice: number
}

/** Identity of a workload across decisions and in the admission policy's parameters. */
export function workloadKey(workload: { resource: string; namespace: string; name: string }): string {
  return `${workload.resource}/${workload.namespace}/${workload.name}`
}
