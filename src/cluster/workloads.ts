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
  /** Replicas that its spec asks for now: of a Job its parallelism, of a CronJob one; 0 when it is stopped or suspended. */
  readonly replicas: number
  /** Replicas to restore: it carries our mark. */
  readonly heldReplicas?: number
  /** The controller that it names as its owner, as it is written: nobody has looked whether there is such a one. */
  readonly controller?: ControllerReference
  /** The agent that the label of its pod template names, where it has one. */
  readonly templateAgent?: string
  /** Images of all its containers, also those that run first, joined by commas. */
  readonly images: string
  /** Whether its selector demands the label: then its scale shows it too. */
  readonly labelInSelector: boolean
  /** Of a CronJob: UIDs of the Jobs of its that run. */
  readonly active?: readonly string[]
  /** Of those that the operator created itself: what it may have to put right. */
  readonly own?: { readonly labels: Readonly<Record<string, string>>; readonly spec: unknown; readonly owners: unknown }
}

export interface ControllerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
}

interface RawPodTemplate {
  readonly metadata?: Pick<ObjectMeta, 'labels'>
  readonly spec?: {
    readonly containers?: readonly { readonly image?: string }[]
    readonly initContainers?: readonly { readonly image?: string }[]
  }
}

interface RawWorkload {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly spec?: {
    readonly replicas?: number
    readonly suspend?: boolean
    readonly parallelism?: number
    readonly selector?: unknown
    readonly template?: RawPodTemplate
    readonly jobTemplate?: { readonly spec?: { readonly template?: RawPodTemplate } }
  }
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
    readonly active?: unknown
  }
}

interface Kind {
  readonly plural: string
  readonly kind: string
  readonly group: '' | 'apps' | 'batch'
  /** How many run: a count of replicas, a switch, or one on each node, which cannot be held. */
  readonly scaledBy: 'replicas' | 'suspend' | 'nodes'
}

export const WORKLOAD_KINDS: readonly Kind[] = [
  { plural: 'deployments', kind: 'Deployment', group: 'apps', scaledBy: 'replicas' },
  { plural: 'statefulsets', kind: 'StatefulSet', group: 'apps', scaledBy: 'replicas' },
  { plural: 'replicasets', kind: 'ReplicaSet', group: 'apps', scaledBy: 'replicas' },
  { plural: 'replicationcontrollers', kind: 'ReplicationController', group: '', scaledBy: 'replicas' },
  { plural: 'daemonsets', kind: 'DaemonSet', group: 'apps', scaledBy: 'nodes' },
  { plural: 'jobs', kind: 'Job', group: 'batch', scaledBy: 'suspend' },
  { plural: 'cronjobs', kind: 'CronJob', group: 'batch', scaledBy: 'suspend' },
]

export function workloadResource({ group, plural, kind }: Kind): Resource {
  return { group, version: 'v1', plural, kind, namespaced: true }
}

/** Reads a workload of that kind that carries the label; undefined for a Job that has ended: it runs nothing any more. */
export function projectWorkload(kind: Kind, label: string, raw: unknown): Workload | undefined {
  const { metadata, spec = {}, status = {} } = raw as RawWorkload
  const agent = metadata.labels?.[label]
  if (agent === undefined) return undefined
  // It goes into the Entitlement, which would be refused as a whole.
  if (typeof agent !== 'string') throw new TypeError(`its label ${label} is no text`)
  if (kind.kind === 'Job' && hasEnded(status)) return undefined
  const held = readCount(metadata.annotations?.[HELD_REPLICAS_ANNOTATION])
  const isOwn = metadata.labels?.[MANAGED_BY_LABEL] === MANAGED_BY
  const template = spec.template ?? spec.jobTemplate?.spec?.template
  const templateAgent = template?.metadata?.labels?.[label]
  return {
    resource: kind.plural,
    kind: kind.kind,
    apiVersion: kind.group === '' ? 'v1' : `${kind.group}/v1`,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid ?? '',
    agent,
    createdAt: Date.parse(metadata.creationTimestamp ?? '') || 0,
    replicas: replicasOf(kind, spec),
    ...(held === undefined ? {} : { heldReplicas: held }),
    ...controllerOf(metadata),
    ...(templateAgent === undefined ? {} : { templateAgent: interned(templateAgent) }),
    images: imagesOf(template),
    labelInSelector: label in selectorLabels(kind, spec.selector),
    ...(kind.kind === 'CronJob' ? { active: activeJobs(status.active) } : {}),
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

function replicasOf(
  { kind, scaledBy }: Kind,
  { replicas = 1, suspend, parallelism = 1 }: NonNullable<RawWorkload['spec']>,
) {
  if (scaledBy === 'replicas') return replicas
  if (scaledBy === 'suspend' && suspend === true) return 0
  return kind === 'Job' ? parallelism : 1
}

function hasEnded({ conditions }: NonNullable<RawWorkload['status']>): boolean {
  return (
    conditions?.some(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True') === true
  )
}

function controllerOf({ ownerReferences }: ObjectMeta): Pick<Workload, 'controller'> {
  const owner = ownerReferences?.find(({ controller }) => controller === true)
  if (owner === undefined) return {}
  const { apiVersion, kind, name, uid } = owner
  return { controller: { apiVersion: interned(apiVersion), kind: interned(kind), name, uid } }
}

function imagesOf(template: RawPodTemplate | undefined): string {
  const { initContainers = [], containers = [] } = template?.spec ?? {}
  return interned([...initContainers, ...containers].map(({ image = '' }) => image).join(','))
}

function selectorLabels({ group }: Kind, selector: unknown): object {
  // That of a ReplicationController is a plain map.
  const labels = group === '' ? selector : (selector as { matchLabels?: unknown } | undefined)?.matchLabels
  return typeof labels === 'object' && labels !== null ? labels : {}
}

// Each Job that starts or ends is another list, and most of the time it is an empty one.
const NONE: readonly string[] = []
function activeJobs(active: unknown): readonly string[] {
  if (!Array.isArray(active) || active.length === 0) return NONE
  return active.map(({ uid }: { uid?: string }) => uid ?? '')
}

// Thousands of workloads share the same few texts: each is kept once. What has got out of use goes with all the others.
const MOST_TEXTS = 10_000
const texts = new Map<string, string>()
function interned(text: string): string {
  const known = texts.get(text)
  if (known !== undefined) return known
  if (texts.size === MOST_TEXTS) texts.clear()
  texts.set(text, text)
  return text
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
