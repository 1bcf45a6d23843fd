// What time it is when the clocks disagree, and what is remembered of it.

import { expect, test } from 'vitest'
import { DAY, HOUR, MINUTE, SECOND } from '../../../../src/domain/time.ts'
import { recordTime, type TimeRecord, trustedTime } from '../../../../src/domain/entitlement/trusted-time.ts'
import { NOW } from '../../../support/builders.ts'

const YEARS = 3650 * DAY

/** An operator has been at work for a while. */
const atWork = (passed: number): TimeRecord => ({ passed, settled: passed })

test.each([
  // clock, API server, Lease, passed: the time that counts, and what is wrong
  ['all agree', 0, 2 * SECOND, -3 * SECOND, -HOUR, 0, undefined],
  ['only the clock is there', 0, undefined, undefined, -HOUR, 0, undefined],
  ['the clock is in the future and the API server is not', YEARS, 0, undefined, -HOUR, 0, 'ClockAhead'],
  ['the clock is in the future and two others are not', YEARS, 0, -SECOND, -HOUR, 0, 'ClockAhead'],
  ['a second witness confirms the jump', YEARS, YEARS, 0, -HOUR, YEARS, undefined],
  ['the API server alone is in the future', 0, YEARS, 0, -HOUR, 0, 'ClockRolledBack'],
  ['the API server alone is in the future, without a Lease', 0, YEARS, undefined, -HOUR, 0, 'ClockRolledBack'],
  ['the clock and the Lease of one machine are in the future', YEARS, 0, YEARS, -HOUR, 0, 'ClockAhead'],
  ['the Lease alone is in the future', 0, 0, YEARS, -HOUR, 0, undefined],
  ['the Lease alone is back', 0, 0, -YEARS, -HOUR, 0, undefined],
  ['the clock is set back and the others are not', -400 * DAY, 0, -SECOND, -500 * DAY, 0, 'ClockRolledBack'],
  ['the clock is set back and one other is not', -400 * DAY, 0, undefined, -HOUR, 0, 'ClockRolledBack'],
  ['clock and Lease are set back behind what has passed', -200 * DAY, 0, -200 * DAY, -DAY, 0, 'ClockRolledBack'],
  ['the API server is set back behind what has passed', 0, -200 * DAY, 0, -DAY, 0, undefined],
  ['API server and Lease are set back behind it', 0, -200 * DAY, -200 * DAY, -DAY, 0, undefined],
  ['a Lease alone has not passed', -DAY, -DAY, YEARS, 0, 0, 'ClockRolledBack'],
  ['everything is set back', -400 * DAY, -400 * DAY, -400 * DAY, 0, 0, 'ClockRolledBack'],
  ['a little back is no rollback, and no time gained', -MINUTE, -MINUTE, undefined, 0, 0, undefined],
])('%s', (_what, clock, apiServer, lease, passed, now, reason) => {
  const time = trustedTime(readings(clock, apiServer, lease), atWork(NOW + passed))
  expect([time.now - NOW, time.concern?.reason]).toEqual([now, reason])
})

test.each([
  ['clock and Lease are set back', -200 * DAY, 0, -200 * DAY],
  ['the clock is set back, and there is no Lease', -200 * DAY, 0, undefined],
  ['the API server is set back', 0, -200 * DAY, 0],
])('where nobody has been at work yet: %s, and it gains nothing', (_what, clock, apiServer, lease) => {
  const fresh = { passed: NOW - 300 * DAY }
  expect(trustedTime(readings(clock, apiServer, lease), fresh).now).toBe(NOW)
  // Nor does it gain anything by going on.
  expect(contested(fresh, { clock, apiServer, lease }, 80).at(-1)).toBe(NOW + 80 * HOUR)
})

