// The replicas under test, each a process of its own behind a door of the proxy, and what they cost over time.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Process, startProcess } from '../../../bench/process.ts'
import type { Stage } from '../stage.ts'

interface Sample {
  readonly hours: number
  readonly megabytes: number
  readonly files: number
}

export interface Replica extends AsyncDisposable {
  readonly name: string
  /** Stops it, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  /** Looks at what it costs now; fails if it is gone or has said that something is wrong with itself. */
  look(): void
  /** How memory, files and watches went. */
  report(): Promise<string>
}

/** @param holdNoticeMs the notice of a hold */
export async function startReplica(stage: Stage, name: string, holdNoticeMs: number): Promise<Replica> {
  const door = await stage.proxy.door(name)
  const kubeconfig = join(stage.plane.folder, `${name}.kubeconfig`)
  door.kubeconfig(kubeconfig)
  const keys = JSON.stringify({ keys: [stage.vendor.publicJwk] })
  const program = join(import.meta.dirname, '../replica.ts')
  const running = startProcess(process.execPath, [program, kubeconfig, keys, name, String(holdNoticeMs)])
  const started = performance.now()
  const samples: Sample[] = []
  return {
    name,
    signal: (signal) => process.kill(running.pid, signal),
    look() {
      const wrong = running
        .output()
        .split('\n')
        .find((line) => line.startsWith('{"level":50') || /^\w*Error: /.test(line))
      assert.equal(wrong, undefined, `${name} says that something is wrong`)
      samples.push({ hours: (performance.now() - started) / 3_600_000, ...costOf(running.pid) })
    },
    async report() {
      const { lists, failures } = await watchesOf(running)
      const first = samples[0]?.files ?? 0
      const last = samples.at(-1)
      // The first half is the growing up of a young process.
      const slope = slopeOf(samples.slice(samples.length >> 1))
      const memory = `${last?.megabytes.toFixed(0)} MB, ${slope.toFixed(1)} MB/h`
      return `${name}: ${memory}; ${first} to ${last?.files} files; ${lists} lists and ${failures} failures of watches`
    },
    async [Symbol.asyncDispose]() {
      // It hears nothing else while it stands still.
      process.kill(running.pid, 'SIGCONT')
      await running[Symbol.asyncDispose]()
    },
  }
}

function costOf(pid: number): { megabytes: number; files: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1])
  assert.ok(kilobytes > 0, `process ${pid} is gone`)
  return { megabytes: kilobytes / 1_024, files: readdirSync(`/proc/${pid}/fd`).length }
}

/** MB per hour, by least squares. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number) => samples.reduce((sum, one) => sum + of(one), 0) / samples.length
  const [hours, megabytes] = [mean((one) => one.hours), mean((one) => one.megabytes)]
  const rise = samples.reduce((sum, one) => sum + (one.hours - hours) * (one.megabytes - megabytes), 0)
  const run = samples.reduce((sum, one) => sum + (one.hours - hours) ** 2, 0)
  return run === 0 ? 0 : rise / run
}

async function watchesOf(running: Process): Promise<{ lists: number; failures: number }> {
  const address = /"address":"([^"]+)"/.exec(running.output())?.[1] ?? ''
  const text = await (await fetch(`http://${address}/metrics`)).text()
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}\\{.*\\} (\\d+)$`, 'gm'))].reduce((all, [, count]) => all + Number(count), 0)
  return { lists: sum('cto_watch_lists_total'), failures: sum('cto_watch_failures_total') }
}
