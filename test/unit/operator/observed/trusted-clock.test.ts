// The time that decisions go by, as it passes: whom it asks, how often, and what of it is kept for a restart.

import { beforeEach, expect, test } from 'vitest'
import {
  createTrustedClock,
  type KeptTime,
  type TrustedClock,
} from '../../../../src/operator/observed/trusted-clock.ts'
import { DAY, HOUR, MINUTE } from '../../../../src/domain/time.ts'
import type { Client } from '../../../../src/kube/client.ts'
import type { Clock } from '../../../../src/runtime/clock.ts'
import { NOW } from '../../../support/builders.ts'

const signal = new AbortController().signal
let world: { node: number; server: number; elapsed: number; asked: number; lease: boolean }
let trusted: TrustedClock

beforeEach(() => {
  world = { node: NOW, server: NOW, elapsed: 0, asked: 0, lease: true }
  const client = {
    serverTime: () => world.server,
    get: () => {
      world.asked++
      if (!world.lease) return Promise.reject(new Error('forbidden'))
      return Promise.resolve({ spec: { renewTime: new Date(world.server - 1_000).toISOString() } })
    },
  } as unknown as Client
  const clock = { now: () => world.node, elapsed: () => world.elapsed } as Clock
  trusted = createTrustedClock(clock, client)
})

const read = () => trusted.read(signal)
function pass(ms: number): void {
  world = { ...world, node: world.node + ms, server: world.server + ms, elapsed: world.elapsed + ms }
}

test('the others are asked at first, and again when their word is old', async () => {
  for (let minute = 0; minute < 25; minute++) {
    expect((await read()).now).toBe(NOW + minute * MINUTE)
    pass(MINUTE)
  }
  expect(world.asked).toBe(3)
  expect(trusted.lookAgainMs).toBe(HOUR)
})

test('the time is kept after an hour, and then once a day', async () => {
  const kept: (number | undefined)[] = []
  for (let half = 0; half < 100; half++) {
    await read()
    kept.push(trusted.kept.time)
    pass(HOUR / 2)
  }
  expect([...new Set(kept)]).toEqual([undefined, NOW + HOUR, NOW + HOUR + DAY, NOW + HOUR + 2 * DAY])
})

test('a clock that is set back, all of them together, stands still at what has passed, until it has caught up', async () => {
  for (let hour = 0; hour <= 3; hour++) {
    await read()
    pass(HOUR)
  }
  const passed = NOW + 3 * HOUR
  pass(-DAY)
  world = { ...world, elapsed: world.elapsed + DAY }
  const back = await read()
  expect(back).toMatchObject({ now: passed, concern: { reason: 'ClockRolledBack' } })
  expect(trusted.lookAgainMs).toBe(10 * MINUTE)
  pass(DAY)
  expect((await read()).concern).toBeUndefined()
})

test('what was kept before a restart, and what is signed, has passed', async () => {
  trusted.restore({ time: NOW + 10 * DAY })
  expect(await read()).toMatchObject({ now: NOW + 10 * DAY, concern: { reason: 'ClockRolledBack' } })
  expect(trusted.kept.time).toBe(NOW + 10 * DAY)
  trusted.witness(NOW + 11 * DAY)
  trusted.witness(NOW)
  expect((await read()).now).toBe(NOW + 11 * DAY)
})

test('where no Lease can be read, the API server is witness enough against a jump forward', async () => {
  world.lease = false
  world.node = NOW + 3650 * DAY
  expect(await read()).toMatchObject({ now: NOW, concern: { reason: 'ClockAhead' } })
})

test('two clocks that are set back while nobody is at work gain 72 hours, however often it is started', async () => {
  world.server = NOW + 200 * DAY
  const client = {
    serverTime: () => world.server,
    get: () => Promise.reject(new Error('forbidden')),
  } as unknown as Client
  const clock = { now: () => world.node, elapsed: () => world.elapsed } as Clock
  let kept: KeptTime = { time: NOW - HOUR }
  const times: number[] = []
  for (let start = 0; start < 3; start++) {
    const started = createTrustedClock(clock, client)
    started.restore(kept)
    for (let hour = 0; hour < 30; hour++) {
      times.push((await started.read(signal)).now)
      pass(HOUR)
    }
    kept = started.kept
  }
  expect(times.findIndex((time, hour) => time !== NOW + hour * HOUR)).toBe(72)
})

test('the date of a document does not stand for an operator that was at work', async () => {
  world.server = NOW + 200 * DAY
  trusted.witness(NOW - DAY)
  expect((await read()).now).toBe(world.server)
  expect(trusted.kept.time).toBeUndefined()
})
