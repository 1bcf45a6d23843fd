// Who asks to run an agent, in the order in which they are admitted.

import { type Facts, type WorkloadFacts, workloadKey } from './facts.ts'

export interface Candidate extends AdmittedAgent {
  /** Whether its namespace is governed: the agents of a PlatformConfig always live in one that is. */
  readonly governed: boolean
  /** Absent: a PlatformConfig wants it, and it is not there yet. */
  readonly facts?: WorkloadFacts
}

interface Ranked {
  readonly candidate: Candidate
  /** From the first to the last: governed, admitted before, held, place in the PlatformConfig, age. */
  readonly rank: readonly number[]
}

const NOT_WANTED = Number.MAX_SAFE_INTEGER

/**
 * Those who want to run, and the governed ones that rest. Governed ones come first: nobody elsewhere takes a place from them.
 * Then those that were admitted before: no later edit, of a list or of another workload, takes a place from one that runs.
 */
export function candidatesOf(facts: Facts): {
  readonly candidates: readonly Candidate[]
  readonly idle: readonly Candidate[]
} {
  const { wanted, workloads, agentsNamespace, memory } = facts
  const placeOf = new Map(
    (wanted?.agents ?? []).map((name, place) => [
      workloadKey({ resource: 'deployments', namespace: agentsNamespace, name }),
      { name, place },
    ]),
  )
  const asking: Ranked[] = []
  const idle: Ranked[] = []
  const add = (to: Ranked[], candidate: Candidate) =>
    to.push({
      candidate,
      rank: [
        Number(!candidate.governed),
        Number(!memory.admitted.has(candidate.key)),
        Number(candidate.facts?.held !== true),
        placeOf.get(candidate.key)?.place ?? NOT_WANTED,
        candidate.facts?.createdAt ?? 0,
      ],
    })
  const seen = new Set<string>()
  for (const workload of workloads) {
    const key = workloadKey(workload)
    if (placeOf.has(key)) seen.add(key)
    const candidate = fromWorkload(key, workload)
    if (workload.wants > 0 || placeOf.has(key)) add(asking, candidate)
    else if (candidate.governed) add(idle, candidate)
  }
  for (const [key, { name }] of placeOf) {
    if (!seen.has(key)) add(asking, fromConfig(key, name, agentsNamespace))
  }
  return { candidates: inOrder(asking), idle: inOrder(idle) }
}

function inOrder(ranked: Ranked[]): Candidate[] {
  return ranked.toSorted(before).map(({ candidate }) => candidate)
}

function before(a: Ranked, b: Ranked): number {
  for (const [index, rank] of a.rank.entries()) {
    const difference = rank - (b.rank[index] ?? 0)
    if (difference !== 0) return difference
  }
  return a.candidate.key < b.candidate.key ? -1 : 1
}

function fromWorkload(key: string, workload: WorkloadFacts): Candidate {
  const { agent, resource, kind, namespace, name } = workload
  const governed = workload.governedSince !== undefined
  // What runs under a name that is wanted counts as what its label says.
  return { key, agent, resource, kind, namespace, workload: name, governed, facts: workload }
}

function fromConfig(key: string, agent: string, namespace: string): Candidate {
  return { key, agent, resource: 'deployments', kind: 'Deployment', namespace, workload: agent, governed: true }
}

export interface AdmittedAgent {
  readonly key: string
  readonly agent: string
  readonly resource: string
  readonly kind: string
  readonly namespace: string
  readonly workload: string
}
