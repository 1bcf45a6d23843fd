// Workers over a queue of keys: reconcile, look again when asked to, retry with back-off when it fails.

import type { Action } from './action.ts'
import type { Clock } from './clock.ts'
import { pause } from './pause.ts'
import { withTimeLimit } from './time-limit.ts'
import { WorkQueue } from './work-queue.ts'

/** Retrying cannot mend it: wait for a change. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError'
}

export interface ControllerSpec {
  readonly name: string
  readonly workers: number
  /** How long one reconciliation may take, in ms. */
  readonly timeoutMs?: number
  /**
   * After each reconciliation its worker rests as long as that took, and at most a tenth of a second. What comes in the
   * meantime is dealt with in one go: a thousand changes in a row cost the API server some large writes and not a thousand.
   */
  readonly rests?: boolean
  /** Brings one key from what is to what must be. Level-based: it may be called for nothing, and twice. */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<Action>
}

export interface ControllerHooks {
  readonly finished?: (controller: string, result: 'success' | 'error', seconds: number) => void
  readonly failed?: (controller: string, key: string, error: unknown) => void
  readonly succeeded?: (controller: string, key: string) => void
  readonly added?: (controller: string) => void
  readonly retried?: (controller: string) => void
  /** A key was taken up that had been due for so many seconds. */
  readonly taken?: (controller: string, seconds: number) => void
}

export interface Controller {
  readonly name: string
  readonly workers: number
  /** Keys that are due and wait for a worker. */
  readonly depth: number
  /** For how long each reconciliation that runs has been running, in seconds. */
  runningSeconds(): number[]
  enqueue(key: string): void
  /** What is not urgent: it waits that long, in ms, unless something comes that is. */
  enqueueAfter(key: string, ms: number): void
  /** Resolves once nothing is due or running. */
  idle(): Promise<void>
  /** Lets what runs finish and drops the rest. */
  stop(): Promise<void>
}

const DEFAULT_TIMEOUT_MS = 30_000
const LONGEST_REST_MS = 100

// Whoever looks on must not be able to stop the work: a hook that throws is a warning and no more.
function tell(hook: () => void): void {
  try {
    hook()
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error))
  }
}

export function startController(spec: ControllerSpec, clock: Clock, hooks: ControllerHooks = {}): Controller {
  const queue = new WorkQueue(clock, {
    added: () => tell(() => hooks.added?.(spec.name)),
    retried: () => tell(() => hooks.retried?.(spec.name)),
    taken: (seconds) => tell(() => hooks.taken?.(spec.name, seconds)),
  })
  const stopping = new AbortController()
  const workers = Array.from({ length: spec.workers }, work)

  async function work(): Promise<void> {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      const started = performance.now()
      await runOnce(key)
      if (spec.rests === true) {
        await pause(Math.min(performance.now() - started, LONGEST_REST_MS), stopping.signal)
      }
      queue.done(key)
    }
  }

  async function runOnce(key: string): Promise<void> {
    const started = performance.now()
    try {
      const action = await withTimeLimit(spec.timeoutMs ?? DEFAULT_TIMEOUT_MS, stopping.signal, (signal) =>
        spec.reconcile(key, signal),
      )
      queue.forget(key)
      if (action.kind === 'look-again-at') queue.addAt(key, action.instant)
      tell(() => hooks.finished?.(spec.name, 'success', (performance.now() - started) / 1000))
      tell(() => hooks.succeeded?.(spec.name, key))
    } catch (error) {
      if (stopping.signal.aborted) return
      if (!(error instanceof TerminalError)) queue.retry(key)
      tell(() => hooks.finished?.(spec.name, 'error', (performance.now() - started) / 1000))
      tell(() => hooks.failed?.(spec.name, key, error))
    }
  }

  return {
    name: spec.name,
    workers: spec.workers,
    get depth() {
      return queue.depth
    },
    runningSeconds: () => queue.runningSeconds(),
    enqueue: (key) => queue.add(key),
    enqueueAfter: (key, ms) => queue.addAfter(key, ms),
    idle: () => queue.idle(),
    async stop() {
      queue.close()
      // What runs gets the chance to finish; a request that hangs does not hold up the shutdown.
      const patience = setTimeout(() => stopping.abort(), 5_000)
      await Promise.all(workers)
      clearTimeout(patience)
    },
  }
}
