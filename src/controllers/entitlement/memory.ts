// What the operator remembers across a restart: it stands in the Entitlement's status and is read back once.

import { readRemembered } from '../../api/entitlement.ts'
import { WORKLOAD_KINDS } from '../../cluster/workloads.ts'
import { type Memory, workloadKey } from '../../domain/facts.ts'
import { parseInstant } from '../../domain/instant.ts'

/** The memory in an Entitlement. Whoever can edit it can postpone a hold by one notice, and is seen doing so. */
export function memoryFrom(entitlement: { readonly status: unknown } | undefined): Memory {
  const { agents, nodes, violations } = readRemembered(entitlement)
  const overSince = parseInstant(nodes.overSince)
  return {
    admitted: new Set(agents.admitted.map(keyOf)),
    holdAt: instants(agents.refused.map((agent) => [keyOf(agent), agent.holdAt])),
    ...(overSince === undefined ? {} : { nodesOver: { since: overSince, peak: nodes.peak ?? 0 } }),
    violationSince: instants(violations.map(({ reason, since }) => [reason, since])),
  }
}

function instants(entries: readonly (readonly [key: string, time: string | undefined])[]): Map<string, number> {
  const known = new Map<string, number>()
  for (const [key, time] of entries) {
    const instant = parseInstant(time)
    if (instant !== undefined) known.set(key, instant)
  }
  return known
}

function keyOf(agent: { kind: string; namespace: string; workload: string }): string {
  const resource = WORKLOAD_KINDS.find((kind) => kind.kind === agent.kind)?.plural ?? ''
  return workloadKey({ resource, namespace: agent.namespace, name: agent.workload })
}
