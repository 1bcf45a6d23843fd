// The shape that all Kubernetes objects share, as far as we rely on it.

import type { ManagedFieldsEntry } from '../operator/observed/managed-fields.ts'

export interface ObjectMeta {
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly managedFields?: readonly ManagedFieldsEntry[]
  readonly ownerReferences?: readonly {
    readonly apiVersion: string
    readonly kind: string
    readonly name: string
    readonly uid: string
    readonly controller?: boolean
  }[]
}

export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly [field: string]: unknown
}

/** When an object got a label, as far as its managed fields tell; else when it was created. In ms since the epoch. */
export function labelledSince(raw: unknown, label: string): number {
  const { metadata } = raw as { metadata: ObjectMeta }
  const created = Date.parse(metadata.creationTimestamp ?? '') || 0
  const times = (metadata.managedFields ?? [])
    .filter(({ fieldsV1 }) => fieldsV1?.['f:metadata']?.['f:labels']?.[`f:${label}`] !== undefined)
    .map(({ time }) => Date.parse(time ?? '') || created)
  return times.length === 0 ? created : Math.min(...times)
}
