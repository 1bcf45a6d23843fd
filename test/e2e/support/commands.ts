// The commands that a person types, on the real node: what they answer, and how long they took.

import { execFile } from 'node:child_process'

export interface Answer {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly input?: string
}

export function command(file: string, args: readonly string[], { env, input }: CommandOptions): Promise<Answer> {
  return new Promise((resolve) => {
    const child = execFile(file, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr })
    })
    // One that fails may not read what it is given; its exit code tells why.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

/** What it says on stdout. @throws Error with all that it said, when it fails */
export async function succeed(answer: Promise<Answer>): Promise<string> {
  const { code, stdout, stderr } = await answer
  if (code !== 0) throw new Error(`exit code ${code}\n${stdout}\n${stderr}`)
  return stdout
}

const PATIENCE_MS = 60_000

/** Asks until there is an answer. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  everyMs = 100,
): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > deadline) throw new Error(`waited ${PATIENCE_MS / 1_000} s in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
