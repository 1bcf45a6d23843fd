// What is written to hold a workload, to let it run again and to give its fields back. Each is one JSON Patch that hits what
// is there and not a version: whoever writes annotations all the time cannot keep a workload from being held.

import { HELD_REASON_ANNOTATION, HELD_REPLICAS_ANNOTATION, HOLD_RECORD_ANNOTATION } from '../../api/names.ts'
import { CLAIMS_PATH, type HeldField, type HeldPath, type HoldRecord } from './hold-record.ts'
import type { FieldOwner } from '../../kube/object.ts'
import { isHoldManager, withOwners, withoutUs } from './managed-fields.ts'
import type { Mark, Workload } from './workloads.ts'

export interface JsonPatchOperation {
  readonly op: 'test' | 'add' | 'remove'
  readonly path: string
  readonly value?: unknown
}

export type JsonPatch = readonly JsonPatchOperation[]

/** What a hold makes of each field. Claims that go with the replicas would take their data with them: they are kept. */
const HELD: Readonly<Record<HeldPath, HeldField['value']>> = {
  'spec.replicas': 0,
  'spec.suspend': true,
  [CLAIMS_PATH]: 'Retain',
}

/**
 * How the workload is, for its way back; undefined for a kind that cannot be held.
 * @param before what is known of an earlier hold of it that is not over, or whose fields have not been given back yet
 */
export function recordOfHold(workload: Workload, before?: HoldRecord): HoldRecord | undefined {
  const { uid, replicas, fields, applied } = workload
  if (fields.length === 0) return undefined
  const earlier = (path: HeldPath) => before?.fields.find((field) => field.path === path)
  return {
    uid,
    replicas,
    ...(applied === undefined ? {} : { applied }),
    fields: fields.flatMap((field) => {
      const others = othersOf(field)
      if (field.value === HELD[field.path]) return others.length > 0 ? [] : (earlier(field.path) ?? [])
      const isOnlyOurs = others.length === 0 && field.owners.length > 0
      return { ...field, owners: isOnlyOurs ? (earlier(field.path)?.owners ?? []) : others }
    }),
  }
}

/**
 * The record and the zero in one write, so that neither is ever there without the other.
 * @param exactly only if the fields are still as they were seen
 */
export function holdPatch(workload: Workload, mark: Required<Mark>, exactly: boolean): JsonPatch {
  const changed = workload.fields.filter(({ path, value }) => value !== HELD[path])
  return [
    sameObject(workload),
    ...(exactly ? changed.map(({ path, value }) => test(path, value)) : []),
    ...changed.map(({ path }) => set(path, HELD[path])),
    ...markPatch(workload, mark),
  ]
}

/** Puts the marks of a hold that goes on as they must be. */
export function mendPatch(workload: Workload, mark: Required<Mark>): JsonPatch {
  return [sameObject(workload), ...markPatch(workload, mark)]
}

/** Takes the marks off, and does nothing else. */
export function unmarkPatch(workload: Workload): JsonPatch {
  return [sameObject(workload), ...unmark(workload)]
}

/** The fields of a workload whose hold ends that become what they were: those that nobody else has set meanwhile. */
export function fieldsToRestore(workload: Workload, record: HoldRecord): HeldField[] {
  return record.fields.filter(({ path }) => {
    const now = workload.fields.find((field) => field.path === path)
    if (now === undefined || now.value !== HELD[path] || othersOf(now).length > 0) return false
    return path === CLAIMS_PATH || !wasStopped(workload, record)
  })
}

/** Takes the marks off, and makes those fields what they were. */
export function resumePatch(workload: Workload, restored: readonly HeldField[]): JsonPatch {
  return [
    sameObject(workload),
    ...restored.map(({ path }) => test(path, HELD[path])),
    ...restored.map(({ path, value }) => set(path, value)),
    ...unmark(workload),
  ]
}

/**
 * Gives back what we own of the spec. Undefined when there is nothing to give. It hits exactly this version: the API server's
 * record of owners is replaced as a whole.
 * @param owners who owned the fields before; undefined while the hold goes on: then nobody owns them
 */
export function handBackPatch(
  workload: Workload,
  resourceVersion: string,
  owners: readonly HeldField[] | undefined,
  now: Date,
): JsonPatch | undefined {
  const paths = workload.fields.filter((field) => isOurs(field)).map(({ path }) => path)
  if (paths.length === 0) return undefined
  const known = workload.managedFields ?? []
  // The marks are gone by then, and what had been made to hold them is all that could be left of ours.
  const others = owners === undefined ? known : withoutUs(known, 'metadata.annotations')
  const given = paths.reduce((entries, path) => {
    const to = owners?.find((field) => field.path === path)?.owners ?? []
    return withOwners(withoutUs(entries, path), to, path, now)
  }, others)
  return [
    { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
    // An empty list is taken for none given; this is Kubernetes' way to say that nobody owns anything.
    { op: 'add', path: '/metadata/managedFields', value: given.length === 0 ? [{}] : given },
  ]
}

/** Whether one of the fields that a hold changes belongs to us. */
export function hasToHandBack({ fields }: Workload): boolean {
  return fields.some((field) => isOurs(field))
}

/** Managers who have set how many run since we held it. */
export function whoDecided(workload: Workload): string[] {
  const [scale] = workload.fields
  return scale === undefined ? [] : [...new Set(othersOf(scale).map(({ manager }) => manager))]
}

// `kubectl apply` writes nothing into a field that is already as its file says: what the file said last is compared.
function wasStopped({ applied }: Workload, record: HoldRecord): boolean {
  return applied === 0 && record.applied !== 0
}

function isOurs({ owners }: HeldField): boolean {
  return owners.some((owner) => isHoldManager(owner))
}

function othersOf({ owners }: HeldField): FieldOwner[] {
  return owners.filter((owner) => !isHoldManager(owner))
}

const ANNOTATIONS = '/metadata/annotations'
const NAMES = { record: HOLD_RECORD_ANNOTATION, replicas: HELD_REPLICAS_ANNOTATION, reason: HELD_REASON_ANNOTATION }

function markPatch({ annotated }: Workload, mark: Required<Mark>): JsonPatchOperation[] {
  const annotations = Object.entries(NAMES).map(([part, name]) => [name, mark[part as keyof Mark]] as const)
  if (annotated) return annotations.map(([name, value]) => ({ op: 'add', path: annotation(name), value }))
  // Where there are none, the map has to be made, and one that has appeared meanwhile must not be replaced by it.
  return [
    { op: 'test', path: ANNOTATIONS, value: null },
    { op: 'add', path: ANNOTATIONS, value: Object.fromEntries(annotations) },
  ]
}

function unmark({ mark }: Workload): JsonPatchOperation[] {
  if (mark === undefined) return []
  // What is not there cannot be removed: so each is put there first.
  return Object.values(NAMES).flatMap((name) => [
    { op: 'add', path: annotation(name), value: '' },
    { op: 'remove', path: annotation(name) },
  ])
}

function annotation(name: string): string {
  return `${ANNOTATIONS}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

function sameObject({ uid }: Workload): JsonPatchOperation {
  return { op: 'test', path: '/metadata/uid', value: uid }
}

function test(path: HeldPath, value: HeldField['value']): JsonPatchOperation {
  return { op: 'test', path: pointer(path), value }
}

function set(path: HeldPath, value: HeldField['value']): JsonPatchOperation {
  return { op: 'add', path: pointer(path), value }
}

function pointer(path: HeldPath): string {
  return `/${path.replaceAll('.', '/')}`
}
