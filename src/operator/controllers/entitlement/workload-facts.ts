// Which labelled workloads are agents of their own, and what a decision has to know of each. Who a workload belongs to is
// checked against the owner that exists, never against what the workload says of it.

import type { OwnerRegistry } from '../../observed/agent-owners.ts'
import type { Marks } from '../../observed/hold-record.ts'
import type { Stores } from '../../observed/stores.ts'
import { isHeld, wantedReplicas, type Workload } from '../../observed/workloads.ts'
import { controllerKey, type WorkloadFacts } from '../../../domain/entitlement/facts.ts'
import type { Instant } from '../../../domain/time.ts'

/** Workloads that controllers make for others: alone, each counts for itself. */
const MADE: ReadonlySet<string> = new Set(['ReplicaSet', 'ReplicationController', 'Job'])

/** Whose agent a workload is: its own, that of another workload that is counted already, or a controller's. */
type Belonging =
  | { readonly kind: 'itself' }
  | { readonly kind: 'workload' }
  | { readonly kind: 'controller'; readonly key: string; readonly holdable: boolean }

interface Known {
  /** Which owners exist. */
  readonly owners: OwnerRegistry
  /** Which holds are ours. */
  readonly marks: Marks
}

const ITSELF: Belonging = { kind: 'itself' }

/** @param installedAt since when an operator has governed this cluster */
export function workloadFacts(stores: Stores, { owners, marks }: Known, installedAt: Instant): WorkloadFacts[] {
  const facts: WorkloadFacts[] = []
  const find = finder(stores)
  for (const { store } of stores.workloads) {
    for (const workload of store.values()) {
      const belonging = belongingOf(workload, find, owners)
      if (belonging.kind === 'workload') continue
      facts.push(factsOf(workload, belonging, marks, governedSince(workload, stores, installedAt)))
    }
  }
  return facts
}

function factsOf(workload: Workload, belonging: Belonging, marks: Marks, since: Instant | undefined): WorkloadFacts {
  const isController = belonging.kind === 'controller'
  return {
    resource: workload.resource,
    kind: workload.kind,
    namespace: workload.namespace,
    name: workload.name,
    agent: workload.agent,
    uid: workload.uid,
    wants: wantedReplicas(workload, marks),
    held: isHeld(workload, marks),
    holdable: workload.kind !== 'DaemonSet' && !(isController && !belonging.holdable),
    createdAt: workload.createdAt,
    governedSince: since,
    ...(isController ? { controller: belonging.key } : {}),
    images: workload.images,
    ...(workload.failure === undefined ? {} : { failure: workload.failure }),
  }
}

function governedSince({ namespace }: Workload, { managedNamespaces }: Stores, installedAt: Instant) {
  const labelled = managedNamespaces.store.get(namespace)
  return labelled === undefined ? undefined : Math.max(labelled, installedAt)
}

type Find = (apiVersion: string, kind: string, namespace: string, name: string) => Workload | undefined

function finder({ workloads }: Stores): Find {
  const byKind = new Map(workloads.map(({ target, store }) => [target.resource.kind, { target, store }]))
  return (apiVersion, kind, namespace, name) => {
    const { target, store } = byKind.get(kind) ?? {}
    const group = target?.resource.group === '' ? 'v1' : `${target?.resource.group}/v1`
    return apiVersion === group ? store?.get(`${namespace}/${name}`) : undefined
  }
}

function belongingOf(workload: Workload, find: Find, owners: OwnerRegistry): Belonging {
  const { controller, kind, namespace, agent } = workload
  if (controller === undefined || !MADE.has(kind)) return ITSELF
  const owner = find(controller.apiVersion, controller.kind, namespace, controller.name)
  if (owner !== undefined && owner.uid === controller.uid && owner.agent === agent) {
    return isMadeByHand(workload, owner) ? ITSELF : { kind: 'workload' }
  }
  if (owners.lookUp(namespace, controller, agent) !== 'exists') return ITSELF
  // Kubernetes' own controllers scale back what somebody else scales down; others are refused by the policies.
  const holdable = !/^(?:apps|batch)\/|^v1$/.test(controller.apiVersion)
  return { kind: 'controller', key: controllerKey(controller.kind, controller.uid), holdable }
}

// A CronJob knows the Jobs that it made and that run. One that it has only just made says nothing of being made by hand.
function isMadeByHand(job: Workload, { active }: Workload): boolean {
  return job.byHand === true && active?.includes(job.uid) !== true
}
