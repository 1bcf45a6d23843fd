// Which process this is on its machine, and whether another one of it still runs.

import { randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { hasEnded, nameOfProcess, type ProcessPlace } from '../kube/replica-name.ts'
import type { OperatorSettings } from '../operator/settings.ts'

/**
 * Who this one is, and whom it knows to have ended. In a pod its name, where that is told: a container that is restarted
 * there follows one that is gone, and leads again at once. Anywhere else the process, by which the same holds.
 */
export function electionHere(env: NodeJS.ProcessEnv = process.env): OperatorSettings['election'] {
  const place = placeOfThisProcess()
  return {
    identity: env['POD_NAME'] ?? nameOfProcess(place),
    isGone: (holder) => hasEnded(holder, place, isProcessRunning),
  }
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
