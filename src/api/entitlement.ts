// The Entitlement: the decision as it is published. People read it, workloads watch it, the admission policies take it as
// their parameters, and after a restart the operator remembers from it.

import * as z from 'zod'
import type { Growth, GuardianMode } from '../domain/catalog/catalog.ts'
import type { Verdict } from '../domain/entitlement/reasons.ts'
import type { Condition } from './conditions.ts'
import type { HealthStatus } from './health.ts'
import type { DeepReadonly } from './resources.ts'

/** A workload that runs an agent. Namespace, kind and workload identify it: an agent may have several. */
export interface AgentEntry {
  /** The agent, by its label. */
  readonly name: string
  readonly namespace: string
  readonly kind: string
  readonly workload: string
  /** Why it is refused or held. */
  readonly reason?: string
  readonly message?: string
  /** When it will be held. */
  readonly holdAt?: string
  /** Of a held one: how many replicas will be restored. */
  readonly replicas?: number
}

/** A workload that may come back as it was. */
export interface RecoveringEntry extends AgentEntry {
  /** Images of its containers, joined by commas. */
  readonly images: string
  readonly until: string
}

export interface PublishedViolation {
  readonly reason: string
  readonly message: string
  readonly since: string
}

/** A limit of the product's, for whoever measures against it. */
export interface PublishedLimit {
  readonly axis: string
  readonly limit: number
  readonly unit: string
  readonly period?: string
  readonly enforcement: 'hard' | 'soft'
  /** What the product answers with at the limit. */
  readonly httpStatus?: number
}

/** A key whose signature counts. */
export interface PublishedKey {
  readonly kid: string
  readonly use: string
  /** RFC 7638, SHA-256. */
  readonly thumbprint: string
}

/** Parameters of the admission policies. They have to answer from this alone while the operator is down. */
export interface GateStatus {
  readonly growth: Growth
  /** Why growth is not open; empty when it is. */
  readonly message: string
  /** Whether agents beyond `agents` are admitted too. */
  readonly anyAgent: boolean
  readonly agents: readonly string[]
  /** How many more agents may start; -1: any number. */
  readonly slots: number
  readonly slotsMessage: string
  /** Why an agent that is not in `agents` is refused. */
  readonly refusal: string
  /** From when the API server refuses to create agents, by its own clock. */
  readonly createUntil?: string
  readonly createMessage: string
  /**
   * Governed workloads by `RESOURCE/NAMESPACE/NAME`, as many as there is room for: `STATE AGENT`, and `STATE AGENT IMAGES` where
   * the platform is read-only. The state is `admitted`, `stopped` or `refused`.
   */
  readonly workloads: Readonly<Record<string, string>>
  /** Governed namespaces whose workloads are not listed; `*`: any. There, what cannot be told by its selector does not start by a Scale. */
  readonly crowded: readonly string[]
  /** Agents by `KIND/UID` of the controller that makes their workloads, such as an Argo Rollout or a CronJob. */
  readonly controllers: Readonly<Record<string, string>>
  /** Who the operator is to the API server: it may resume what it held. */
  readonly operator: string
  /** Whether an operator counts what starts; false once it has stopped in good order. */
  readonly attended: boolean
  /** While nobody counts: agents that may be created under their own name. */
  readonly mayCreate: readonly string[]
  /** While the platform is read-only: PlatformConfigs that may be made anew just so. */
  readonly frozen: readonly { readonly name: string; readonly spec: unknown }[]
  /** Changes whenever the gate does: a refusal that names it tells which decision the API server enforces. */
  readonly serial: string
}

