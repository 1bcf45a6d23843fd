// Something that has to happen now and then, for what nobody reports.

import type { Clock } from './clock.ts'

/** Runs it again and again, each time after the delay in ms that is asked for anew; returns how to stop. */
export function repeat(clock: Clock, delayMs: () => number, run: () => void): () => void {
  let cancel = clock.after(delayMs(), again)
  function again(): void {
    run()
    cancel = clock.after(delayMs(), again)
  }
  return () => cancel()
}
