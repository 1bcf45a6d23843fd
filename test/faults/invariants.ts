// What must hold whatever happens. Checked on every write that the operators made, and on what stands there at the end.

import assert from 'node:assert/strict'
import type { RawObject } from '../../src/kube/object.ts'
import type { Write } from './proxy.ts'
import type { Stage } from './stage.ts'

const HELD = 'cto.5dlabs.io/held-replicas'
const WORKLOADS = new Set(['deployments', 'statefulsets', 'replicasets', 'daemonsets', 'jobs', 'cronjobs'])

interface Spec {
  readonly replicas?: number
  readonly suspend?: boolean
}

const annotationsOf = (object: RawObject | undefined) =>
  (object?.metadata['annotations'] ?? {}) as Record<string, string>
const labelsOf = (object: RawObject | undefined) => (object?.metadata['labels'] ?? {}) as Record<string, string>
const wantedBy = (object: RawObject | undefined) => {
  const { replicas = 1, suspend } = (object?.['spec'] ?? {}) as Spec
  return suspend === true ? 0 : replicas
}

/** I1–I3 and I6, on all writes so far. */
export function checkInvariants({ proxy, issued }: Pick<Stage, 'proxy' | 'issued'>): void {
  for (const write of proxy.writes) {
    const what = `${write.door}: ${write.verb} ${write.resource}/${write.namespace}/${write.name}`
    noUserObjectIsDeleted(write, what)
    noPodIsTouched(write, what)
    everyHeldOneCanBeResumed(write, what)
    everyGrantComesFromALicense(write, what, issued)
  }
}

// I1
function noUserObjectIsDeleted({ verb, changed, before }: Write, what: string): void {
  if (verb !== 'delete' || !changed) return
  const manager = labelsOf(before)['app.kubernetes.io/managed-by']
  assert.equal(manager, 'cto-operator', `${what}: an object of the user is deleted`)
}

// I2
function noPodIsTouched({ resource }: Write, what: string): void {
  assert.ok(!['pods', 'nodes'].includes(resource), `${what}: a pod is touched`)
}

// I3
function everyHeldOneCanBeResumed({ resource, before, answer, changed, verb }: Write, what: string): void {
  if (!WORKLOADS.has(resource) || !changed || before === undefined || verb === 'delete') return
  if (wantedBy(answer) >= wantedBy(before)) return
  assert.equal(annotationsOf(answer)[HELD], String(wantedBy(before)), `${what}: scaled down without a record`)
}

// I6
function everyGrantComesFromALicense(write: Write, what: string, issued: ReadonlyMap<string, string>): void {
  if (write.resource !== 'entitlements' || write.subresource !== 'status') return
  const { plan, licenseId } = ((write.body as RawObject)['status'] ?? {}) as { plan?: string; licenseId?: string }
  const granted = licenseId === undefined ? 'free' : issued.get(licenseId)
  assert.equal(granted, plan, `${what}: nobody granted this`)
}