/** Limits and free slots are -1 when there is none; times are RFC 3339. */
export interface EntitlementStatus {
  readonly observedGeneration: number
  readonly verdict: Verdict
  readonly reason: string
  readonly message: string
  readonly plan: string
  readonly organization?: string
  readonly licenseId?: string
  readonly expiresAt?: string
  /** Until when licenses follow each other without a gap, when that is later. */
  readonly coveredUntil?: string
  /** `None`, or a level of the catalog's schedule. */
  readonly degradation: string
  readonly readOnly: boolean
  readonly cluster: {
    readonly type: string
    readonly platform: string
    readonly uid: string
    readonly proven: boolean
    readonly confidence: string
    readonly evidence: readonly string[]
    readonly contradictions: readonly string[]
    /** When the type changes to what is seen, if that lasts. */
    readonly changesAt?: string
    /** Since when what is seen has been the type that counts again. */
    readonly steadySince?: string
  }
  readonly nodes: {
    readonly counted: number
    readonly total: number
    readonly limit: number
    readonly excluded: readonly { readonly class: string; readonly count: number }[]
    /** The highest count of the last days, and the past counts that it goes down by as they grow old. */
    readonly highest: number
    readonly pastPeaks: readonly { readonly counted: number; readonly until: string }[]
    /** The last overage: its peak, its beginning, when its grace ends, and its end when it is past. */
    readonly peak?: number
    readonly overSince?: string
    readonly graceEndsAt?: string
    readonly overUntil?: string
  }
  readonly agents: {
    readonly limit: number
    readonly summary: string
    /** How many there are of each; the lists hold the first of them. */
    readonly totals: { readonly admitted: number; readonly refused: number; readonly held: number }
    readonly admitted: readonly AgentEntry[]
    readonly refused: readonly AgentEntry[]
    readonly held: readonly AgentEntry[]
    /** What stopped or vanished a moment ago, and until when it may come back though growth is not open. */
    readonly recovering: readonly RecoveringEntry[]
    /** Of those that are refused and not listed: the latest time at which one is held. */
    readonly othersHeldBy?: string
  }
  readonly limits: readonly PublishedLimit[]
  /** Features that are not licensed and that the product refuses with an HTTP status of their own. */
  readonly deniedFeatures: readonly { readonly name: string; readonly httpStatus: number }[]
  readonly features: readonly string[]
  readonly addons: readonly string[]
  readonly guardian: { readonly mode: GuardianMode }
  readonly updates: { readonly enabled: boolean; readonly staged: boolean }
  /** Whose signature counts, as far as the list goes. A decision of an earlier version does not say. */
  readonly trustedKeys?: readonly PublishedKey[]
  /** How it stands. A decision of an earlier version does not say. */
  readonly health?: HealthStatus
  readonly violations: readonly PublishedViolation[]
  readonly messages: readonly string[]
  readonly nextChangeAt?: string
  /** Who wrote this: the operator of that namespace. One that lives elsewhere waits while it lives. */
  readonly operator?: { readonly namespace: string }
  /** Signature over what the operator remembers by this status: without it nothing of that is believed after a restart. */
  readonly seal?: string
  readonly gate: GateStatus
  readonly conditions: readonly Condition[]
}

/** How many agents there are of each kind, also in a status of a version that did not say so. */
export function agentTotals({ agents }: Pick<EntitlementStatus, 'agents'>): EntitlementStatus['agents']['totals'] {
  const { totals, admitted, refused, held } = agents as Partial<Pick<typeof agents, 'totals'>> & typeof agents
  return totals ?? { admitted: admitted.length, refused: refused.length, held: held.length }
}

// Another version may have written it, or a person: what cannot be read is forgotten, and nothing else with it.
const time = z.iso.datetime({ offset: true })
const count = z.int().nonnegative()
const optionalTime = z.optional(time).catch(undefined)
const agent = z.object({
  name: z.string().catch(''),
  namespace: z.string(),
  kind: z.string(),
  workload: z.string(),
  images: z.string().catch(''),
  holdAt: optionalTime,
  until: optionalTime,
})
const agents = readableItems(agent)
const totals = z.object({ admitted: count, refused: count }).catch({ admitted: 0, refused: 0 })
const remembered = z.object({
  agents: z
    .object({ totals, admitted: agents, refused: agents, held: agents, recovering: agents, othersHeldBy: optionalTime })
    .catch({ totals: { admitted: 0, refused: 0 }, admitted: [], refused: [], held: [], recovering: [] }),
  gate: z.object({ frozen: readableItems(z.object({ name: z.string(), spec: z.unknown() })) }).catch({ frozen: [] }),
  cluster: z
    .object({
      type: z.string(),
      platform: z.string(),
      proven: z.boolean(),
      confidence: z.enum(['high', 'medium', 'low']),
      evidence: readableItems(z.string()),
      contradictions: readableItems(z.string()),
      changesAt: optionalTime,
      steadySince: optionalTime,
    })
    .optional()
    .catch(undefined),
  nodes: z
    .object({
      counted: z.optional(count).catch(undefined),
      pastPeaks: readableItems(z.object({ counted: count, until: time })),
      peak: z.optional(count).catch(undefined),
      overSince: optionalTime,
      graceEndsAt: optionalTime,
      overUntil: optionalTime,
    })
    .catch({ pastPeaks: [] }),
  violations: readableItems(z.object({ reason: z.string(), since: time })),
})

/** What of a published decision the next one depends on, as it stands in the status. */
export type Remembered = DeepReadonly<z.output<typeof remembered>>

/** Reads what the operator remembers across a restart from an Entitlement, or whatever has its `status`. Never fails. */
export function readRemembered(object: unknown): Remembered {
  const { data } = z.object({ status: z.unknown() }).safeParse(object)
  const status = z.record(z.string(), z.unknown()).catch({}).parse(data?.status)
  return remembered.parse(status)
}

function readableItems<T extends z.ZodType>(item: T) {
  return z
    .array(z.unknown())
    .catch([])
    .transform((candidates) => candidates.flatMap((candidate) => item.safeParse(candidate).data ?? []))
}
