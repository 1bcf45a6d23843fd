// The kinds of workload that may run an agent, and for each what is kept of it: what it wants, and what a hold would change.

import { isDeepStrictEqual } from 'node:util'
import {
  HELD_REASON_ANNOTATION,
  HELD_REPLICAS_ANNOTATION,
  HOLD_RECORD_ANNOTATION,
  MANAGED_BY,
  MANAGED_BY_LABEL,
} from '../../api/names.ts'
import type { Failure } from '../../domain/entitlement/facts.ts'
import type { Resource } from '../../kube/resource.ts'
import { CLAIMS_PATH, type HeldField, type HeldPath, type Marks } from './hold-record.ts'
import type { ManagedFieldsEntry } from '../../kube/object.ts'
import { isHoldManager, ownersOf } from './managed-fields.ts'
import type { ObjectMeta } from '../../kube/object.ts'

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
  /** The fields that a hold changes, as they are now; the one that says how many run comes first. None: it cannot be held. */
  readonly fields: readonly HeldField[]
  /** Who owns what of it, as long as a field that a hold changes is ours: what is needed to give that back. */
  readonly managedFields?: readonly ManagedFieldsEntry[]
  /** What it carries of our annotations, whoever wrote them. */
  readonly mark?: Mark
  /** Whether it has any annotations. */
  readonly annotated: boolean
  /** Replicas that `kubectl apply` was given last, where it was used and was given some. */
  readonly applied?: number
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
  /** Of a Job: somebody made it from its CronJob, as `kubectl create job --from` does. */
  readonly byHand?: true
  /** Why it does not run, where its status says so. */
  readonly failure?: Failure
  /** Of those that the operator created itself: what it may have to put right. */
  readonly own?: { readonly labels: Readonly<Record<string, string>>; readonly spec: unknown; readonly owners: unknown }
}

export interface Mark {
  readonly record?: string
  readonly replicas?: string
  readonly reason?: string
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
    readonly persistentVolumeClaimRetentionPolicy?: { readonly whenScaled?: string }
    readonly jobTemplate?: { readonly spec?: { readonly template?: RawPodTemplate } }
  }
  readonly status?: {
    readonly conditions?: readonly RawCondition[]
    readonly active?: unknown
  }
}

interface RawCondition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
}

type Spec = NonNullable<RawWorkload['spec']>

export interface WorkloadKind {
  readonly plural: string
  readonly kind: string
  readonly group: '' | 'apps' | 'batch'
  /** How many run: a count of replicas, a switch, or one on each node, which cannot be held. */
  readonly scaledBy: 'replicas' | 'suspend' | 'nodes'
}

export const WORKLOAD_KINDS: readonly WorkloadKind[] = [
  { plural: 'deployments', kind: 'Deployment', group: 'apps', scaledBy: 'replicas' },
  { plural: 'statefulsets', kind: 'StatefulSet', group: 'apps', scaledBy: 'replicas' },
  { plural: 'replicasets', kind: 'ReplicaSet', group: 'apps', scaledBy: 'replicas' },
  { plural: 'replicationcontrollers', kind: 'ReplicationController', group: '', scaledBy: 'replicas' },
  { plural: 'daemonsets', kind: 'DaemonSet', group: 'apps', scaledBy: 'nodes' },
  { plural: 'jobs', kind: 'Job', group: 'batch', scaledBy: 'suspend' },
  { plural: 'cronjobs', kind: 'CronJob', group: 'batch', scaledBy: 'suspend' },
]

const MADE_FROM_CRON_JOB = 'cronjob.kubernetes.io/instantiate'

export function workloadResource({ group, plural, kind }: WorkloadKind): Resource {
  return { group, version: 'v1', plural, kind, namespaced: true }
}

