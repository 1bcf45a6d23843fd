// The contract of the queue, clause by clause.

import { beforeEach, expect, test } from 'vitest'
import { WorkQueue } from '../../../src/runtime/work-queue.ts'
import { ManualClock } from '../../support/manual-clock.ts'

let clock: ManualClock
let queue: WorkQueue
let retries: number

beforeEach(() => {
  clock = new ManualClock(0, { realTimers: false })
  retries = 0
  queue = new WorkQueue(clock, { retried: () => retries++ }, { firstMs: 100, longestMs: 1_000 })
})

const isWaiting = async (promise: Promise<unknown>) =>
  await Promise.race([promise.then(() => false), Promise.resolve().then(() => true)])

test('keys come in order, and one that waits already waits once', async () => {
  for (const key of ['a', 'b', 'a']) queue.add(key)
  expect(queue.depth).toBe(2)
  expect(await queue.take()).toBe('a')
  expect(await queue.take()).toBe('b')
})

test('a key never runs beside itself; added while it runs, it runs again after', async () => {
  queue.add('a')
  expect(await queue.take()).toBe('a')
  queue.add('a')
  queue.add('a')
  const next = queue.take()
  expect(await isWaiting(next)).toBe(true)
  queue.done('a')
  expect(await next).toBe('a')
  queue.done('a')
  expect(queue.depth).toBe(0)
})

test('of several delays the earliest counts, and adding makes it due at once', async () => {
  queue.addAfter('a', 500)
  queue.addAfter('a', 5_000)
  clock.advance(500)
  expect(await queue.take()).toBe('a')
  queue.done('a')
  queue.addAfter('a', 500)
  queue.add('a')
  expect(await queue.take()).toBe('a')
  queue.done('a')
  clock.advance(10_000)
  expect(queue.depth).toBe(0)
})

test('a wake-up at an instant is replaced by the next one, and does not keep the queue busy', async () => {
  queue.addAt('a', 1_000)
  queue.addAt('a', 2_000)
  await queue.idle()
  clock.advance(1_000)
  expect(queue.depth).toBe(0)
  clock.advance(1_000)
  expect(await queue.take()).toBe('a')
})

test('a wake-up at an instant and a delay are kept apart: neither takes the place of the other', async () => {
  queue.addAt('a', 1_000)
  queue.addAfter('a', 300)
  clock.advance(300)
  expect(await queue.take()).toBe('a')
  queue.done('a')
  clock.set(1_000)
  expect(await queue.take()).toBe('a')
})

test('a key that is due while it runs waits for the end of its run', async () => {
  queue.add('a')
  queue.add('b')
  expect(await queue.take()).toBe('a')
  queue.retry('a')
  clock.advance(200)
  expect(queue.depth).toBe(1)
  queue.done('a')
  expect([await queue.take(), await queue.take()]).toEqual(['b', 'a'])
})

test('failures wait longer and longer, up to a limit; forgetting begins anew', async () => {
  const waits = async () => {
    queue.retry('a')
    let waited = 0
    for (; queue.depth === 0; waited += 5) clock.advance(5)
    queue.done((await queue.take()) ?? '')
    return waited
  }
  const seen: number[] = []
  for (let times = 0; times < 6; times++) seen.push(await waits())
  const full = [100, 200, 400, 800, 1_000, 1_000]
  for (const [index, longest] of full.entries()) {
    expect(seen[index]).toBeGreaterThanOrEqual(longest * 0.8 - 5)
    expect(seen[index]).toBeLessThanOrEqual(longest + 5)
  }
  expect(retries).toBe(6)
  queue.forget('a')
  expect(await waits()).toBeLessThanOrEqual(105)
})

test('closing drops what waits, lets what runs finish, and sends the workers home', async () => {
  queue.add('a')
  queue.add('b')
  queue.addAfter('c', 10)
  expect(await queue.take()).toBe('a')
  queue.close()
  expect(await queue.take()).toBeUndefined()
  queue.add('d')
  clock.advance(100)
  expect(queue.depth).toBe(0)
  const idle = queue.idle()
  expect(await isWaiting(idle)).toBe(true)
  queue.done('a')
  await idle
})
