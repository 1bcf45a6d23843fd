// What is noted on a workload that is held: how it was before, and who had said so. Whoever may edit the workload may edit
// the note too. So it is signed with a key that only the operator has, and names the one workload that it is about.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { FieldOwner } from '../../kube/object.ts'

/** A field that a hold changes. */
export type HeldPath = 'spec.replicas' | 'spec.suspend' | typeof CLAIMS_PATH

/** Whether the claims of a StatefulSet's pods are deleted when it is scaled down. */
export const CLAIMS_PATH = 'spec.persistentVolumeClaimRetentionPolicy.whenScaled'

/** The field as it was, and who owned it. */
export interface HeldField {
  readonly path: HeldPath
  readonly value: number | boolean | string
  readonly owners: readonly FieldOwner[]
}

export interface HoldRecord {
  /** UID of the workload that it is about. */
  readonly uid: string
  /** Which hold of that workload this is. A later one is often like it in all else. */
  readonly hold?: string
  /** Replicas that it wanted. */
  readonly replicas: number
  readonly fields: readonly HeldField[]
  /** Replicas that `kubectl apply` had been given last, where it had been used. */
  readonly applied?: number
}

/** What is needed of a workload to know whether it is held. */
export interface Marked {
  readonly uid: string
  readonly replicas: number
  /** The fields that a hold of it changes, as they are now; the one that says how many run comes first. */
  readonly fields: readonly HeldField[]
  readonly controller?: unknown
  readonly mark?: { readonly record?: string; readonly replicas?: string }
}

/** What the operator knows of its holds, in this process and by what it signed in an earlier one. */
export interface Marks {
  /** The key that records are signed with, to be kept for a restart; empty before `open`. */
  readonly key: string
  /**
   * Takes up the key that was kept. Without one it makes a new one, and what these workloads carry is believed this once:
   * the key was lost while no operator ran, or an older operator that did not sign has held them. Nobody is started by
   * that who is not admitted, and without it they would stay at 0 for ever.
   */
  open(kept: string | undefined, workloads: Iterable<Marked>): void
  /** The record that counts for the workload: the one on it, if we signed it, else the one that is remembered. */
  recordOf(workload: Marked): HoldRecord | undefined
  /** Makes a hold of its own of what is to be noted, so that it is not over because an earlier one is. */
  begin(record: HoldRecord): HoldRecord
  sign(record: HoldRecord): string
  /** Whether the record on the workload is signed, about it, and of a hold that is not over. */
  isSigned(workload: Marked): boolean
  /** The hold is over: its record counts no more, wherever it turns up again. */
  end(workload: Marked, record: HoldRecord): void
  /** It is not over after all. */
  reopen(workload: Marked, record: HoldRecord): void
  /** A workload has changed, or is gone. */
  observe(before: Marked | undefined, after: Marked | undefined): void
}

const KEY_BYTES = 32
const TAG_BYTES = 16
const HOLD_BYTES = 6

