// What became of each key that a controller takes up: what goes on failing is a finding, and is none once it succeeds.

import type { Finding } from '../../domain/health/finding.ts'
import { isConflict, isUnreachable } from '../../kube/errors.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { HealthBoard } from './health-board.ts'

/** What a controller does, in words that follow `the operator cannot`: `hold or resume deployments/team/rex`. */
export type Task = (key: string) => string

export interface Outcomes {
  failed(controller: string, key: string, error: unknown): void
  succeeded(controller: string, key: string): void
}

export interface OutcomesDeps {
  readonly health: HealthBoard
  readonly clock: Clock
  /** By controller. One without says itself what it fails to do. */
  readonly tasks: Readonly<Record<string, Task>>
}

/** A failure that is over by then was no news, in ms: the policies hear of a decision a moment later than we do. */
const PATIENCE_MS = 1_500
const LONGEST_WORDS = 300

export function createOutcomes({ health, clock, tasks }: OutcomesDeps): Outcomes {
  const failingSince = new Map<string, number>()
  const idOf = (controller: string, key: string) => `outcome/${controller}/${key}`
  return {
    failed(controller, key, error) {
      const task = tasks[controller]
      // Another writer was faster, or nobody answers: nothing refuses it, and the second is said elsewhere.
      if (task === undefined || isConflict(error) || isUnreachable(error)) return
      const id = idOf(controller, key)
      const since = failingSince.get(id) ?? clock.elapsed()
      failingSince.set(id, since)
      if (clock.elapsed() - since >= PATIENCE_MS) health.report(id, findingOf(task(key), error))
    },
    succeeded(controller, key) {
      const id = idOf(controller, key)
      if (failingSince.delete(id)) health.report(id, undefined)
    },
  }
}

function findingOf(task: string, error: unknown): Finding {
  const message = `the operator cannot ${task}: ${wordsOf(error)}; it is tried again at longer and longer intervals`
  return { type: 'CarriedOut', healthy: false, reason: 'NotCarriedOut', message }
}

/** As a word in a sentence, an answer of the API server can be long: the object that it refuses is in it. */
export function wordsOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error)
  return words.length > LONGEST_WORDS ? `${words.slice(0, LONGEST_WORDS)}…` : words
}
