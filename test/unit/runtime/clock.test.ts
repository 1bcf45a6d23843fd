// The system's clock, with timers that a test drives.

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { systemClock } from '../../../src/runtime/clock.ts'
import { repeat } from '../../../src/runtime/repeat.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 10, 21, 8)

beforeEach(() => void vi.useFakeTimers({ now: NOW }))
afterEach(() => void vi.useRealTimers())

test('an instant beyond 2^31 ms is waited for, and not rung at once', () => {
  const woken: number[] = []
  systemClock.at(NOW + 400 * DAY, () => woken.push(Date.now()))
  vi.advanceTimersByTime(399 * DAY)
  expect(woken).toEqual([])
  vi.advanceTimersByTime(2 * DAY)
  expect(woken).toEqual([NOW + 400 * DAY])
})

test('a clock that is set forward is noticed within the hour, and one that is set back delays', () => {
  const woken: string[] = []
  systemClock.at(NOW + 10 * DAY, () => woken.push('forward'))
  vi.setSystemTime(NOW + 20 * DAY)
  vi.advanceTimersByTime(DAY / 24)
  expect(woken).toEqual(['forward'])

  const start = Date.now()
  systemClock.at(start + DAY, () => woken.push('back'))
  vi.setSystemTime(start - 5 * DAY)
  vi.advanceTimersByTime(5 * DAY)
  expect(woken).toEqual(['forward'])
  vi.advanceTimersByTime(2 * DAY)
  expect(woken).toEqual(['forward', 'back'])
})

test('what was cancelled does not ring', () => {
  const woken: string[] = []
  systemClock.at(NOW + DAY, () => woken.push('at'))()
  systemClock.after(DAY, () => woken.push('after'))()
  vi.advanceTimersByTime(2 * DAY)
  expect(woken).toEqual([])
})

test('something is repeated with the delay that is asked for each time, until it is stopped', () => {
  const ran: number[] = []
  let delay = 1_000
  const stop = repeat(
    systemClock,
    () => delay,
    () => ran.push(Date.now() - NOW),
  )
  vi.advanceTimersByTime(2_000)
  delay = 5_000
  vi.advanceTimersByTime(6_500)
  stop()
  vi.advanceTimersByTime(60_000)
  expect(ran).toEqual([1_000, 2_000, 3_000, 8_000])
})