test.each([
  ['the API server alone', { clock: 0, apiServer: 200 * DAY, lease: 0 }],
  ['both others', { clock: 200 * DAY, apiServer: 0, lease: 200 * DAY }],
])('a later time that %s shows counts after 72 hours, and not before', (_what, clocks) => {
  const times = contested(atWork(NOW - DAY), clocks, 80)
  expect(times.findIndex((time, hour) => time !== NOW + hour * HOUR)).toBe(72)
  expect(times.at(-1)).toBe(NOW + 200 * DAY + 80 * HOUR)
})

test('clocks that agree for a moment begin no new 72 hours, and a restart does not either', () => {
  const clocks = { clock: -20 * DAY, apiServer: 0, lease: -20 * DAY }
  let record = lookedAt(atWork(NOW - 30 * DAY), clocks, 0)
  for (let hour = 1; hour < 71; hour++) {
    record = lookedAt(record, hour % 20 === 0 ? { clock: 0, apiServer: 0, lease: 0 } : clocks, hour)
    record = lookedAt(record, clocks, hour + 0.1)
  }
  expect(record.contest?.since).toBe(NOW)
  const restarted: TimeRecord = { ...atWork(NOW - 30 * DAY), contest: { since: NOW } }
  const at = (hours: number) => trustedTime({ ...later(clocks, hours), elapsed: 0 }, restarted).now
  expect([at(71), at(72)]).toEqual([NOW - 20 * DAY + 71 * HOUR, NOW + 72 * HOUR])
})

test('clocks that agree for an hour end it; a time that jumps further is another one', () => {
  const wrong = { clock: 0, apiServer: 5 * MINUTE + SECOND, lease: 0 }
  let record = atWork(NOW - DAY)
  for (let hour = 0; hour < 100; hour++) record = lookedAt(record, wrong, hour)
  const jumped = { ...wrong, apiServer: 200 * DAY }
  expect(trustedTime(later(jumped, 100), record).now).toBe(NOW + 100 * HOUR)
  for (let hour = 100; hour < 103; hour++) record = lookedAt(record, { clock: 0, apiServer: 0, lease: 0 }, hour)
  expect(record).not.toHaveProperty('contest')
  expect(record.settled).toBe(NOW + 102 * HOUR)
})

interface Clocks {
  readonly clock: number
  readonly apiServer: number | undefined
  readonly lease: number | undefined
}

function readings(clock: number, apiServer: number | undefined, lease: number | undefined) {
  return later({ clock, apiServer, lease }, 0)
}

/** What the clocks, so far off, show after so many hours. */
function later({ clock, apiServer, lease }: Clocks, hours: number) {
  const at = (offset: number | undefined) => (offset === undefined ? undefined : NOW + offset + hours * HOUR)
  return { clock: NOW + clock + hours * HOUR, apiServer: at(apiServer), lease: at(lease), elapsed: hours * HOUR }
}

function lookedAt(record: TimeRecord, clocks: Clocks, hours: number): TimeRecord {
  const now = later(clocks, hours)
  return recordTime(record, trustedTime(now, record), now.elapsed)
}

/** The times that count, looked at once an hour. */
function contested(record: TimeRecord, clocks: Clocks, hours: number): number[] {
  const times: number[] = []
  let after = record
  for (let hour = 0; hour <= hours; hour++) {
    times.push(trustedTime(later(clocks, hour), after).now)
    after = lookedAt(after, clocks, hour)
  }
  return times
}

test('what is said of a clock does not change while the clock runs', () => {
  const said = [0, 1, 24].map(
    (hours) =>
      trustedTime(later({ clock: -400 * DAY, apiServer: undefined, lease: undefined }, hours), atWork(NOW)).concern
        ?.message,
  )
  expect(new Set(said).size).toBe(1)
})

/** Looks at the time every minute, as the clock shows it. */
function lived(record: TimeRecord, from: number, minutes: number, elapsed: number): TimeRecord {
  let after = record
  for (let minute = 0; minute <= minutes; minute++) {
    after = recordTime(after, { now: from + minute * MINUTE }, elapsed + minute * MINUTE)
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
