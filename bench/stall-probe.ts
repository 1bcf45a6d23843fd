// Loaded into a process that is measured: on SIGUSR2 it says how long its event loop has stalled since it was asked last.

import { monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION_MS = 5
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
delays.enable()
process.on('SIGUSR2', () => {
  const ms = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS)
  process.stdout.write(`stall ${JSON.stringify({ longest: ms(delays.max), p99: ms(delays.percentile(99)) })}\n`)
  delays.reset()
})
