// Says once what cannot be read, and once that it can be again.

import { GROUP } from '../../api/names.ts'
import type { KubeError } from '../../kube/errors.ts'
import { allWatched, type Stores } from './stores.ts'

export interface WatchProblemHooks {
  readonly failing: (kind: string, problem: KubeError, hint: string | undefined) => void
  readonly mended: (kind: string) => void
}

const LOOK_EVERY_MS = 1_000

/**
 * Looks at the stores from time to time; returns how to stop. It asks nobody: the watches know.
 * @param lastingMs what is over sooner is not reported
 */
export function reportWatchProblems(stores: Stores, hooks: WatchProblemHooks, lastingMs = 0): () => void {
  const said = new Set<unknown>()
  const failingSince = new Map<unknown, number>()
  const look = () => {
    for (const watched of allWatched(stores)) {
      const { problem } = watched.store
      const { plural, group } = watched.target.resource
      if (problem === undefined) {
        failingSince.delete(watched)
        if (said.delete(watched)) hooks.mended(plural)
        continue
      }
      const since = failingSince.get(watched) ?? performance.now()
      failingSince.set(watched, since)
      if (!said.has(watched) && performance.now() - since >= lastingMs) {
        said.add(watched)
        hooks.failing(plural, problem, hintFor(problem, group))
      }
    }
  }
  const timer = setInterval(look, LOOK_EVERY_MS)
  return () => clearInterval(timer)
}

function hintFor(problem: KubeError, group: string): string | undefined {
  if (problem.status === 404 && group === GROUP)
    return 'the CRDs are not installed; install them with: kubectl apply -f crds/'
  if (problem.status === 403) return "the operator's service account lacks the right; grant it"
  return undefined
}
