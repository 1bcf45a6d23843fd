// A process to be measured: started, listened to, and ended by its id.

import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'

export interface Process extends AsyncDisposable {
  readonly pid: number
  /** All that it has written so far. */
  output(): string
}

export function startProcess(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Process {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  let text = '\n'
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return {
    pid: child.pid ?? 0,
    output: () => text,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      const patience = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(patience)
    },
  }
}

/** The most memory that it ever had, in MB. */
export const peakMegabytes = (running: Process) => megabytes(running, /VmHWM:\s+(\d+) kB/)

/** The memory that it has now, in MB. */
export const residentMegabytes = (running: Process) => megabytes(running, /VmRSS:\s+(\d+) kB/)

async function megabytes({ pid }: Process, pattern: RegExp): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(pattern.exec(status)?.[1] ?? 0) / 1024
}

/** The processor time that it has used so far, in ms. */
export async function cpuMilliseconds({ pid }: Process): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // Its name may hold blanks; what follows the last bracket does not. Ticks are hundredths of a second.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}
