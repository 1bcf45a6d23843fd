// The shape that all Kubernetes objects share, as far as we rely on it.

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

/** One who owns a field: a manager, and the way in which it wrote. */
export interface FieldOwner {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  /** Of a write to a part of the object: `scale`. */
  readonly subresource?: string
}

export interface FieldSet {
  readonly [name: string]: FieldSet
}

export interface ManagedFieldsEntry extends Partial<FieldOwner> {
  readonly time?: string
  readonly fieldsType?: string
  readonly fieldsV1?: FieldSet
}

/** An object as the API server sends it. Read through a narrow type; unknown fields stay. */
export interface RawObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly resourceVersion?: string
    readonly generation?: number
    readonly [field: string]: unknown
  }
  readonly [field: string]: unknown
}

/** Some of the objects of a kind; `metadata.continue` is where the rest begins. */
export interface Page {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string }
  /** Some servers send null for none. */
  readonly items: readonly RawObject[] | null
}
