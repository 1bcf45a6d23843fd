// Patience with what comes and goes.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isOver, isWhole, type Patience, patienceAt } from '../../../src/domain/grace-budget.ts'

const WHOLE = 100

/** Spells of something, each with how long it lasts; whether patience is at an end after the last. */
function after(...spells: readonly (readonly [lasts: boolean, ms: number])[]) {
  let now = 1_000
  let patience: Patience | undefined
  for (const [lasts, ms] of spells) {
    patience = patienceAt(lasts, WHOLE, patience, now)
    now += ms
  }
  return { over: patience !== undefined && isOver(patience, now), patience, now }
}

test('what lasts uses it up', () => {
  expect(after([true, 99]).over).toBe(false)
  expect(after([true, 100]).over).toBe(true)
  // Looking at it does not begin it anew.
  expect(after([true, 50], [true, 30], [true, 20]).over).toBe(true)
})

test('a moment of relief is worth a moment', () => {
  expect(after([true, 90], [false, 1], [true, 10]).over).toBe(false)
  expect(after([true, 90], [false, 1], [true, 11]).over).toBe(true)
})

test('short spells far apart never use it up', () => {
  const week = Array.from({ length: 50 }, () => [[true, 40] as const, [false, 41] as const]).flat()
  expect(after(...week, [true, 99]).over).toBe(false)
})

test('after a rest as long as what was used up it is whole', () => {
  const { patience, now } = after([true, 30], [false, 29])
  expect(patience !== undefined && isWhole(patience, WHOLE, now)).toBe(false)
  expect(patience !== undefined && isWhole(patience, WHOLE, now + 1)).toBe(true)
})

test('nothing was ever there: nothing is remembered', () => {
  expect(after([false, 10]).patience).toBeUndefined()
})

test('whatever is remembered and whatever the clock does, there is never more of it than all', () => {
  const instant = fc.integer({ min: -1e6, max: 1e6 })
  fc.assert(
    fc.property(instant, fc.option(instant, { nil: undefined }), instant, (endsAt, restingSince, now) => {
      const before = { endsAt, ...(restingSince === undefined ? {} : { restingSince }) }
      const patience = patienceAt(true, WHOLE, before, now)
      expect(patience?.endsAt).toBeLessThanOrEqual(now + WHOLE)
      expect(patienceAt(true, WHOLE, patience, now)).toEqual(patience)
    }),
  )
})
