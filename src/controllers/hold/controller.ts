// Answers: must this workload be held, or may it run again? Reads the decision; writes the workload's replicas.

import type { Stores, Watched } from '../../cluster/stores.ts'
import { holdPatch, isHeld, resumePatch, wantedReplicas, type Workload } from '../../cluster/workloads.ts'
import { workloadKey } from '../../domain/facts.ts'
import type { Client } from '../../kube/client.ts'
import { isNotFound } from '../../kube/errors.ts'
import type { EventRecorder } from '../../kube/events.ts'
import { awaitChange } from '../../runtime/action.ts'
import type { ControllerSpec } from '../../runtime/controller.ts'
import type { DecisionBoard } from '../decision-board.ts'

export interface HoldDeps {
  readonly client: Client
  readonly stores: Stores
  readonly board: DecisionBoard
  readonly events: EventRecorder
}

interface Found {
  readonly watched: Watched<Workload>
  readonly workload: Workload
  readonly identity: { readonly uid: string; readonly resourceVersion: string }
}

/** Keys are those of `workloadKey`. */
export function holdController({ client, stores, board, events }: HoldDeps): ControllerSpec {
  return {
    name: 'hold',
    workers: 16,
    async reconcile(key, signal) {
      const found = find(key)
      if (board.current === undefined || found === undefined) return awaitChange
      const { agents, memory } = board.current
      if (agents.toHold.has(key)) {
        await hold(found, agents.refused.find((agent) => agent.key === key)?.message ?? '', signal)
      } else if (memory.admitted.has(key)) {
        await resume(found, signal)
      }
      return awaitChange
    },
  }

  async function hold(found: Found, reason: string, signal: AbortSignal): Promise<void> {
    const { workload } = found
    const patch = isHeld(workload) ? undefined : holdPatch(workload, reason)
    if (patch === undefined || !(await write(found, patch, signal))) return
    const { kind, name, replicas } = workload
    report(workload, 'Warning', 'Held', `Held ${kind} ${name} (${replicas} to 0 replicas): ${reason}`)
  }

  async function resume(found: Found, signal: AbortSignal): Promise<void> {
    const { workload } = found
    if (workload.heldReplicas === undefined || !(await write(found, resumePatch(workload), signal))) return
    report(
      workload,
      'Normal',
      'Resumed',
      `Resumed ${workload.kind} ${workload.name} with ${wantedReplicas(workload)} replicas`,
    )
  }

  function find(key: string): Found | undefined {
    const [resource, ...place] = key.split('/')
    const watched = stores.workloads.find((one) => one.target.resource.plural === resource)
    const workload = watched?.store.get(place.join('/'))
    const identity = watched?.store.identity(place.join('/'))
    if (watched === undefined || workload === undefined || identity === undefined) return undefined
    return { watched, workload, identity }
  }

  // Hits exactly the version that the decision was about: a conflict means that something is new, and everything is
  // looked at again.
  async function write(
    { watched, workload, identity }: Found,
    patch: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { uid, resourceVersion } = identity
    const metadata = { ...(patch['metadata'] as object), uid, resourceVersion }
    const { namespace, name } = workload
    try {
      watched.written(
        await client.mergePatch(watched.target.resource, { namespace, name }, { ...patch, metadata }, signal),
      )
      return true
    } catch (error) {
      if (isNotFound(error)) return false
      throw error
    }
  }

  function report(workload: Workload, type: 'Normal' | 'Warning', reason: string, note: string): void {
    const { apiVersion, kind, name, namespace, uid } = workload
    events.record({ regarding: { apiVersion, kind, name, namespace, uid }, type, reason, action: reason, note })
  }
}

/** The keys that have something to do under the decision. */
export function keysToHoldOrResume(board: DecisionBoard, stores: Stores): string[] {
  const agents = board.current?.agents
  if (agents === undefined) return []
  const marked = stores.workloads.flatMap(({ store }) =>
    store.values().filter((workload) => workload.heldReplicas !== undefined),
  )
  return [...new Set([...agents.toHold, ...marked.map(workloadKey)])]
}
