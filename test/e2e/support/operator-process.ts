// The operator as the machine sees it: a process in a container of the node, with what it costs.

import { readdirSync, readFileSync } from 'node:fs'

export interface OperatorProcess {
  readonly pid: number
  /** In ms since the epoch. */
  readonly startedAt: number
}

/** Those that run; `cto operator` and no other command. */
export function operatorProcesses(): OperatorProcess[] {
  const bootedAt = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]) * 1_000
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.flatMap((pid) => {
    const words = read(`/proc/${pid}/cmdline`).split('\0')
    if (words[0] !== 'node' || !words.includes('/app/cto.mjs') || !words.includes('operator')) return []
    return [{ pid: Number(pid), startedAt: bootedAt + Number(statOf(Number(pid))[19]) * TICK_MS }]
  })
}

export interface Usage {
  /** Processor time since its start, in ms. */
  readonly cpuMs: number
  /** Memory now, in MB: all that is resident, and of it what is not the Node.js binary's and the libraries'. */
  readonly residentMb: number
  readonly ownMb: number
}

export function usageOf(pid: number): Usage {
  const status = read(`/proc/${pid}/status`)
  const megabytes = (name: string) =>
    Math.round(Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1_024)
  const [user, system] = statOf(pid).slice(11, 13)
  return {
    cpuMs: (Number(user) + Number(system)) * TICK_MS,
    residentMb: megabytes('VmRSS'),
    ownMb: megabytes('RssAnon'),
  }
}

const TICK_MS = 10

/** The fields after the name, which may hold blanks. */
function statOf(pid: number): string[] {
  return read(`/proc/${pid}/stat`).split(') ')[1]?.split(' ') ?? []
}

/** Nothing of a process that has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
