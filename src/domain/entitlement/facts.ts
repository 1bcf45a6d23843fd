// Everything a decision may look at. Gathered in one place, decided in another: the core has no other way to the world.

import type { Catalog, GuardianMode } from '../catalog/catalog.ts'
import type { ClusterType } from '../cluster/cluster-type.ts'
import type { NodeCount } from '../cluster/node-count.ts'
import type { OverageMemory } from '../cluster/node-overage.ts'
import type { NodePeaks } from '../cluster/node-peaks.ts'
import type { ClusterMemory } from '../cluster/stability.ts'
import type { Instant } from '../time.ts'
import type { LicenseClaims } from '../license/claims.ts'
import type { RevocationList } from '../license/revocation-list.ts'
import type { Patience } from '../grace-budget.ts'
import type { Reason } from './reasons.ts'

/** A license that stood where another one stands now. */
export interface KeptLicense {
  readonly claims: LicenseClaims
  /** From when on the key that signed it may no longer be used. */
  readonly keyExpiresAt?: Instant
}

/** What is known of one License resource. */
export interface LicenseFacts {
  /** Name of the License resource. */
  readonly name: string
  /** Claims that were verified. With `unconfirmed`, they are the last that were read and believed. */
  readonly claims?: LicenseClaims
  /** From when on the key that signed it may no longer be used, and the license is not believed. */
  readonly keyExpiresAt?: Instant
  /**
   * Authentic licenses that were in its place before. They go on until what has taken their place is better than they are:
   * one that begins later, has ended or is for elsewhere ends nothing.
   */
  readonly kept?: readonly KeptLicense[]
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
  readonly uid: string
  /** Replicas wanted; for a held workload, those to restore. 0: it does not want to run. */
  readonly wants: number
  readonly held: boolean
  /** Whether the operator could hold it: a DaemonSet has no replicas, and what its own controller scales back is no hold. */
  readonly holdable: boolean
  readonly createdAt: Instant
  /** Since when its namespace has been governed by an operator; absent: the gate does not cover it. */
  readonly governedSince?: Instant | undefined
  /**
   * The controller that it belongs to and that is no workload with the label, such as an Argo Rollout, by `controllerKey`. All
   * that belong to one controller are one agent.
   */
  readonly controller?: string
  /** Images of its containers, joined by commas. */
  readonly images: string
  readonly failure?: Failure
}

/** The kind is part of it: an owner that is written down with another kind is another one. */
export function controllerKey(kind: string, uid: string): string {
  return `${kind}/${uid}`
}

/** Why a workload does not run, as Kubernetes says in its status. */
export interface Failure {
  readonly reason: 'PodsRefused' | 'PodsNotReady'
  /** A clause that follows `but`. */
  readonly message: string
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

/** A PlatformConfig as it stands: its name and its spec. */
export interface ConfigFacts {
  readonly name: string
  readonly spec: unknown
}

/** What runs, or ran a moment ago, under a key. */
export interface Ran {
  readonly agent: string
  readonly images: string
}

/** What an earlier decision said that this one depends on. It survives a restart in the Entitlement's status. */
export interface Memory {
  /** Workloads that were admitted, by `workloadKey`. */
  readonly admitted: ReadonlyMap<string, Ran>
  /** Workloads that were admitted and stopped or vanished, until when they may come back as recovery, by `workloadKey`. */
  readonly recovering: ReadonlyMap<string, Ran & { readonly until: Instant }>
  /** How much is left of the notice of a workload that lost its admission, by `workloadKey`. A moment's admission does not begin it anew. */
  readonly notices: ReadonlyMap<string, Patience>
  /**
   * Set where the lists above were cut when they were published: the latest end of a notice that is missing in them, if there
   * is one. What runs and is not listed may have been admitted.
   */
  readonly cut?: { readonly noticeEndsAt?: Instant }
  /** PlatformConfigs as they were when the platform became read-only. */
  readonly frozen: readonly ConfigFacts[]
  /** The type of cluster that counts. */
  readonly cluster?: ClusterMemory
  readonly nodesOver?: OverageMemory
  readonly nodePeaks?: NodePeaks
  /** Since when each violation has been there, by reason. */
  readonly violationSince: ReadonlyMap<string, Instant>
}

export const NO_MEMORY: Memory = {
  admitted: new Map(),
  recovering: new Map(),
  notices: new Map(),
  frozen: [],
  violationSince: new Map(),
}

export interface Facts {
  readonly now: Instant
  readonly catalog: Catalog
  /** What the nodes show at this moment. What counts is what lasts. */
  readonly cluster: ClusterType
  /** UID of the namespace kube-system: the cluster's identity. */
  readonly clusterUid: string
  readonly nodes: NodeCount
  readonly licenses: readonly LicenseFacts[]
  /** Licenses that could be used here once, wherever they are now: what they replaced stays replaced. */
  readonly formerLicenses: readonly LicenseClaims[]
  /** The newest list of the vendor that was ever believed. */
  readonly revocations?: RevocationList
  /** What is wrong about what the decision rests on beside the licenses: a revocation list, the clock. */
  readonly concerns: readonly Concern[]
  readonly wanted?: WantedFacts
  /** All PlatformConfigs of the product. */
  readonly configs: readonly ConfigFacts[]
  /** The name of the one of them that counts. */
  readonly activeConfig?: string
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
