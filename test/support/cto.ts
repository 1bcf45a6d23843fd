// The binary `cto` as a person runs it.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { packageRoot } from '../../src/files/package-root.ts'

export const CTO = join(packageRoot(), 'dist', 'cto.mjs')
const PATIENCE_MS = 60_000

export interface Run {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** Its home: nothing of the user who runs the tests is read or changed. */
  readonly home: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly input?: string
  /** What it is called as, if not by its own name. */
  readonly binary?: string
  /** Told of what stands on stderr; when it answers true, `cto` is asked to stop. */
  readonly until?: (stderr: string) => boolean
}

/** Runs `cto` to its end. */
export function runCto(
  args: readonly string[],
  { home, env = {}, cwd, input, binary = CTO, until }: RunOptions,
): Promise<Run> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [binary, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: home, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    })
    let stdout = ''
    let stderr = ''
    // What it does not read is no error of its.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
      // Once: the second SIGTERM is the impatient one.
      if (until?.(stderr) === true && !child.killed) child.kill('SIGTERM')
    })
    const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
    child.on('close', (code) => {
      clearTimeout(patience)
      resolve({ code: code ?? 1, stdout, stderr })
    })
  })
}
