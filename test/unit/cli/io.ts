// An Io that keeps what a command says.

import type { Io } from '../../../src/terminal/output.ts'

export interface RecordedIo extends Io {
  readonly said: { stdout: string; stderr: string }
}

export function anIo({ now = Date.UTC(2026, 10, 21, 8), stdin = '' } = {}): RecordedIo {
  const said = { stdout: '', stderr: '' }
  return {
    said,
    stdout: (text) => void (said.stdout += text),
    stderr: (text) => void (said.stderr += text),
    stdin: async () => Buffer.from(stdin),
    now: () => now,
  }
}
