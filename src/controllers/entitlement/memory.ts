// What the operator remembers across a restart: it stands in the Entitlement's status and is read back once.

import type { EntitlementStatus } from '../../api/entitlement.ts'
import { type Memory, NO_MEMORY, workloadKey } from '../../domain/facts.ts'
import { parseInstant } from '../../domain/instant.ts'
import { WORKLOAD_KINDS } from '../../cluster/workloads.ts'

/** The memory in a status. Whoever can edit it can postpone a hold by one notice, and is seen doing so. */
export function memoryFrom(status: Partial<EntitlementStatus> | undefined): Memory {
  if (status === undefined) return NO_MEMORY
  const overSince = parseInstant(status.nodes?.overSince)
  const holdAt = new Map<string, number>()
  for (const agent of status.agents?.refused ?? []) {
    const instant = parseInstant(agent.holdAt)
    if (instant !== undefined) holdAt.set(keyOf(agent), instant)
  }
  const violationSince = new Map<string, number>()
  for (const { reason, since } of status.violations ?? [])
    violationSince.set(reason, parseInstant(since) ?? Number.MAX_SAFE_INTEGER)
  return {
    admitted: new Set((status.agents?.admitted ?? []).map(keyOf)),
    holdAt,
    ...(overSince === undefined ? {} : { nodesOver: { since: overSince, peak: status.nodes?.peak ?? 0 } }),
    violationSince,
  }
}

function keyOf(agent: { kind: string; namespace: string; workload: string }): string {
  const resource = WORKLOAD_KINDS.find((kind) => kind.kind === agent.kind)?.plural ?? ''
  return workloadKey({ resource, namespace: agent.namespace, name: agent.workload })
}
