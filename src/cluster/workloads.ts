// The kinds of workload that may run an agent, and for each: what it wants, how it is held and how it is resumed.

import { HELD_REASON_ANNOTATION, HELD_REPLICAS_ANNOTATION, MANAGED_BY, MANAGED_BY_LABEL } from '../api/names.ts'
import type { Resource } from '../kube/resource.ts'
import type { ObjectMeta } from './objects.ts'

/** A labelled workload, shrunk while it is read. */
export interface Workload {
  readonly resource: string
  readonly kind: string
  readonly apiVersion: string
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly agent: string
  readonly createdAt: number
  /** Replicas that its spec asks for now; a Job or CronJob asks for one unless it is suspended. */
  readonly replicas: number
  /** Replicas to restore: it carries our mark. */
  readonly heldReplicas?: number
  /** Of those that the operator created itself: what it may have to put right. */
  readonly own?: { readonly labels: Readonly<Record<string, string>>; readonly spec: unknown; readonly owners: unknown }
}

interface RawWorkload {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly spec?: {
    readonly replicas?: number
    readonly suspend?: boolean
    readonly selector?: unknown
    readonly template?: unknown
  }
}

interface Kind {
  readonly plural: string
  readonly kind: string
  readonly group: 'apps' | 'batch'
  /** How many run: a count of replicas, a switch, or one on each node, which cannot be held. */
  readonly scaledBy: 'replicas' | 'suspend' | 'nodes'
  /** Its controller, when Kubernetes makes it for another workload: then that one is the agent. */
  readonly madeFor?: string
}

export const WORKLOAD_KINDS: readonly Kind[] = [
  { plural: 'deployments', kind: 'Deployment', group: 'apps', scaledBy: 'replicas' },
  { plural: 'statefulsets', kind: 'StatefulSet', group: 'apps', scaledBy: 'replicas' },
  { plural: 'replicasets', kind: 'ReplicaSet', group: 'apps', scaledBy: 'replicas', madeFor: 'Deployment' },
  { plural: 'daemonsets', kind: 'DaemonSet', group: 'apps', scaledBy: 'nodes' },
  { plural: 'jobs', kind: 'Job', group: 'batch', scaledBy: 'suspend', madeFor: 'CronJob' },
  { plural: 'cronjobs', kind: 'CronJob', group: 'batch', scaledBy: 'suspend' },
]

export function workloadResource({ group, plural, kind }: Kind): Resource {
  return { group, version: 'v1', plural, kind, namespaced: true }
}

/** Reads a workload of that kind that carries the label; undefined for one that Kubernetes made for another workload. */
export function projectWorkload(kind: Kind, label: string, raw: unknown): Workload | undefined {
  const { metadata, spec = {} } = raw as RawWorkload
  const agent = metadata.labels?.[label]
  if (agent === undefined) return undefined
  // It goes into the Entitlement, which would be refused as a whole.
  if (typeof agent !== 'string') throw new TypeError(`its label ${label} is no text`)
  if (metadata.ownerReferences?.some((owner) => owner.controller === true && owner.kind === kind.madeFor))
    return undefined
  const held = readCount(metadata.annotations?.[HELD_REPLICAS_ANNOTATION])
  const isOwn = metadata.labels?.[MANAGED_BY_LABEL] === MANAGED_BY
  return {
    resource: kind.plural,
    kind: kind.kind,
    apiVersion: `${kind.group}/v1`,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid ?? '',
    agent,
    createdAt: Date.parse(metadata.creationTimestamp ?? '') || 0,
    replicas:
      kind.scaledBy === 'replicas'
        ? (spec.replicas ?? 1)
        : kind.scaledBy === 'suspend' && spec.suspend === true
          ? 0
          : 1,
    ...(held === undefined ? {} : { heldReplicas: held }),
    ...(isOwn
      ? {
          own: {
            labels: metadata.labels ?? {},
            spec: { selector: spec.selector, template: spec.template },
            owners: metadata.ownerReferences ?? [],
          },
        }
      : {}),
  }
}

// The mark is written by us, but whoever may edit the workload may edit it too.
function readCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : undefined
}

/** Held: it carries our mark and nobody has scaled it up since. */
export function isHeld(workload: Workload): boolean {
  return workload.heldReplicas !== undefined && workload.replicas === 0
}

/** Replicas that it wants, or, when it is held, wants back. */
export function wantedReplicas(workload: Workload): number {
  return isHeld(workload) ? (workload.heldReplicas ?? 0) : workload.replicas
}

/** Whether all that has changed is that we held it, or let it run again. */
export function isHeldOrResumed(before: Workload | undefined, after: Workload | undefined): boolean {
  if (before === undefined || after === undefined || before.uid !== after.uid) return false
  return isHeld(before) !== isHeld(after) && wantedReplicas(before) === wantedReplicas(after)
}

function scaledBy(workload: Workload): Kind['scaledBy'] {
  return WORKLOAD_KINDS.find((kind) => kind.plural === workload.resource)?.scaledBy ?? 'nodes'
}

/**
 * The merge patch that holds a workload: the record and the zero in one write, so that neither is ever there without the
 * other. Undefined for a kind that cannot be held.
 */
export function holdPatch(workload: Workload, reason: string): Record<string, unknown> | undefined {
  const how = scaledBy(workload)
  if (how === 'nodes') return undefined
  return {
    metadata: {
      annotations: { [HELD_REPLICAS_ANNOTATION]: String(workload.replicas), [HELD_REASON_ANNOTATION]: reason },
    },
    spec: how === 'suspend' ? { suspend: true } : { replicas: 0 },
  }
}

/** The merge patch that takes our mark off, and restores the replicas unless somebody has set others meanwhile. */
export function resumePatch(workload: Workload): Record<string, unknown> {
  const metadata = { annotations: { [HELD_REPLICAS_ANNOTATION]: null, [HELD_REASON_ANNOTATION]: null } }
  if (!isHeld(workload)) return { metadata }
  const spec = scaledBy(workload) === 'suspend' ? { suspend: false } : { replicas: workload.heldReplicas }
  return { metadata, spec }
}
