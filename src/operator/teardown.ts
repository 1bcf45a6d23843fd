// The way out: nothing refuses growth any more, and what was held runs again. It may be ended at any point and run again.

import { type HeldField, type HoldRecord, unsignedRecord } from './observed/hold-record.ts'
import { fieldsToRestore, handBackPatch, hasToHandBack, type JsonPatch, resumePatch } from './observed/holding.ts'
import {
  projectWorkload,
  type Workload,
  type WorkloadKind,
  WORKLOAD_KINDS,
  workloadResource,
} from './observed/workloads.ts'
import { desiredPolicies, type PolicyObject } from './controllers/policy/desired.ts'
import type { Catalog } from '../domain/catalog/catalog.ts'
import type { RawObject } from '../kube/object.ts'
import type { Client } from '../kube/client.ts'
import { isConflict, isInvalid, isNotFound, KubeError, unlessMissing } from '../kube/errors.ts'
import { listAll } from '../kube/list-all.ts'
import { admissionPolicies, admissionPolicyBindings, deployments, pods, type Resource } from '../kube/resource.ts'
import { pause } from '../runtime/pause.ts'

export interface ReleaseOptions {
  /** Where the operator lives. */
  readonly namespace: string
  /** The operator's Deployment, and the labels of its pods. */
  readonly deployment: string
  readonly selector: string
  readonly catalog: Catalog
}

export interface Released {
  /** Whether there was an operator to stop in the cluster. */
  readonly operator: 'stopped' | 'absent'
  readonly policies: readonly string[]
  readonly resumed: readonly ResumedWorkload[]
}

export interface ResumedWorkload {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly replicas: number
}

const POLL_MS = 500
// An operator that runs on puts its policies back within a second.
const QUIET_MS = 2_000

/**
 * In this order: an operator that runs would put everything back, and policies that are there refuse what resumes.
 * @throws Error when an operator that cannot be stopped from here runs on
 */
export async function releaseCluster(client: Client, options: ReleaseOptions, signal: AbortSignal): Promise<Released> {
  const operator = await stopOperator(client, options, signal)
  // Bindings first: without its binding a policy refuses nothing, wherever this is interrupted.
  const objects = desiredPolicies(options.catalog).toSorted((a, b) => b.kind.localeCompare(a.kind))
  const policies: string[] = []
  for (const object of objects) {
    if (await wasThere(client.delete(resourceOf(object), { name: object.metadata.name }, undefined, signal))) {
      policies.push(`${object.kind}/${object.metadata.name}`)
    }
  }
  const assertAllGone = async () => {
    for (const object of objects) await assertGone(client, object, signal)
  }
  const resumed = await resumeAll(client, options.catalog.governed.label, assertAllGone, signal)
  await pause(QUIET_MS, signal)
  await assertAllGone()
  return { operator, policies, resumed }
}

async function stopOperator(
  client: Client,
  { namespace, deployment, selector }: ReleaseOptions,
  signal: AbortSignal,
): Promise<Released['operator']> {
  const place = { namespace, name: deployment, subresource: 'scale' }
  const found = await wasThere(client.mergePatch(deployments, place, { spec: { replicas: 0 } }, signal))
  // Until the last one has ended, it may still write.
  for (;;) {
    const { items } = await client.list(pods, { namespace }, { labelSelector: selector }, signal)
    if ((items ?? []).length === 0) return found ? 'stopped' : 'absent'
    await pause(POLL_MS, signal)
    signal.throwIfAborted()
  }
}

async function resumeAll(
  client: Client,
  label: string,
  assertAllGone: () => Promise<void>,
  signal: AbortSignal,
): Promise<ResumedWorkload[]> {
  const resumed: ResumedWorkload[] = []
  const owners = new Map<string, readonly HeldField[]>()
  for (;;) {
    // Or somebody would hold again what is resumed, for ever.
    await assertAllGone()
    const left = await unreleased(client, label, signal)
    if (left.length === 0) return resumed
    let done = 0
    for (const one of left) {
      const record = unsignedRecord(one.workload)
      if (record !== undefined) owners.set(one.workload.uid, record.fields)
      const now = await resume(client, one, record, signal)
      if (now === undefined) continue
      if (isResumed(one, now)) resumed.push(entryOf(now.workload))
      if (await handBack(client, now, owners.get(now.workload.uid) ?? [], signal)) done++
    }
    if (done < left.length) await pause(POLL_MS, signal)
    signal.throwIfAborted()
  }
}

