// How a fight over a field is told from a single hand on it, and how long it is waited.

import { expect, test } from 'vitest'
import {
  calmAt,
  type Contest,
  CONTEST_TIMING,
  mayRestoreAt,
  restoredAgain,
} from '../../../../src/operator/controllers/agents/contest.ts'

const MINUTE = 60_000
const after = (...times: number[]) =>
  times.reduce<Contest | undefined>((contest, at) => restoredAgain(contest, at, CONTEST_TIMING), undefined) as Contest

test.each([
  ['once', [5], 0],
  ['twice', [5, 6], 0],
  ['three times at once', [5, 6, 7], 1],
  ['every three minutes', [0, 3 * MINUTE, 6 * MINUTE], 1],
  ['every six minutes', [0, 6 * MINUTE, 12 * MINUTE, 18 * MINUTE], 0],
  ['again after it was contested', [5, 6, 7, 2 * MINUTE], 2],
])('%s', (_how, times, rounds) => {
  expect(after(...times).rounds).toBe(rounds)
})

test('the wait grows to minutes, and ends before it is calm', () => {
  const waits: number[] = []
  let contest = after(1, 2, 3)
  for (let round = 0; round < 8; round++) {
    const at = mayRestoreAt(contest, CONTEST_TIMING)
    expect(at).toBeLessThan(calmAt(contest, CONTEST_TIMING))
    waits.push((at - (contest.restoredAt.at(-1) ?? 0)) / MINUTE)
    contest = restoredAgain(contest, at, CONTEST_TIMING)
  }
  expect(waits).toEqual([1, 2, 4, 8, 8, 8, 8, 8])
  expect(mayRestoreAt(after(5), CONTEST_TIMING)).toBe(0)
})
