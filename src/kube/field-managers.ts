// Who owns a field, by the API server's own record: `metadata.managedFields`.

import type { RawObject } from './object.ts'
import type { Path, Step } from './drift.ts'

interface FieldSet {
  readonly [key: string]: FieldSet
}

interface Entry {
  readonly manager?: string
  readonly time?: string
  readonly fieldsV1?: FieldSet
}

/** The managers of a field, who wrote last first; none for a field that is not there. */
export function managersOf(object: RawObject, path: Path): string[] {
  const entries = (object.metadata['managedFields'] ?? []) as readonly Entry[]
  return entries
    .filter(({ fieldsV1 }) => owns(fieldsV1, path))
    .toSorted((a, b) => (b.time ?? '').localeCompare(a.time ?? ''))
    .flatMap(({ manager }) => manager ?? [])
}

function owns(fields: FieldSet | undefined, [step, ...rest]: Path): boolean {
  if (fields === undefined) return false
  if (step === undefined) return true
  // The key of an item can have more parts than its name, such as the port's protocol.
  const keys = Object.keys(fields).filter((key) => isKeyOf(key, step))
  return keys.some((key) => owns(fields[key], rest))
}

function isKeyOf(key: string, step: Step): boolean {
  if (typeof step === 'string') return key === `f:${step}`
  if (!key.startsWith('k:')) return false
  return (JSON.parse(key.slice('k:'.length)) as { readonly name?: unknown }).name === step.name
}
