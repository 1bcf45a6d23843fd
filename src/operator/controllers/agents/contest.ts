// When somebody else writes the same field again and again: whoever puts it right at once takes part in an endless rollout.

import { type Backoff, backoffDelay } from '../../../runtime/backoff.ts'

/** Times are in ms by a clock that nobody can set. */
export interface Contest {
  /** When it was put right, as far as that is not long ago. */
  readonly restoredAt: readonly number[]
  /** How often it has been put right since it was contested; 0: it is not. */
  readonly rounds: number
}

export interface ContestTiming {
  /** So many within `windowMs` make a contest. */
  readonly often: number
  readonly windowMs: number
  /** How long is waited before it is put right again. */
  readonly backoff: Backoff
  /** After how long without a change by others the contest is over; longer than the longest wait. */
  readonly calmMs: number
}

const MINUTE = 60_000
export const CONTEST_TIMING: ContestTiming = {
  often: 3,
  windowMs: 10 * MINUTE,
  backoff: { firstMs: MINUTE, longestMs: 8 * MINUTE },
  calmMs: 10 * MINUTE,
}

/** It was put right once more. */
export function restoredAgain(before: Contest | undefined, now: number, timing: ContestTiming): Contest {
  const recent = [...(before?.restoredAt ?? []), now].filter((at) => at > now - timing.windowMs)
  const restoredAt = recent.slice(-timing.often)
  const rounds = before?.rounds ?? 0
  return { restoredAt, rounds: rounds > 0 || restoredAt.length === timing.often ? rounds + 1 : 0 }
}

/** From when it may be put right again. */
export function mayRestoreAt({ restoredAt, rounds }: Contest, timing: ContestTiming): number {
  return rounds === 0 ? 0 : lastOf(restoredAt) + backoffDelay(timing.backoff, rounds, () => 0)
}

/** From when the contest is over, if nobody changes it until then. */
export function calmAt({ restoredAt }: Contest, timing: ContestTiming): number {
  return lastOf(restoredAt) + timing.calmMs
}

function lastOf(times: readonly number[]): number {
  return times.at(-1) ?? 0
}
