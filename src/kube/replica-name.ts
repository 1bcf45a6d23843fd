// By what name a process holds a lease, and which holders are processes of this machine that have ended. A process that was
// killed leaves its lease behind, and whoever is started in its place leads at once.

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
