// The way out: nothing refuses growth any more, and what was held runs again. It may be ended at any point and run again.

import {
  type Workload,
  WORKLOAD_KINDS,
  projectWorkload,
  resumePatch,
  wantedReplicas,
  workloadResource,
} from './cluster/workloads.ts'
import { desiredPolicies, type PolicyObject } from './controllers/policy/desired.ts'
import type { Catalog } from './domain/catalog.ts'
import type { Client } from './kube/client.ts'
import { isConflict, isNotFound, KubeError, unlessMissing } from './kube/errors.ts'
import { listAll } from './kube/list-all.ts'
import { admissionPolicies, admissionPolicyBindings, deployments, pods, type Resource } from './kube/resource.ts'
import { pause } from './runtime/pause.ts'

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
  for (;;) {
    // Or somebody would hold again what is resumed, for ever.
    await assertAllGone()
    const held = await heldWorkloads(client, label, signal)
    if (held.length === 0) return resumed
    let done = 0
    for (const { workload, resource, resourceVersion } of held) {
      if (!(await resume(client, resource, workload, resourceVersion, signal))) continue
      done++
      const { kind, namespace, name } = workload
      resumed.push({ kind, namespace, name, replicas: wantedReplicas(workload) })
    }
    if (done < held.length) await pause(POLL_MS, signal)
    signal.throwIfAborted()
  }
}

interface Held {
  readonly resource: Resource
  readonly workload: Workload
  readonly resourceVersion: string
}

async function heldWorkloads(client: Client, label: string, signal: AbortSignal): Promise<Held[]> {
  const held: Held[] = []
  for (const kind of WORKLOAD_KINDS) {
    const resource = workloadResource(kind)
    for await (const raw of listAll(client, resource, { labelSelector: label }, signal)) {
      const workload = projectWorkload(kind, label, raw)
      if (workload?.heldReplicas === undefined) continue
      held.push({ resource, workload, resourceVersion: raw.metadata.resourceVersion ?? '' })
    }
  }
  return held
}

/** Whether it was resumed; if not, it is looked at again. */
async function resume(
  client: Client,
  resource: Resource,
  workload: Workload,
  resourceVersion: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { namespace, name, uid } = workload
  const patch = resumePatch(workload)
  const metadata = { ...(patch['metadata'] as object), uid, resourceVersion }
  try {
    await client.mergePatch(resource, { namespace, name }, { ...patch, metadata }, signal)
    return true
  } catch (error) {
    if (isNotFound(error) || isConflict(error) || isStillRefused(error)) return false
    throw error
  }
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
