// A clock that tests set. Back-off delays stay real: what talks to a real API server must not stand still.

import type { Clock } from '../../src/runtime/clock.ts'

interface Alarm {
  readonly instant: number
  readonly wake: () => void
}

export class ManualClock implements Clock {
  #now: number
  readonly #alarms = new Set<Alarm>()

  constructor(now: number) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  /** Sets the time, and rings every alarm that is due by then, in order. */
  set(instant: number): void {
    this.#now = instant
    const due = [...this.#alarms].filter((alarm) => alarm.instant <= instant).toSorted((a, b) => a.instant - b.instant)
    for (const alarm of due) {
      this.#alarms.delete(alarm)
      alarm.wake()
    }
  }

  advance(ms: number): void {
    this.set(this.#now + ms)
  }

  at(instant: number, wake: () => void): () => void {
    const alarm = { instant, wake }
    if (instant <= this.#now) queueMicrotask(wake)
    else this.#alarms.add(alarm)
    return () => void this.#alarms.delete(alarm)
  }

  after(ms: number, wake: () => void): () => void {
    const timer = setTimeout(wake, ms)
    return () => clearTimeout(timer)
  }
}
