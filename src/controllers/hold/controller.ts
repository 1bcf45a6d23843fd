// Answers: must this workload be held, or may it run again? Reads the decision; writes the workload's replicas.

import type { Stores } from '../../cluster/stores.ts'
import { holdPatch, isHeld, resumePatch, type Workload } from '../../cluster/workloads.ts'
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

/** Keys are those of `workloadKey`. */
export function holdController({ client, stores, board, events }: HoldDeps): ControllerSpec {
  return {
    name: 'hold',
    workers: 16,
    async reconcile(key, signal) {
      const agents = board.current?.agents
      const found = find(key)
      if (agents === undefined || found === undefined) return awaitChange
      const { workload } = found

      if (agents.toHold.has(key) && !isHeld(workload)) {
        const reason = agents.refused.find((agent) => agent.key === key)?.message ?? ''
        const patch = holdPatch(workload, reason)
        if (patch !== undefined && (await write(found, patch, signal))) {
          report(
            workload,
            'Warning',
            'Held',
            `Held ${workload.kind} ${workload.name} (${workload.replicas} to 0 replicas): ${reason}`,
          )
        }
      } else if (
        !agents.toHold.has(key) &&
        workload.heldReplicas !== undefined &&
        board.current?.memory.admitted.has(key) === true
      ) {
        if (await write(found, resumePatch(workload), signal)) {
          const replicas = isHeld(workload) ? workload.heldReplicas : workload.replicas
          report(workload, 'Normal', 'Resumed', `Resumed ${workload.kind} ${workload.name} with ${replicas} replicas`)
        }
      }
      return awaitChange
    },
  }

  function find(key: string) {
    const [resource, ...place] = key.split('/')
    const watched = stores.workloads.find((one) => one.target.resource.plural === resource)
    const workload = watched?.store.get(place.join('/'))
    const identity = watched?.store.identity(place.join('/'))
    return watched === undefined || workload === undefined || identity === undefined
      ? undefined
      : { watched, workload, identity }
  }

  // Hits exactly the version that the decision was about: a conflict means that something is new, and everything is
  // looked at again.
  async function write(
    { watched, workload, identity }: NonNullable<ReturnType<typeof find>>,
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
