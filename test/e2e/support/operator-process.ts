// The operator as the machine sees it: a process in a container of the node, with what it costs.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const TICK_MS = 10
const CGROUPS = '/sys/fs/cgroup'

/** The processes of `cto operator`, and of no other command; what a container engine prepares is not there yet. */
export function operatorProcesses(): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => {
    const words = read(`/proc/${pid}/cmdline`).split('\0')
    return words[0] === 'node' && words.includes('/app/cto.mjs') && words.includes('operator')
  })
}

/** Processor time in ms. It begins with what was spent on making the container. */
export function processorTimeOf(pid: number): number {
  // The fields after the name, which may hold blanks.
  const [user, system] = (read(`/proc/${pid}/stat`).split(') ')[1] ?? '').split(' ').slice(11, 13)
  return (Number(user) + Number(system)) * TICK_MS
}

export interface Memory {
  /** What is mapped now, in MB, and of it what is not a file's: the Node.js binary and the libraries are files. */
  readonly resident: number
  readonly own: number
  /** What the kernel counts for the container without files that were read once: what kubelet and `kubectl top` report. */
  readonly workingSet: number
}

export function memoryOf(pid: number): Memory {
  const status = read(`/proc/${pid}/status`)
  const [resident = 0, own = 0] = ['VmRSS', 'RssAnon'].map(
    (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1_024,
  )
  const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20)
  return { resident: megabytes(resident), own: megabytes(own), workingSet: megabytes(workingSetOf(pid)) }
}

function workingSetOf(pid: number): number {
  const cgroups = read(`/proc/${pid}/cgroup`)
  const first = /^\d+:memory:(.+)$/m.exec(cgroups)?.[1]
  const folder =
    first === undefined ? join(CGROUPS, /^0::(.+)$/m.exec(cgroups)?.[1] ?? '') : join(CGROUPS, 'memory', first)
  const current = ['memory.usage_in_bytes', 'memory.current'].map((name) => join(folder, name)).find(existsSync) ?? ''
  const readOnce = (first === undefined ? /^inactive_file (\d+)$/m : /^total_inactive_file (\d+)$/m).exec(
    read(join(folder, 'memory.stat')),
  )
  return Number(read(current)) - Number(readOnce?.[1])
}

/** Nothing of what has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
