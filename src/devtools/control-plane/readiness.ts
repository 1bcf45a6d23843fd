// Waits until the control plane does what it is there for, or says which component is why it never will.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Component } from './component.ts'
import { formatDuration } from './duration.ts'

const PATIENCE_MS = 120_000
const POLL_MS = 50

/** A check that throws is one that does not hold yet: who listens on nothing cannot be asked. */
export async function untilReady(
  components: readonly Component[],
  check: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    signal?.throwIfAborted()
    const answer = check().then(
      (holds) => (holds ? undefined : 'it is not ready'),
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    // Who took the port of a component that died over it may never answer.
    const problem = await Promise.race([answer, ...components.map(({ ended }) => ended)])
    if (problem === undefined) return
    const dead = components.find((component) => !component.alive)
    if (dead !== undefined) throw new Error(dead.lastWords())
    if (performance.now() > deadline) {
      const words = components.at(-1)?.lastWords() ?? ''
      throw new Error(`The control plane is not ready after ${formatDuration(PATIENCE_MS)}: ${problem}. ${words}`)
    }
    await sleep(POLL_MS)
  }
}
