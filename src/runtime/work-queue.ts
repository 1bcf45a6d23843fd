// A queue of keys, by the contract of client-go: a key waits once, never runs beside itself, and what is added while it
// runs makes it run again.

import type { Clock } from './clock.ts'
import { backoffDelay, type Backoff } from './backoff.ts'

// Not client-go's quarter of an hour: after an outage of the API server nothing may have changed that would tell of its end.
const PER_KEY: Backoff = { firstMs: 5, longestMs: 30_000 }

export interface QueueHooks {
  readonly added?: () => void
  readonly retried?: () => void
  /** A worker has taken a key that was due for so many seconds. */
  readonly taken?: (seconds: number) => void
}

interface Timer {
  readonly due: number
  readonly cancel: () => void
}

export class WorkQueue {
  readonly #clock: Clock
  readonly #hooks: QueueHooks
  readonly #backoff: Backoff
  /** Keys that are due, in order, and since when. */
  readonly #ready = new Map<string, number>()
  /** Keys that run, and since when. */
  readonly #running = new Map<string, number>()
  /** Keys that were added while they ran. */
  readonly #again = new Set<string>()
  readonly #delayed = new Map<string, Timer>()
  /** Wake-ups at an instant of the wall clock: apart from delays, which a jump of the clock must not touch. */
  readonly #scheduled = new Map<string, Timer>()
  readonly #failures = new Map<string, number>()
  readonly #takers: ((key: string | undefined) => void)[] = []
  #idlers: (() => void)[] = []
  #closed = false

  constructor(clock: Clock, hooks: QueueHooks = {}, backoff: Backoff = PER_KEY) {
    this.#clock = clock
    this.#hooks = hooks
    this.#backoff = backoff
  }

  /** Keys that are due and wait for a worker. */
  get depth(): number {
    return this.#ready.size
  }

  /** For how long each key that runs has been running, in seconds. */
  runningSeconds(): number[] {
    const now = performance.now()
    return Array.from(this.#running.values(), (since) => (now - since) / 1_000)
  }

  /** Makes the key due now. */
  add(key: string): void {
    if (this.#closed) return
    this.#cancel(this.#delayed, key)
    if (this.#running.has(key)) {
      this.#again.add(key)
      return
    }
    if (this.#ready.has(key)) return
    this.#ready.set(key, performance.now())
    this.#hooks.added?.()
    this.#hand()
  }

  /** Makes the key due after a delay, unless it is due sooner already. */
  addAfter(key: string, ms: number): void {
    const due = performance.now() + ms
    const waiting = this.#delayed.get(key)
    if (this.#closed || this.#ready.has(key) || (waiting !== undefined && waiting.due <= due)) return
    waiting?.cancel()
    this.#delayed.set(key, { due, cancel: this.#clock.after(ms, () => this.#ring(this.#delayed, key)) })
  }

  /** Makes the key due at an instant of the clock. One instant a key: the last one said counts. */
  addAt(key: string, instant: number): void {
    if (this.#closed || this.#scheduled.get(key)?.due === instant) return
    this.#cancel(this.#scheduled, key)
    this.#scheduled.set(key, { due: instant, cancel: this.#clock.at(instant, () => this.#ring(this.#scheduled, key)) })
  }

  /** Makes the key due again after a delay that grows with each failure in a row. */
  retry(key: string): void {
    const failures = (this.#failures.get(key) ?? 0) + 1
    this.#failures.set(key, failures)
    this.#hooks.retried?.()
    this.addAfter(key, backoffDelay(this.#backoff, failures))
  }

  /** Forgets the failures of the key. */
  forget(key: string): void {
    this.#failures.delete(key)
  }

  /** The next key; waits for one, and is undefined when the queue is closed. Each key taken must be given to `done`. */
  take(): Promise<string | undefined> {
    const [key] = this.#ready.keys()
    if (key !== undefined) return Promise.resolve(this.#start(key))
    if (this.#closed) return Promise.resolve(undefined)
    return new Promise((resolve) => this.#takers.push(resolve))
  }

  /** The key has run. */
  done(key: string): void {
    this.#running.delete(key)
    if (this.#again.delete(key)) this.add(key)
    this.#announceIdle()
  }

  /** Resolves once nothing is due, delayed or running. Wake-ups at an instant do not count. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idlers.push(resolve)
      this.#announceIdle()
    })
  }

  /** Drops what waits and lets what runs finish. */
  close(): void {
    this.#closed = true
    this.#ready.clear()
    this.#again.clear()
    for (const timers of [this.#delayed, this.#scheduled]) for (const key of timers.keys()) this.#cancel(timers, key)
    for (const taker of this.#takers.splice(0)) taker(undefined)
    this.#announceIdle()
  }

  #start(key: string): string {
    const now = performance.now()
    this.#hooks.taken?.((now - (this.#ready.get(key) ?? now)) / 1_000)
    this.#ready.delete(key)
    this.#running.set(key, now)
    return key
  }

  #hand(): void {
    while (this.#takers.length > 0) {
      const [key] = this.#ready.keys()
      if (key === undefined) return
      this.#takers.shift()?.(this.#start(key))
    }
  }

  #ring(timers: Map<string, Timer>, key: string): void {
    timers.delete(key)
    this.add(key)
  }

  #cancel(timers: Map<string, Timer>, key: string): void {
    timers.get(key)?.cancel()
    timers.delete(key)
  }

  #announceIdle(): void {
    if (this.#ready.size > 0 || this.#running.size > 0 || this.#delayed.size > 0) return
    const idlers = this.#idlers
    this.#idlers = []
    for (const resolve of idlers) resolve()
  }
}
