// Whether what is known of the cluster is of now: a watch that has fallen silent knows what was.

import { allWatched, type Stores } from './stores.ts'

// An open watch hears a bookmark each minute, and of a server that sends none it is opened anew after three.
const QUIET_MS = 4 * 60_000
/** How long a watch that fails may go on trying. */
const FAILING_MS = 30_000

/** The watches that have heard nothing for too long, by `performance.now()`, each with what is wrong with it. */
export function staleWatches(stores: Stores, now: number = performance.now()): string[] {
  return allWatched(stores).flatMap(({ target, store }) => {
    const { synced, problem, lastContact } = store
    if (!synced || now - lastContact <= (problem === undefined ? QUIET_MS : FAILING_MS)) return []
    const seconds = Math.round((now - lastContact) / 1_000)
    return [`${target.resource.plural} (${problem?.message ?? 'no word'}, for ${seconds} s)`]
  })
}
