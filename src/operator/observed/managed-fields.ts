// Who owns a field: the API server's own record, in `metadata.managedFields`. What was changed on behalf of others is given
// back to them there, so that server-side apply does not meet us as another owner.

import { HOLD_MANAGERS } from '../../api/names.ts'
import type { FieldOwner, FieldSet, ManagedFieldsEntry } from '../../kube/object.ts'

/** Us, as who holds and resumes. What we apply is ours. */
export function isHoldManager({ manager, operation }: Partial<FieldOwner>): boolean {
  return HOLD_MANAGERS.has(manager ?? '') && operation === 'Update'
}

/** A field by the names on the way to it: `spec.replicas`. */
type Path = string

/** Who owns the field. */
export function ownersOf(entries: readonly ManagedFieldsEntry[], path: Path): FieldOwner[] {
  return entries.filter(({ fieldsV1 }) => contains(fieldsV1, steps(path))).flatMap((entry) => ownerIn(entry) ?? [])
}

/** The record in which we own the field no more. */
export function withoutUs(entries: readonly ManagedFieldsEntry[], path: Path): ManagedFieldsEntry[] {
  return entries.flatMap((entry) => {
    if (!isHoldManager(entry)) return [entry]
    const fieldsV1 = without(entry.fieldsV1 ?? {}, steps(path))
    return Object.keys(fieldsV1).length === 0 ? [] : [{ ...entry, fieldsV1 }]
  })
}

/** The record in which those own the field too, in their entries or in new ones. */
export function withOwners(
  entries: readonly ManagedFieldsEntry[],
  owners: readonly FieldOwner[],
  path: Path,
  now: Date,
): ManagedFieldsEntry[] {
  const isOwner = (entry: ManagedFieldsEntry) => owners.some((owner) => isEntryOf(entry, owner))
  const newcomers = owners
    .filter((owner) => !entries.some((entry) => isEntryOf(entry, owner)))
    .map((owner) => ({ ...owner, time: `${now.toISOString().slice(0, 19)}Z`, fieldsType: 'FieldsV1', fieldsV1: {} }))
  return [...entries, ...newcomers].map((entry) =>
    isOwner(entry) ? { ...entry, fieldsV1: withField(entry.fieldsV1 ?? {}, steps(path)) } : entry,
  )
}

function ownerIn({ manager, operation, apiVersion, subresource }: ManagedFieldsEntry): FieldOwner | undefined {
  if (manager === undefined || operation === undefined || apiVersion === undefined) return undefined
  return { manager, operation, apiVersion, ...(subresource === undefined ? {} : { subresource }) }
}

function isEntryOf(entry: ManagedFieldsEntry, owner: FieldOwner): boolean {
  return (
    entry.manager === owner.manager &&
    entry.operation === owner.operation &&
    entry.apiVersion === owner.apiVersion &&
    (entry.subresource ?? '') === (owner.subresource ?? '')
  )
}

function steps(path: Path): string[] {
  return path.split('.').map((step) => `f:${step}`)
}

function contains(fields: FieldSet | undefined, path: readonly string[]): boolean {
  return path.reduce<FieldSet | undefined>((at, step) => at?.[step], fields) !== undefined
}

/** Without the field, and without what held nothing else. */
function without(fields: FieldSet, [step = '', ...rest]: readonly string[]): FieldSet {
  const { [step]: inner, ...others } = fields
  if (inner === undefined || rest.length === 0) return others
  const left = without(inner, rest)
  return Object.keys(left).length === 0 ? others : { ...fields, [step]: left }
}

function withField(fields: FieldSet, [step = '', ...rest]: readonly string[]): FieldSet {
  const inner = fields[step] ?? {}
  return { ...fields, [step]: rest.length === 0 ? inner : withField(inner, rest) }
}
