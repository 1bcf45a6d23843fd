// What time it is when the clocks disagree, and what is remembered of it.

import { expect, test } from 'vitest'
import { DAY, HOUR, MINUTE, SECOND } from '../../../src/domain/instant.ts'
import { recordTime, type TimeRecord, trustedTime } from '../../../src/domain/trusted-time.ts'
import { NOW } from '../../support/builders.ts'

const YEARS = 3650 * DAY

test.each([
  // clock, API server, Lease, passed: the time that counts, and what is wrong
  ['all agree', 0, 2 * SECOND, -3 * SECOND, -HOUR, 0, undefined],
  ['only the clock is there', 0, undefined, undefined, -HOUR, 0, undefined],
  ['the clock is in the future and the API server is not', YEARS, 0, undefined, -HOUR, 0, 'ClockAhead'],
  ['the clock is in the future and two others are not', YEARS, 0, -SECOND, -HOUR, 0, 'ClockAhead'],
  ['a second witness confirms the jump', YEARS, YEARS, 0, -HOUR, YEARS, undefined],
  ['the API server alone is in the future', 0, YEARS, 0, -HOUR, 0, 'ClockRolledBack'],
  ['the Lease alone is in the future', 0, 0, YEARS, -HOUR, 0, undefined],
  ['the clock is set back and the others are not', -400 * DAY, 0, -SECOND, -500 * DAY, -SECOND, 'ClockRolledBack'],
  ['the clock is set back and one other is not', -400 * DAY, 0, undefined, -HOUR, -HOUR, 'ClockRolledBack'],
  ['everything is set back', -400 * DAY, -400 * DAY, -400 * DAY, 0, 0, 'ClockRolledBack'],
  ['a little back is no rollback, and no time gained', -MINUTE, -MINUTE, undefined, 0, 0, undefined],
])('%s', (_what, clock, apiServer, lease, passed, now, reason) => {
  const at = (offset: number | undefined) => (offset === undefined ? undefined : NOW + offset)
  const time = trustedTime({ clock: NOW + clock, apiServer: at(apiServer), lease: at(lease), passed: NOW + passed })
  expect([time.now - NOW, time.concern?.reason]).toEqual([now, reason])
})

test('what is said of a clock does not change while the clock runs', () => {
  const said = [0, MINUTE, DAY].map(
    (later) => trustedTime({ clock: NOW - 400 * DAY + later, passed: NOW }).concern?.message,
  )
  expect(new Set(said).size).toBe(1)
})

/** Looks at the time every minute, as the clock shows it. */
function lived(record: TimeRecord, from: number, minutes: number, elapsed: number): TimeRecord {
  let after = record
  for (let minute = 0; minute <= minutes; minute++) {
    after = recordTime(after, from + minute * MINUTE, elapsed + minute * MINUTE)
  }
  return after
}

test('a time has passed when it has run on evenly for an hour', () => {
  expect(lived({ passed: 0 }, NOW, 59, 0).passed).toBe(0)
  expect(lived({ passed: 0 }, NOW, 60, 0).passed).toBe(NOW + HOUR)
  expect(lived({ passed: 0 }, NOW, 90, 0).passed).toBe(NOW + 90 * MINUTE)
})

test('a mistake of minutes leaves no mark', () => {
  const before = lived({ passed: 0 }, NOW, 90, 0)
  const mistaken = lived(before, NOW + YEARS, 10, 91 * MINUTE)
  const after = lived(mistaken, NOW + 102 * MINUTE, 90, 102 * MINUTE)
  expect(mistaken.passed).toBe(NOW + 90 * MINUTE)
  expect(after.passed).toBe(NOW + 192 * MINUTE)
})

test('sleep is no rollback: the clock is ahead of what has elapsed, and counts again after an hour', () => {
  const before = lived({ passed: 0 }, NOW, 90, 0)
  const after = lived(before, NOW + 9 * HOUR, 60, 91 * MINUTE)
  expect(after.passed).toBe(NOW + 10 * HOUR)
})

test('what has passed never goes back', () => {
  const before = lived({ passed: 0 }, NOW, 90, 0)
  expect(lived(before, NOW - 400 * DAY, 600, 91 * MINUTE).passed).toBe(before.passed)
})
