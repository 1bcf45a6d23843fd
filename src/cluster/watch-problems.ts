// Says once what cannot be read, and once that it can be again.

import { GROUP } from '../api/names.ts'
import type { KubeError } from '../kube/errors.ts'
import { allWatched, type Stores } from './stores.ts'

export interface WatchProblemHooks {
  readonly failing: (kind: string, problem: KubeError, hint: string | undefined) => void
  readonly mended: (kind: string) => void
}

const LOOK_EVERY_MS = 1_000

/** Looks at the stores from time to time; returns how to stop. It asks nobody: the watches know. */
export function reportWatchProblems(stores: Stores, hooks: WatchProblemHooks): () => void {
  const said = new Set<unknown>()
  const look = () => {
    for (const watched of allWatched(stores)) {
      const { problem } = watched.store
      const { plural, group } = watched.target.resource
      if (problem === undefined) {
        if (said.delete(watched)) hooks.mended(plural)
      } else if (!said.has(watched)) {
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
