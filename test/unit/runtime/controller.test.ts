// Workers: what a reconciliation may do, and what happens when it fails.

import { expect, test, vi } from 'vitest'
import { awaitChange, lookAgainAt } from '../../../src/runtime/action.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { startController, TerminalError } from '../../../src/runtime/controller.ts'
import { ManualClock } from '../../support/manual-clock.ts'

test('many keys, few workers, and none beside itself', async () => {
  const running = new Set<string>()
  let most = 0
  let runs = 0
  const controller = startController(
    {
      name: 'test',
      workers: 3,
      async reconcile(key) {
        expect(running.has(key)).toBe(false)
        running.add(key)
        most = Math.max(most, running.size)
        await new Promise((resolve) => setTimeout(resolve, 1))
        running.delete(key)
        runs++
        return awaitChange
      },
    },
    systemClock,
  )
  for (let round = 0; round < 3; round++) for (const key of 'abcdefgh') controller.enqueue(key)
  await controller.idle()
  // Three were running already when they were added again.
  expect(runs).toBe(8 + 3)
  expect(most).toBe(3)
  await controller.stop()
})

test('one that fails is tried again and told; one that retrying cannot mend is only told', async () => {
  const failures: string[] = []
  const tries = new Map<string, number>()
  const controller = startController(
    {
      name: 'test',
      workers: 1,
      reconcile: (key) => {
        tries.set(key, (tries.get(key) ?? 0) + 1)
        if (key === 'hopeless') throw new TerminalError('no')
        return (tries.get(key) ?? 0) < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve(awaitChange)
      },
    },
    systemClock,
    { failed: (name, key, error) => failures.push(`${name} ${key} ${String(error)}`) },
  )
  controller.enqueue('shaky')
  controller.enqueue('hopeless')
  await controller.idle()
  expect(tries).toEqual(
    new Map([
      ['shaky', 3],
      ['hopeless', 1],
    ]),
  )
  expect(failures).toEqual([
    'test shaky Error: not yet',
    'test hopeless TerminalError: no',
    'test shaky Error: not yet',
  ])
  await controller.stop()
})

test('it looks again when it was asked to', async () => {
  const clock = new ManualClock(1_000)
  const seen: number[] = []
  const controller = startController(
    {
      name: 'test',
      workers: 1,
      reconcile: () => {
        seen.push(clock.now())
        return Promise.resolve(lookAgainAt(seen.length < 3 ? clock.now() + 500 : undefined))
      },
    },
    clock,
  )
  controller.enqueue('a')
  for (const instant of [1_499, 1_500, 2_000, 9_000]) {
    await controller.idle()
    clock.set(instant)
  }
  await controller.idle()
  expect(seen).toEqual([1_000, 1_500, 2_000])
  await controller.stop()
})

test('one that hangs is ended by its time limit', async () => {
  const errors: unknown[] = []
  const controller = startController(
    {
      name: 'test',
      workers: 1,
      timeoutMs: 20,
      reconcile: (_key, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new TerminalError('late')))),
    },
    systemClock,
    { failed: (_name, _key, error) => errors.push(error) },
  )
  controller.enqueue('a')
  await controller.idle()
  expect(String(errors[0])).toContain('late')
  await controller.stop()
})

test('a hook that throws stops nobody', async () => {
  let runs = 0
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
  const fail = () => {
    throw new Error('the hook is broken')
  }
  const controller = startController(
    {
      name: 'test',
      workers: 1,
      reconcile: (key) => {
        runs++
        return key === 'bad' ? Promise.reject(new TerminalError('no')) : Promise.resolve(awaitChange)
      },
    },
    systemClock,
    { finished: fail, failed: fail },
  )
  for (const key of ['a', 'bad', 'b']) controller.enqueue(key)
  await controller.idle()
  await controller.stop()
  expect(runs).toBe(3)
  expect(warn.mock.calls.map(String)).toEqual(Array(4).fill('Error: the hook is broken'))
  warn.mockRestore()
})

test('stopping lets what runs finish, and starts nothing more', async () => {
  const finished: string[] = []
  let release = () => {}
  const controller = startController(
    {
      name: 'test',
      workers: 1,
      reconcile: async (key) => {
        await new Promise<void>((resolve) => (release = resolve))
        finished.push(key)
        return awaitChange
      },
    },
    systemClock,
  )
  for (const key of ['a', 'b']) controller.enqueue(key)
  await new Promise((resolve) => setTimeout(resolve, 5))
  const stopped = controller.stop()
  release()
  await stopped
  expect(finished).toEqual(['a'])
})

test('one that rests deals in one go with all that comes in the meantime, and never rests long', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  try {
    let runs = 0
    let takesMs = 60
    const controller = startController(
      {
        name: 'test',
        workers: 1,
        rests: true,
        async reconcile() {
          runs++
          await new Promise((resolve) => setTimeout(resolve, takesMs))
          return awaitChange
        },
      },
      systemClock,
    )
    controller.enqueue('a')
    await vi.advanceTimersByTimeAsync(60)
    for (let times = 0; times < 10; times++) {
      controller.enqueue('a')
      await vi.advanceTimersByTimeAsync(5)
    }
    expect(runs).toBe(1)
    takesMs = 5_000
    await vi.advanceTimersByTimeAsync(10)
    expect(runs).toBe(2)
    controller.enqueue('a')
    await vi.advanceTimersByTimeAsync(5_099)
    expect(runs).toBe(2)
    await vi.advanceTimersByTimeAsync(1)
    expect(runs).toBe(3)
    await vi.advanceTimersByTimeAsync(6_000)
    await controller.stop()
  } finally {
    vi.useRealTimers()
  }
})
