// A process to be measured: started, listened to, and ended by its id.

import { spawn } from 'node:child_process'

export interface Process extends AsyncDisposable {
  readonly pid: number
  /** All that it has written so far. */
  output(): string
}

export function startProcess(command: string, args: readonly string[]): Process {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
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
