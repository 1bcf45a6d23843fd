// Where the time comes from. Decisions use `now` and `at`; back-off uses `after`, which a jump of the clock must not touch.

export interface Clock {
  /** The time now, in milliseconds since the Unix epoch. */
  now(): number
  /** Milliseconds since any beginning, by a clock that nobody can set. */
  elapsed(): number
  /** It plays a time of its own, of which the world knows nothing. */
  readonly simulated?: boolean
  /** Calls `wake` once the clock has reached `instant`, however far away; returns how to cancel it. */
  at(instant: number, wake: () => void): () => void
  /** Calls `wake` after `ms` milliseconds have passed; returns how to cancel it. */
  after(ms: number, wake: () => void): () => void
}

// setTimeout fires at once for delays above 2^31-1 ms (24.8 days); a license runs for years. One hour also bounds
// how late we notice that the system clock was set.
const LONGEST_SLEEP_MS = 3_600_000

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  at(instant, wake) {
    let timer: NodeJS.Timeout
    const sleep = () => {
      const remaining = instant - Date.now()
      if (remaining <= 0) wake()
      else timer = setTimeout(sleep, Math.min(remaining, LONGEST_SLEEP_MS))
    }
    // Never wakes inside the caller: a timer that is already due still fires on the next turn of the event loop.
    timer = setTimeout(sleep, Math.min(Math.max(0, instant - Date.now()), LONGEST_SLEEP_MS))
    return () => clearTimeout(timer)
  },
  after(ms, wake) {
    const timer = setTimeout(wake, ms)
    return () => clearTimeout(timer)
  },
}
