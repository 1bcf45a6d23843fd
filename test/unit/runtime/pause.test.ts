// Waiting and working that can be cut short leave nothing behind.

import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { pause } from '../../../src/runtime/pause.ts'
import { withTimeLimit } from '../../../src/runtime/time-limit.ts'

const LONG = 60_000

test('a pause ends with the signal, and does not begin under one that has aborted', async () => {
  const stop = new AbortController()
  const pausing = pause(LONG, stop.signal)
  stop.abort()
  await pausing
  await pause(LONG, stop.signal)
  expect(getEventListeners(stop.signal, 'abort')).toEqual([])
})

test('work hears of its time limit, and of the signal that was given, by their own reasons', async () => {
  const heard = (limited: AbortSignal) =>
    new Promise<string>((resolve) => {
      const tell = () => resolve((limited.reason as Error).name)
      limited.addEventListener('abort', tell, { once: true })
      if (limited.aborted) tell()
    })
  const stop = new AbortController()
  expect(await withTimeLimit(5, stop.signal, heard)).toBe('TimeoutError')
  const working = withTimeLimit(LONG, stop.signal, heard)
  stop.abort()
  expect(await working).toBe('AbortError')
  expect(await withTimeLimit(LONG, stop.signal, heard)).toBe('AbortError')
  expect(getEventListeners(stop.signal, 'abort')).toEqual([])
})

test('work that fails, fails as it did', async () => {
  const { signal } = new AbortController()
  await expect(withTimeLimit(LONG, signal, () => Promise.reject(new Error('mine')))).rejects.toThrow('mine')
  expect(getEventListeners(signal, 'abort')).toEqual([])
})
