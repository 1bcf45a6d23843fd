// The agents in the status, in an amount that any number of them keeps: the first of each list, and how many there are.

import type { AgentEntry, EntitlementStatus, RecoveringEntry } from '../../../api/entitlement.ts'
import { WORKLOAD_KINDS } from '../../observed/workloads.ts'
import type { AdmittedAgent } from '../../../domain/entitlement/agent-candidates.ts'
import type { RefusedAgent } from '../../../domain/entitlement/agent-admission.ts'
import type { Decision } from '../../../domain/entitlement/decision.ts'
import { formatInstant } from '../../../domain/time.ts'
import { UNLIMITED } from '../../../domain/limits.ts'

/** What each list may have, in bytes. With all the rest, the Entitlement stays below 256 KiB. */
const ROOM = 24 * 1024
/** The first that are refused say why in full, the others in one word. */
const IN_FULL = 40

export function publishedAgents({ agents }: Decision): EntitlementStatus['agents'] {
  const { admitted, refused, held } = agents
  const listed = fitting(refused, refusedBriefly)
  const others = refused.slice(listed.length).flatMap(({ holdAt }) => holdAt ?? [])
  return {
    limit: agents.limit,
    summary: usage(agents.used, agents.limit),
    totals: { admitted: admitted.length, refused: refused.length, held: held.length },
    admitted: fitting(admitted, agentEntry),
    refused: listed,
    held: fitting(held, (agent, index) => ({ ...refusedBriefly(agent, index), replicas: agent.replicas })),
    recovering: fitting([...agents.recovering], recoveringEntry),
    ...(others.length === 0 ? {} : { othersHeldBy: formatInstant(latest(others)) }),
  }
}

export function agentEntry(agent: AdmittedAgent): AgentEntry {
  return { name: agent.agent, namespace: agent.namespace, kind: agent.kind, workload: agent.workload }
}

export function refusedEntry(agent: RefusedAgent): AgentEntry {
  return {
    ...agentEntry(agent),
    reason: agent.reason,
    message: agent.message,
    ...(agent.holdAt === undefined ? {} : { holdAt: formatInstant(agent.holdAt) }),
  }
}

/** `3/10`, `3/unlimited`: for the columns of kubectl. */
export function usage(used: number, limit: number): string {
  return `${used}/${limit === UNLIMITED ? 'unlimited' : limit}`
}

function refusedBriefly(agent: RefusedAgent, index: number): AgentEntry {
  const { message, ...brief } = refusedEntry(agent)
  return index < IN_FULL && message !== undefined ? { ...brief, message } : brief
}

function recoveringEntry([key, { agent, images, until }]: readonly [
  string,
  { readonly agent: string; readonly images: string; readonly until: number },
]): RecoveringEntry {
  const [resource, namespace = '', workload = ''] = key.split('/')
  const kind = WORKLOAD_KINDS.find(({ plural }) => plural === resource)?.kind ?? ''
  return { name: agent, namespace, kind, workload, images, until: formatInstant(until) }
}

function fitting<T, E extends object>(items: readonly T[], entryOf: (item: T, index: number) => E): E[] {
  const entries: E[] = []
  let room = ROOM
  for (const [index, item] of items.entries()) {
    const entry = entryOf(item, index)
    room -= Buffer.byteLength(JSON.stringify(entry)) + 1
    if (room < 0) break
    entries.push(entry)
  }
  return entries
}

// Not Math.max with all of them as arguments: there may be a hundred thousand.
function latest(instants: readonly number[]): number {
  return instants.reduce((one, other) => Math.max(one, other))
}
