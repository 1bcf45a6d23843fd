// By what name a process holds a lease, and which holders are processes of this machine that have ended. A process that was
// killed leaves its lease behind, and whoever is started in its place leads at once.

import { randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'

/** Where a process number means one process: it names the PID namespace and the boot of the machine. */
export interface ProcessPlace {
  readonly host: string
  readonly pid: number
  readonly space: string
}

/** `laptop_4711_4026531836-1f0c2a9e`: never the same for two that run at once. */
export function nameOfProcess({ host, pid, space }: ProcessPlace): string {
  return `${host}_${pid}_${space}`
}

/** Whether the holder is a process of the same place as ours that runs no more. Of any other nothing is known. */
export function hasEnded(holder: string, ours: ProcessPlace, isRunning: (pid: number) => boolean): boolean {
  const [, host, pid, space] = /^(.+)_(\d+)_([^_]+)$/.exec(holder) ?? []
  if (host !== ours.host || space !== ours.space) return false
  return Number(pid) !== ours.pid && !isRunning(Number(pid))
}

/** The place of this process. Where nothing names it, it is one of its own, and nobody there is known to have ended. */
export function placeOfThisProcess(): ProcessPlace {
  return { host: hostname(), pid: process.pid, space: spaceOnLinux() ?? randomBytes(4).toString('hex') }
}

function spaceOnLinux(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${statSync('/proc/self/ns/pid').ino}-${boot.slice(0, 8)}`
  } catch {
    return undefined
  }
}

/** Whether there is a process of that number that can still do something. */
export function isProcessRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // Somebody else's process may not be signalled, and runs.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
  return !isZombie(pid)
}

// What was killed keeps its number until its parent has asked for its end.
function isZombie(pid: number): boolean {
  try {
    return /^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