/** Reads a workload of that kind that carries the label; undefined for a Job that has ended: it runs nothing any more. */
export function projectWorkload(kind: WorkloadKind, label: string, raw: unknown): Workload | undefined {
  const { metadata, spec = {}, status = {} } = raw as RawWorkload
  const agent = metadata.labels?.[label]
  if (agent === undefined) return undefined
  // It goes into the Entitlement, which would be refused as a whole.
  if (typeof agent !== 'string') throw new TypeError(`its label ${label} is no text`)
  if (kind.kind === 'Job' && hasEnded(status)) return undefined
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
    ...ownership(fieldsOf(kind, spec, metadata), metadata),
    ...markOf(metadata),
    annotated: Object.keys(metadata.annotations ?? {}).length > 0,
    ...appliedTo(kind, metadata),
    ...controllerOf(metadata),
    ...(templateAgent === undefined ? {} : { templateAgent: interned(templateAgent) }),
    images: imagesOf(template),
    labelInSelector: label in selectorLabels(kind, spec.selector),
    ...(kind.kind === 'CronJob' ? { active: activeJobs(status.active) } : {}),
    ...(kind.kind === 'Job' && metadata.annotations?.[MADE_FROM_CRON_JOB] === 'manual'
      ? { byHand: true as const }
      : {}),
    ...failureOf(status),
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

function replicasOf({ kind, scaledBy }: WorkloadKind, { replicas = 1, suspend, parallelism = 1 }: Spec) {
  if (scaledBy === 'replicas') return replicas
  if (scaledBy === 'suspend' && suspend === true) return 0
  return kind === 'Job' ? parallelism : 1
}

function fieldsOf(
  { kind, scaledBy }: WorkloadKind,
  spec: Spec,
  { managedFields = [] }: ObjectMeta,
): readonly HeldField[] {
  const field = (path: HeldPath, value: HeldField['value']) => ({ path, value, owners: ownersOf(managedFields, path) })
  if (scaledBy === 'nodes') return NO_FIELDS
  if (scaledBy === 'suspend') return shared([field('spec.suspend', spec.suspend ?? false)])
  const { whenScaled } = spec.persistentVolumeClaimRetentionPolicy ?? {}
  const claims = kind === 'StatefulSet' && whenScaled !== undefined ? [field(CLAIMS_PATH, whenScaled)] : []
  return shared([field('spec.replicas', spec.replicas ?? 1), ...claims])
}

function ownership(
  fields: readonly HeldField[],
  { managedFields }: ObjectMeta,
): Pick<Workload, 'fields' | 'managedFields'> {
  const isOurs = fields.some(({ owners }) => owners.some(isHoldManager))
  return { fields, ...(isOurs && managedFields !== undefined ? { managedFields } : {}) }
}

function markOf({ annotations = {} }: ObjectMeta): Pick<Workload, 'mark'> {
  const {
    [HOLD_RECORD_ANNOTATION]: record,
    [HELD_REPLICAS_ANNOTATION]: replicas,
    [HELD_REASON_ANNOTATION]: reason,
  } = annotations
  if (record === undefined && replicas === undefined && reason === undefined) return {}
  return {
    mark: {
      ...(record === undefined ? {} : { record }),
      ...(replicas === undefined ? {} : { replicas }),
      ...(reason === undefined ? {} : { reason: interned(reason) }),
    },
  }
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

// A client that applies by comparing leaves no other trace where what it was given is what is there already.
function appliedTo(kind: WorkloadKind, { annotations }: ObjectMeta): Pick<Workload, 'applied'> {
  const text = annotations?.[LAST_APPLIED]
  if (text === undefined) return {}
  try {
    const spec = (JSON.parse(text) as Partial<RawWorkload>).spec ?? {}
    const isGiven = kind.scaledBy === 'replicas' ? typeof spec.replicas === 'number' : spec.suspend !== undefined
    return isGiven ? { applied: replicasOf(kind, spec) } : {}
  } catch {
    // Anybody may write anything there.
    return {}
  }
}

function hasEnded({ conditions }: NonNullable<RawWorkload['status']>): boolean {
  return (
    conditions?.some(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True') === true
  )
}

const LONGEST_FAILURE = 300

/** What the controllers of Deployments, ReplicaSets and ReplicationControllers say of their pods. */
function failureOf({ conditions }: NonNullable<RawWorkload['status']>): Pick<Workload, 'failure'> {
  const find = (type: string, status: string) =>
    conditions?.find((condition) => condition.type === type && condition.status === status)
  const refused = find('ReplicaFailure', 'True')
  if (refused !== undefined) {
    const words = (refused.message ?? '').slice(0, LONGEST_FAILURE)
    return { failure: { reason: 'PodsRefused', message: `the cluster refuses its pods: ${words}` } }
  }
  if (find('Progressing', 'False')?.reason !== 'ProgressDeadlineExceeded') return {}
  return { failure: { reason: 'PodsNotReady', message: 'its pods have not become ready within their deadline' } }
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

function selectorLabels({ group }: WorkloadKind, selector: unknown): object {
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

// Thousands of workloads share the same few texts and owners: each is kept once. What has got out of use goes with all the others.
const MOST_KEPT = 10_000
const texts = new Map<string, string>()
const NO_FIELDS: readonly HeldField[] = []
const fieldLists = new Map<string, readonly HeldField[]>()
function shared(fields: readonly HeldField[]): readonly HeldField[] {
  return keptOnce(fieldLists, JSON.stringify(fields), fields)
}

function interned(text: string): string {
  return keptOnce(texts, text, text)
}

function keptOnce<T>(known: Map<string, T>, key: string, value: T): T {
  const one = known.get(key)
  if (one !== undefined) return one
  if (known.size === MOST_KEPT) known.clear()
  known.set(key, value)
  return value
}

/** Held: we hold it, and nobody has scaled it up since. */
export function isHeld(workload: Workload, marks: Marks): boolean {
  return workload.replicas === 0 && marks.recordOf(workload) !== undefined
}

/** Replicas that it wants, or, when it is held, wants back. */
export function wantedReplicas(workload: Workload, marks: Marks): number {
  return workload.replicas === 0 ? (marks.recordOf(workload)?.replicas ?? 0) : workload.replicas
}

/** Whether all that has changed is that we held it, or let it run again. */
export function isHeldOrResumed(before: Workload | undefined, after: Workload | undefined, marks: Marks): boolean {
  if (before === undefined || after === undefined || before.uid !== after.uid) return false
  return (
    isHeld(before, marks) !== isHeld(after, marks) && wantedReplicas(before, marks) === wantedReplicas(after, marks)
  )
}

/** Whether all that has changed is who owns the fields that a hold changes. */
export function differsInOwnersOnly(before: Workload | undefined, after: Workload | undefined): boolean {
  if (before === undefined || after === undefined || before.replicas !== after.replicas) return false
  const { fields: _, managedFields: __, ...was } = before
  const { fields: ___, managedFields: ____, ...is } = after
  return isDeepStrictEqual(was, is)
}
