// What the operator remembers across a restart: it stands in the Entitlement's status and is read back once.

import { readRemembered, type Remembered } from '../../../api/entitlement.ts'
import { WORKLOAD_KINDS } from '../../observed/workloads.ts'
import { type Memory, NO_MEMORY, workloadKey } from '../../../domain/entitlement/facts.ts'
import { DAY, type Instant, parseInstant } from '../../../domain/time.ts'
import type { Patience } from '../../../domain/grace-budget.ts'

/** The memory in an Entitlement. Whether its signature fits is for the caller to know. */
export function memoryFrom(entitlement: { readonly status: unknown } | undefined): Memory {
  const { agents, cluster, nodes, violations, gate } = readRemembered(entitlement)
  return {
    admitted: new Map(agents.admitted.map((agent) => [keyOf(agent), { agent: agent.name, images: agent.images }])),
    recovering: recoveringIn(agents.recovering),
    notices: noticesIn(agents.refused),
    ...cutIn(agents),
    frozen: gate.frozen.map(({ name, spec }) => ({ name, spec })),
    ...clusterIn(cluster),
    ...overageIn(nodes),
    ...peaksIn(nodes),
    violationSince: instants(violations.map(({ reason, since }) => [reason, since])),
  }
}

/** For how long a memory that was not believed is held against the next one. */
const DOUBTED_FOR = 30 * DAY

/**
 * What is left where the memory cannot be believed: nothing, but that whatever runs may have been admitted. It has one notice for
 * that, however often the memory is spoiled.
 * @param doubtedAt when that happened before
 */
export function doubtfulMemory(
  now: Instant,
  holdNotice: number,
  doubtedAt: Instant | undefined,
): { readonly memory: Memory; readonly doubtedAt: Instant } {
  const isAgain = doubtedAt !== undefined && now < doubtedAt + DOUBTED_FOR
  const since = isAgain ? Math.min(doubtedAt, now) : now
  return { memory: { ...NO_MEMORY, cut: { noticeEndsAt: since + holdNotice } }, doubtedAt: since }
}

function recoveringIn(entries: Remembered['agents']['recovering']): Memory['recovering'] {
  return new Map(
    entries.map((entry) => [
      keyOf(entry),
      { agent: entry.name, images: entry.images, until: parseInstant(entry.until) ?? 0 },
    ]),
  )
}

function noticesIn(refused: Remembered['agents']['refused']): Memory['notices'] {
  return new Map(
    refused.flatMap((agent) => {
      const endsAt = parseInstant(agent.holdAt)
      return endsAt === undefined ? [] : [[keyOf(agent), { endsAt }]]
    }),
  )
}

/** Whether the lists that were published leave somebody out. */
function cutIn({ totals, admitted, refused, othersHeldBy }: Remembered['agents']): Pick<Memory, 'cut'> {
  if (totals.admitted <= admitted.length && totals.refused <= refused.length) return {}
  const noticeEndsAt = parseInstant(othersHeldBy)
  return { cut: noticeEndsAt === undefined ? {} : { noticeEndsAt } }
}

/** The type that counted. */
function clusterIn(cluster: Remembered['cluster']): Pick<Memory, 'cluster'> {
  if (cluster === undefined) return {}
  const { changesAt, steadySince, ...counts } = cluster
  const patience = patienceIn(changesAt, steadySince)
  return { cluster: { counts, ...(patience === undefined ? {} : { patience }), recalled: true } }
}

function overageIn({ overSince, peak = 0, graceEndsAt, overUntil }: Remembered['nodes']): Pick<Memory, 'nodesOver'> {
  const since = parseInstant(overSince)
  const grace = patienceIn(graceEndsAt, overUntil)
  return since === undefined || grace === undefined ? {} : { nodesOver: { since, peak, grace } }
}

function peaksIn({ counted, pastPeaks }: Remembered['nodes']): Pick<Memory, 'nodePeaks'> {
  if (counted === undefined) return {}
  const past = pastPeaks.map((peak) => ({ counted: peak.counted, until: parseInstant(peak.until) ?? 0 }))
  return { nodePeaks: { current: counted, past } }
}

function patienceIn(end: string | undefined, rest: string | undefined): Patience | undefined {
  const endsAt = parseInstant(end)
  const restingSince = parseInstant(rest)
  if (endsAt === undefined) return undefined
  return { endsAt, ...(restingSince === undefined ? {} : { restingSince }) }
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