interface Unreleased {
  readonly kind: WorkloadKind
  readonly label: string
  readonly workload: Workload
  readonly resourceVersion: string
}

/** All that carry our marks, or fields that belong to us. */
async function unreleased(client: Client, label: string, signal: AbortSignal): Promise<Unreleased[]> {
  const found: Unreleased[] = []
  for (const kind of WORKLOAD_KINDS) {
    for await (const raw of listAll(client, workloadResource(kind), { labelSelector: label }, signal)) {
      const one = read(kind, label, raw)
      if (one !== undefined && (isMarked(one.workload) || hasToHandBack(one.workload))) found.push(one)
    }
  }
  return found
}

function read(kind: WorkloadKind, label: string, raw: RawObject): Unreleased | undefined {
  const workload = projectWorkload(kind, label, raw)
  return workload === undefined
    ? undefined
    : { kind, label, workload, resourceVersion: raw.metadata.resourceVersion ?? '' }
}

// What belongs to a Deployment has its annotations from there, and would get them again.
function isMarked(workload: Workload): boolean {
  const { mark, controller, fields } = workload
  if (mark === undefined || fields.length === 0) return false
  return controller === undefined || unsignedRecord(workload) !== undefined
}

/**
 * The workload as it is afterwards; undefined if it has to be looked at again. Here the record needs no signature: the key
 * may be gone, and nothing is left that a forged record could get around.
 */
async function resume(
  client: Client,
  one: Unreleased,
  record: HoldRecord | undefined,
  signal: AbortSignal,
): Promise<Unreleased | undefined> {
  if (!isMarked(one.workload)) return one
  const restored = record === undefined ? [] : fieldsToRestore(one.workload, record)
  return write(client, one, resumePatch(one.workload, restored), signal)
}

/** Whether nothing is left to do. */
async function handBack(
  client: Client,
  one: Unreleased,
  owners: readonly HeldField[],
  signal: AbortSignal,
): Promise<boolean> {
  const patch = handBackPatch(one.workload, one.resourceVersion, owners, new Date())
  return patch === undefined || (await write(client, one, patch, signal)) !== undefined
}

async function write(
  client: Client,
  { kind, label, workload }: Unreleased,
  patch: JsonPatch,
  signal: AbortSignal,
): Promise<Unreleased | undefined> {
  const { namespace, name } = workload
  try {
    return read(kind, label, await client.jsonPatch(workloadResource(kind), { namespace, name }, patch, signal))
  } catch (error) {
    if (isNotFound(error) || isConflict(error) || isInvalid(error) || isStillRefused(error)) return undefined
    throw error
  }
}

function isResumed(before: Unreleased, after: Unreleased): boolean {
  return before.workload.replicas === 0 && after.workload.replicas > 0
}

function entryOf({ kind, namespace, name, replicas }: Workload): ResumedWorkload {
  return { kind, namespace, name, replicas }
}

// The API server goes on for a moment with the policies that it knew.
function isStillRefused(error: unknown): boolean {
  return error instanceof KubeError && error.status === 403 && error.message.includes('ValidatingAdmissionPolicy')
}

async function assertGone(client: Client, object: PolicyObject, signal: AbortSignal): Promise<void> {
  const { name } = object.metadata
  if (!(await wasThere(client.get(resourceOf(object), { name }, signal)))) return
  throw new Error(
    `${object.kind} ${name} was put back: an operator still runs, here under another name or outside of the cluster; stop it and run this again`,
  )
}

function resourceOf({ kind }: PolicyObject): Resource {
  return kind === 'ValidatingAdmissionPolicy' ? admissionPolicies : admissionPolicyBindings
}

/** Whether it was there. */
async function wasThere(request: Promise<unknown>): Promise<boolean> {
  return (await unlessMissing(request.then(() => true))) === true
}