export function createMarks(product: string): Marks {
  let key = Buffer.alloc(0)
  const remembered = new Map<string, HoldRecord>()
  /** The last hold that is over, by UID. Kubernetes copies annotations to ReplicaSets, and brings them back in a rollback. */
  const over = new Map<string, string>()
  const verified = new WeakMap<Marked, { readonly record: HoldRecord | undefined }>()

  function tagOf(payload: string): Buffer {
    return createHmac('sha256', key).update(`${product}\0${payload}`).digest().subarray(0, TAG_BYTES)
  }

  function verify({ uid, mark }: Marked): HoldRecord | undefined {
    const [payload = '', tag = ''] = mark?.record?.split('.') ?? []
    const given = Buffer.from(tag, 'base64url')
    if (given.length !== TAG_BYTES || !timingSafeEqual(given, tagOf(payload))) return undefined
    const record = parseRecord(payload)
    return record?.uid === uid ? record : undefined
  }

  /** Looked at once: a workload that has changed is another object. */
  function lookAt(workload: Marked): HoldRecord | undefined {
    const known = verified.get(workload)
    if (known !== undefined) return known.record
    const signed = verify(workload)
    const record = signed !== undefined && over.get(workload.uid) === holdOf(signed) ? undefined : signed
    verified.set(workload, { record })
    if (record !== undefined) remembered.set(workload.uid, record)
    return record
  }

  return {
    get key() {
      return key.toString('base64')
    },
    open(kept, workloads) {
      const known = Buffer.from(kept ?? '', 'base64')
      if (known.length === KEY_BYTES) {
        key = known
        return
      }
      key = randomBytes(KEY_BYTES)
      for (const workload of workloads) {
        const record = workload.replicas === 0 ? unsignedRecord(workload) : undefined
        if (record !== undefined) remembered.set(workload.uid, record)
      }
    },
    recordOf(workload) {
      if (key.length === 0) return undefined
      return lookAt(workload) ?? remembered.get(workload.uid)
    },
    begin: (record) => ({ ...record, hold: randomBytes(HOLD_BYTES).toString('base64url') }),
    sign(record) {
      const payload = Buffer.from(JSON.stringify(record)).toString('base64url')
      return `${payload}.${tagOf(payload).toString('base64url')}`
    },
    isSigned: (workload) => key.length > 0 && lookAt(workload) !== undefined,
    end({ uid }, record) {
      remembered.delete(uid)
      over.set(uid, holdOf(record))
    },
    reopen({ uid }, record) {
      remembered.set(uid, record)
      over.delete(uid)
    },
    observe(before, after) {
      if (before !== undefined && before.uid !== after?.uid) {
        remembered.delete(before.uid)
        over.delete(before.uid)
      }
      // Whoever scales it up and takes the marks off has ended the hold himself.
      if (after !== undefined && after.replicas > 0 && after.mark === undefined) remembered.delete(after.uid)
    },
  }
}

/**
 * What a workload says of itself, whoever wrote it: the record if there is one that is about this workload, else the number
 * for readers. That is copied to what a Deployment makes, and says nothing of it.
 */
export function unsignedRecord({ uid, mark, controller, fields: [scale] }: Marked): HoldRecord | undefined {
  const record = parseRecord(mark?.record?.split('.')[0] ?? '')
  if (record?.uid === uid) return record
  const replicas = Number(/^[1-9]\d{0,5}$/.exec(mark?.replicas ?? '')?.[0])
  if (mark?.record !== undefined || controller !== undefined || scale === undefined || Number.isNaN(replicas))
    return undefined
  const value = scale.path === 'spec.suspend' ? false : replicas
  return { uid, replicas, fields: [{ path: scale.path, value, owners: [] }] }
}

function holdOf({ hold = '' }: HoldRecord): string {
  return hold
}

function parseRecord(payload: string): HoldRecord | undefined {
  try {
    const record = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as HoldRecord
    return isRecord(record) ? record : undefined
  } catch {
    return undefined
  }
}

function isRecord({ uid, hold, replicas, fields, applied }: Partial<HoldRecord>): boolean {
  return (
    typeof uid === 'string' &&
    (hold === undefined || typeof hold === 'string') &&
    Number.isSafeInteger(replicas) &&
    Array.isArray(fields) &&
    fields.every(isField) &&
    (applied === undefined || Number.isSafeInteger(applied))
  )
}

function isField({ path, value, owners }: HeldField): boolean {
  const isOfType =
    path === 'spec.replicas'
      ? Number.isSafeInteger(value)
      : path === 'spec.suspend'
        ? typeof value === 'boolean'
        : path === CLAIMS_PATH && (value === 'Delete' || value === 'Retain')
  return isOfType && Array.isArray(owners) && owners.every(isOwner)
}

function isOwner({ manager, operation, apiVersion, subresource }: FieldOwner): boolean {
  return (
    typeof manager === 'string' &&
    (operation === 'Apply' || operation === 'Update') &&
    typeof apiVersion === 'string' &&
    (subresource === undefined || typeof subresource === 'string')
  )
}
