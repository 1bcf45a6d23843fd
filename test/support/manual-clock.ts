// A clock that tests set. Back-off delays stay real unless a test wants those too: what talks to a real API server must
// not stand still.

import type { Clock } from '../../src/runtime/clock.ts'

interface Alarm {
  readonly instant: number
  readonly wake: () => void
}

export class ManualClock implements Clock {
  #now: number
  readonly #alarms = new Set<Alarm>()
  readonly #realTimers: boolean
  /** Whether the rest of the world shall be taken to know nothing of its time. */
  readonly simulated: boolean

  constructor(now: number, { realTimers = true, simulated = true } = {}) {
    this.#now = now
    this.#realTimers = realTimers
    this.simulated = simulated
  }

  elapsed(): number {
    return performance.now()
  }

  now(): number {
    return this.#now
  }

  /** Sets the time, and rings every alarm that is due by then, in order. */
  set(instant: number): void {
    this.#now = instant
    const due = [...this.#alarms].filter((alarm) => alarm.instant <= instant).toSorted((a, b) => a.instant - b.instant)
    // One alarm may cancel another.
    for (const alarm of due) if (this.#alarms.delete(alarm)) alarm.wake()
  }

  advance(ms: number): void {
    this.set(this.#now + ms)
  }

  at(instant: number, wake: () => void): () => void {
    const alarm = { instant, wake }
    this.#alarms.add(alarm)
    // Never inside the caller, and still to be cancelled until then.
    if (instant <= this.#now) queueMicrotask(() => this.#alarms.delete(alarm) && wake())
    return () => void this.#alarms.delete(alarm)
  }

  after(ms: number, wake: () => void): () => void {
    if (!this.#realTimers) return this.at(this.#now + ms, wake)
    const timer = setTimeout(wake, ms)
    return () => clearTimeout(timer)
  }
}
